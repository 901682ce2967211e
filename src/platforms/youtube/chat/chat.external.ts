/** A page of live chat, the same whether it was asked for or streamed (docs/platforms/youtube.md#list-messages, docs/platforms/youtube.md#stream-messages). */
import { z } from 'zod';

const text = z.string().optional().catch(undefined);
const flag = z.boolean().catch(false);
const comment = z.object({ userComment: text }).optional().catch(undefined);

const chatItem = z.object({
  id: z.string().min(1),
  snippet: z.object({
    type: z.string().min(1),
    publishedAt: text,
    displayMessage: text,
    textMessageDetails: z.object({ messageText: text }).optional().catch(undefined),
    superChatDetails: comment,
    memberMilestoneChatDetails: comment,
  }),
  authorDetails: z
    .object({
      channelId: z.string().min(1),
      displayName: text,
      profileImageUrl: text,
      isChatOwner: flag,
      isChatModerator: flag,
      isChatSponsor: flag,
    })
    .optional()
    .catch(undefined),
});

export type ChatItem = z.infer<typeof chatItem>;

export interface ChatPage {
  readonly items: readonly ChatItem[];
  /** Items that are none: counted, never a reason to stop reading. */
  readonly unreadable: number;
  /** Null when the answer brought none: the one before it stays good (docs/platforms/youtube.md#pitfalls). */
  readonly nextPageToken: string | null;
  /** The video has ended; the chat goes on for a while (docs/platforms/youtube.md#list-messages). */
  readonly isOffline: boolean;
  /** How soon the next page may be asked for; null in a stream. */
  readonly pollAfterMs: number | null;
}

export const chatPage = z
  .object({
    items: z.array(z.unknown()).catch([]),
    nextPageToken: text,
    offlineAt: text,
    pollingIntervalMillis: z.number().optional().catch(undefined),
  })
  .transform(({ items: raw, nextPageToken, offlineAt, pollingIntervalMillis }): ChatPage => {
    const items = raw.flatMap((item) => chatItem.safeParse(item).data ?? []);
    return {
      items,
      unreadable: raw.length - items.length,
      nextPageToken: nextPageToken || null,
      isOffline: Boolean(offlineAt),
      pollAfterMs: pollingIntervalMillis ?? null,
    };
  });
