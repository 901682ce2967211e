/** A chat line as it waits in the inbox: our own words for what Kick delivered, or what a poll found. */
import { z } from 'zod';
import type { Db } from '../../../db/pool.ts';
import { receiveDelivery } from '../../../db/webhook-inbox.ts';
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../../lib/brand.ts';
import type { ChatMessage, Emote, ReadChannel, WaitingDelivery } from '../../worker-side.ts';

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
    ...(isOwn ? { text: content } : wordsOf(content)),
    sentAtMs: sentAt === null ? receivedAt.getTime() : Date.parse(sentAt),
    isBacklog: false,
    isOwn,
  };
}

/** Emotes stand in a line as `[emote:<id>:<name>]`; the list beside it may be missing or count otherwise (docs/platforms/kick.md#chatmessagesent). */
const EMOTE = /\[emote:[^:\][\s]+:([^\][]*)\]/gu;

/** The line as people see it: an emote is its name, as they would type it. One without a name keeps its token. */
export function wordsOf(content: string): { readonly text: string; readonly emotes?: readonly Emote[] } {
  if (!content.includes('[emote:')) return { text: content };
  const emotes: Emote[] = [];
  let text = '';
  let at = 0;
  for (const { 0: token, 1: name, index } of content.matchAll(EMOTE)) {
    text += content.slice(at, index);
    const start = text.length;
    text += name || token;
    emotes.push({ start, end: text.length });
    at = index + token.length;
  }
  text += content.slice(at);
  return emotes.length === 0 ? { text } : { text, emotes };
}
