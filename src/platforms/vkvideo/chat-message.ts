/** A line of a VK Video Live chat as the core knows it (docs/platforms/vkvideo.md#chat-message). */
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../lib/brand.ts';
import type { ChatAuthor, ChatMessage, Emote, WorkerDeps } from '../worker-side.ts';
import { type ChatMessageShape, chatMessage, type MessagePart } from './chat.external.ts';

export interface ReadLine {
  readonly message: ChatMessage;
  /** Roles VK sent along with it; empty where it sent none. */
  readonly roleIds: readonly string[];
}

export interface LineContext {
  readonly channelId: ChannelId;
  readonly isBacklog: boolean;
  readonly isOwnAccount: WorkerDeps['isOwnAccount'];
  readonly now: () => Date;
}

const PROVIDER = 'vkvideo' as ProviderId;
/** Announces rewards in the name of the platform. */
const SYSTEM_BADGE = 'internal_chatbot';

/** @returns null for what nobody in the chat wrote for everybody, and for what cannot be read */
export function readLine(raw: unknown, context: LineContext): ReadLine | null {
  const { success, data } = chatMessage.safeParse(raw);
  if (!success || data.is_private || isSystem(data)) return null;
  const { channelId, isBacklog, isOwnAccount, now } = context;
  const author = authorOf(data);
  const isOwn = isOwnAccount(author.platformUserId);
  return {
    message: {
      provider: PROVIDER,
      channelId,
      messageId: (data.id ?? null) as PlatformMessageId | null,
      author,
      ...wordsOf(data.parts ?? [], isOwnAccount),
      sentAtMs: sentAt(data.created_at, now()),
      isBacklog,
      isOwn,
    },
    roleIds: (data.author.roles ?? []).map((role) => role.id),
  };
}

/** Moments are whole seconds: the latest the line can have been written, so that no line seems late that is not. */
function sentAt(createdAt: Date | null, now: Date): number {
  const nowMs = now.getTime();
  const createdMs = createdAt?.getTime() ?? nowMs;
  return createdMs % 1000 === 0 ? Math.max(createdMs, Math.min(nowMs, createdMs + 999)) : createdMs;
}

function authorOf({ author }: ChatMessageShape): ChatAuthor {
  return {
    platformUserId: author.id as PlatformUserId,
    // One name for both: VK has no separate login.
    login: author.nick.trim().toLowerCase().replace(/^@+/, ''),
    displayName: author.nick,
    avatarUrl: author.avatar_url || null,
    roles: author.is_owner || author.is_moderator ? MODERATOR : NO_ROLES,
  };
}

const MODERATOR: ChatAuthor['roles'] = new Set(['moderator']);
const NO_ROLES: ChatAuthor['roles'] = new Set();

/** The nick alone may be anybody's. */
function isSystem({ author }: ChatMessageShape): boolean {
  return (author.badges ?? []).some((badge) => badge.achievement_name === SYSTEM_BADGE);
}

/** In the place of a part that has no words: a smile without a name, a sticker, what is not known yet. */
const WORDLESS = '\ufffc';

/** Parts follow each other without a separator, and the last is a line break. */
function wordsOf(
  parts: readonly MessagePart[],
  isOwnAccount: WorkerDeps['isOwnAccount'],
): Pick<ChatMessage, 'text' | 'emotes' | 'addressedEnd'> {
  const emotes: Emote[] = [];
  let addressedEnd: number | undefined;
  let whole = '';
  let hasWords = false;
  for (const part of parts) {
    const start = whole.length;
    const word = wordOf(part);
    whole += word;
    if (isPicture(part)) emotes.push({ start, end: whole.length });
    else if (!hasWords && part.mention?.id != null && isOwnAccount(part.mention.id as PlatformUserId)) {
      addressedEnd = whole.length;
      hasWords = true;
    } else hasWords ||= word.trim() !== '';
  }
  const text = whole.trim();
  if (text.replaceAll(WORDLESS, '').trim() === '') return { text: '' };
  const before = whole.length - whole.trimStart().length;
  return {
    text,
    ...(emotes.length === 0
      ? {}
      : { emotes: emotes.map(({ start, end }) => ({ start: start - before, end: end - before })) }),
    ...(addressedEnd === undefined ? {} : { addressedEnd: addressedEnd - before }),
  };
}

function isPicture({ text, link, mention }: MessagePart): boolean {
  return !text && !link && !mention;
}

function wordOf({ text, link, smile, mention }: MessagePart): string {
  if (text) return text.content ?? '';
  if (link) return link.content || link.url || '';
  if (mention) return `@${mention.nick || mention.id || ''}`;
  return smile?.name || WORDLESS;
}
