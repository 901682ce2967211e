/** What Trovo's REST API answers, as far as we read it (docs/platforms/trovo.md#oauth). Numbers come as text and as numbers alike. */
import { z } from 'zod';

/** Ids are texts in REST and numbers in chat (docs/platforms/trovo.md#rest-endpoints); 0 stands for nobody. */
export const idText = z
  .union([z.string(), z.number()])
  .transform((value) => String(value).trim())
  .transform((value) => (value === '0' ? '' : value));

const number = z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(z.number());

/** Far ahead, and still a date. */
const LATEST_S = 10_000_000_000;

/** Unix seconds; whatever cannot be that is an error. */
export const seconds = number.pipe(z.number().positive().max(LATEST_S));

/** A refusal may come with any HTTP status, 200 included (docs/platforms/trovo.md#errors-and-limits). */
export const refusalAnswer = z
  .object({
    status: number.catch(0),
    error: z.string().catch(''),
    message: z.string().catch(''),
  })
  .catch({ status: 0, error: '', message: '' });

/** A year: a token that is said to live longer is one whose life nobody told. */
const LONGEST_LIFE_S = 31_536_000;

export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish(),
  // Documented as a text (docs/platforms/trovo.md#exchange).
  expires_in: number.pipe(z.number().positive().max(LONGEST_LIFE_S)).nullish().catch(null),
  scope: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(/[\s,+]+/).filter(Boolean))])
    .nullish()
    .catch(null),
});

export const validateAnswer = z.object({ scopes: z.array(z.string()) });

const text = z.string().nullish().catch(null);

/** camelCase as documented; older answers were not (docs/platforms/trovo.md#rest-endpoints). */
export const userInfoAnswer = z
  .object({
    userId: idText.nullish(),
    user_id: idText.nullish(),
    channelId: idText.nullish(),
    channel_id: idText.nullish(),
    userName: text,
    nickName: text,
    profilePic: text,
  })
  .transform((user) => ({
    userId: user.userId || user.user_id || '',
    channelId: user.channelId || user.channel_id || '',
    userName: user.userName?.trim() || null,
    nickName: user.nickName?.trim() || null,
    profilePic: user.profilePic?.trim() || null,
  }));

/** On its top level, or under `data` (docs/contract/workers.md#trovo-connection). */
export const chatTokenAnswer = z.union([
  z.object({ token: z.string().min(1) }),
  z.object({ data: z.object({ token: z.string().min(1) }) }).transform(({ data }) => data),
]);

/** Times are Unix seconds; `started_at` stays after the stream has ended. */
export const channelAnswer = z.object({
  is_live: z.boolean(),
  started_at: seconds.nullish().catch(null),
  ended_at: seconds.nullish().catch(null),
});
