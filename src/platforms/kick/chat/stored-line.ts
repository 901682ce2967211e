/** A chat line as it waits in the inbox: our own words for what Kick delivered, or what a poll found. */
import { z } from 'zod';
import type { Db } from '../../../db/pool.ts';
import { receiveDelivery } from '../../../db/webhook-inbox.ts';
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../../lib/brand.ts';
import type { ChatMessage, ReadChannel, WaitingDelivery } from '../../worker-side.ts';

export const KICK = 'kick' as ProviderId;
export const CHAT_EVENT = 'chat.message.sent';

// Read back from the database, perhaps by another version than the one that wrote it.
const storedLine = z.object({
  messageId: z.string(),
  userId: z.string(),
  login: z.string().nullable(),
  displayName: z.string(),
  avatarUrl: z.string().nullable(),
  roles: z.array(z.enum(['vip', 'moderator', 'subscriber'])),
  /** As written, emotes as Kick writes them. */
  content: z.string(),
  /** Null where Kick did not say. */
  sentAt: z.iso.datetime().nullable(),
});

export type StoredLine = z.infer<typeof storedLine>;

/** @returns false for a line that is there already, whichever way it came */
export function storeLine(
  db: Db,
  channelId: ChannelId,
  deliveryId: string,
  line: StoredLine,
  now: Date,
): Promise<boolean> {
  const businessKey = `chat:${line.messageId}`;
  const delivery = { provider: KICK, channelId, deliveryId, businessKey, eventType: CHAT_EVENT, payload: line };
  return receiveDelivery(db, delivery, now);
}

/** @returns null for what is no line, or none we understand any more */
export function readLine(
  { channelId }: ReadChannel,
  { payload, receivedAt }: WaitingDelivery,
  isOwnAccount: (platformUserId: PlatformUserId) => boolean,
): ChatMessage | null {
  const parsed = storedLine.safeParse(payload);
  if (!parsed.success) return null;
  const { messageId, userId, login, displayName, avatarUrl, roles, content, sentAt } = parsed.data;
  const platformUserId = userId as PlatformUserId;
  const isOwn = isOwnAccount(platformUserId);
  return {
    provider: KICK,
    channelId,
    messageId: messageId as PlatformMessageId,
    author: { platformUserId, login, displayName, avatarUrl, roles: new Set(roles) },
    // Our own words are compared with what we sent.
    text: isOwn ? content : wordsOf(content),
    sentAtMs: sentAt === null ? receivedAt.getTime() : Date.parse(sentAt),
    isBacklog: false,
    isOwn,
  };
}

/** Emotes stand in a line as `[emote:<id>:<name>]`; the list beside it may be missing or count otherwise (docs/platforms/kick.md#chatmessagesent). */
const EMOTE = /\[emote:[^:\][\s]+:([^\][]*)\]/gu;

/**
 * The words of a line: an emote beside them is decoration and goes, so that `!cmd` is recognised with one behind it.
 * A line of emotes alone keeps their names, as people would type them.
 */
export function wordsOf(content: string): string {
  if (!content.includes('[emote:')) return content;
  const words = content.replaceAll(EMOTE, ' ').trim().replaceAll(/ {2,}/g, ' ');
  return words === '' ? content.replaceAll(EMOTE, '$1') : words;
}
