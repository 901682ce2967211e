/** What the Data API answers, as far as it is used (docs/platforms/youtube.md#api). */
import { z } from 'zod';

const text = z.string().min(1);
const optional = text.optional().catch(undefined);

export interface ChannelProfile {
  readonly id: string;
  readonly title: string | null;
  readonly avatarUrl: string | null;
}

const channel = z
  .object({
    id: text,
    snippet: z
      .object({
        title: optional,
        thumbnails: z.record(z.string(), z.object({ url: optional })).catch({}),
      })
      .catch({ title: undefined, thumbnails: {} }),
  })
  .transform(({ id, snippet: { title, thumbnails } }): ChannelProfile => {
    const avatarUrl = thumbnails.default?.url ?? Object.values(thumbnails)[0]?.url ?? null;
    return { id, title: title ?? null, avatarUrl };
  });

/** `items` is left out when nothing was found. */
export const channelsAnswer = z.object({ items: z.array(channel).default([]) });

export interface Broadcast {
  readonly id: string;
  readonly channelId: string;
  /** Null where the chat is switched off. */
  readonly liveChatId: string | null;
  readonly startedAt: Date;
}

const moment = text.refine((value) => !Number.isNaN(Date.parse(value))).transform((value) => new Date(value));

const broadcast = z.object({
  id: text,
  snippet: z.object({
    channelId: text,
    liveChatId: optional,
    actualStartTime: moment.optional().catch(undefined),
    actualEndTime: optional,
  }),
});

export const broadcastsAnswer = z
  .object({ items: z.array(z.unknown()).default([]) })
  .transform(({ items }) => items.flatMap(runningBroadcast));

/** Started and not ended: the other marks of liveness lag behind (docs/platforms/youtube.md#finding-the-broadcast). */
function runningBroadcast(item: unknown): Broadcast[] {
  const parsed = broadcast.safeParse(item);
  if (!parsed.success) return [];
  const { id, snippet } = parsed.data;
  const { channelId, liveChatId, actualStartTime, actualEndTime } = snippet;
  if (actualStartTime === undefined || actualEndTime !== undefined) return [];
  return [{ id, channelId, liveChatId: liveChatId ?? null, startedAt: actualStartTime }];
}

export const insertAnswer = z.object({ id: text });

/** Every level may be missing, and an error may come alone in an array (docs/platforms/youtube.md#stream-messages). */
const errorBody = z.object({
  error: z.object({
    message: z.string().catch(''),
    status: optional,
    errors: z.array(z.object({ reason: optional })).catch([]),
    details: z.array(z.object({ reason: optional })).catch([]),
  }),
});

export const errorAnswer = z.union([errorBody, z.tuple([errorBody]).transform(([only]) => only)]);
