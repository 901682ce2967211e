/** What VK Video Live's OAuth endpoints and profile answer (docs/platforms/vkvideo.md#oauth, docs/platforms/vkvideo.md#current-user). */
import { z } from 'zod';

const id = z.union([z.string().min(1), z.number().int()]).transform(String);

/** A year: whatever is longer, or none at all, is as good as untold. */
const LONGEST_LIFE_S = 31_536_000;
const lifeSeconds = z.coerce.number().positive().max(LONGEST_LIFE_S).nullish().catch(null);

export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish(),
  // Both names are in use, and neither always (docs/platforms/vkvideo.md#other-grants).
  expires_in: lifeSeconds,
  expire_time: lifeSeconds,
  scope: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean))])
    .nullish()
    .catch(null),
});

export const refusalAnswer = z.object({ error: z.string().catch('') }).catch({ error: '' });

const user = z.object({
  id,
  nick: z.string().nullish().catch(null),
  avatar_url: z.string().nullish().catch(null),
});
const channel = z.object({ url: z.string().min(1) });
const profile = z.object({
  user,
  channel: channel.nullish().catch(null),
  channels: z.array(z.unknown()).nullish().catch(null),
});

/** `current_user`, wrapped in `data` or not. */
export const currentUserAnswer = z
  .union([z.object({ data: profile }).transform(({ data }) => data), profile])
  .transform(({ user: account, channel: first, channels }) => {
    const others = (channels ?? []).flatMap((each) => channel.safeParse(each).data ?? []);
    return { user: account, channelUrls: [...(first ? [first] : []), ...others].map(({ url }) => url) };
  });
