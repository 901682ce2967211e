/** Turns one item of a chat frame into what it is to us: a line, news of the stream, or nothing (docs/platforms/trovo.md#chat-frame, docs/platforms/trovo.md#message-types). */
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../../lib/brand.ts';
import type { Role } from '../../platform.ts';
import type { ChatMessage } from '../../worker-side.ts';
import type { ChatItem } from './frames.external.ts';

const PROVIDER = 'trovo' as ProviderId;
const NO_ROLES: ReadonlySet<Role> = new Set();
const AVATARS = 'https://headicon.trovo.live/user/';

/** Plain chat, and the four kinds of magic chat. */
const WRITTEN_TYPES: ReadonlySet<number> = new Set([0, 6, 7, 8, 9]);
const STREAM_STATE_TYPE = 5012;
/** Spells, gifts, subscriptions, follows, welcomes, raids: said by the platform, never a command (docs/contract/workers.md#trovo-messages). */
const ANNOUNCED_TYPES: ReadonlySet<number> = new Set([
  5, 19, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5013,
]);

export type ItemKind = 'written' | 'stream_state' | 'announced' | 'unknown';

export function kindOf(type: number): ItemKind {
  if (WRITTEN_TYPES.has(type)) return 'written';
  if (type === STREAM_STATE_TYPE) return 'stream_state';
  return ANNOUNCED_TYPES.has(type) ? 'announced' : 'unknown';
}

export interface ItemContext {
  readonly channelId: ChannelId;
  readonly isBacklog: boolean;
  readonly isFetched: boolean;
  /** Stands in for a missing time stamp. */
  readonly nowMs: number;
  readonly isOwnAccount: (id: PlatformUserId) => boolean;
}

/** @returns null for a line without an author or without words */
export function toChatMessage(item: ChatItem, context: ItemContext): ChatMessage | null {
  const platformUserId = (item.uid || item.sender_id || '') as PlatformUserId;
  const text = item.content ?? '';
  if (platformUserId === '' || text.trim() === '') return null;
  const userName = item.user_name?.trim() ?? '';
  const login = userName.toLowerCase().replace(/^@+/, '');
  return {
    provider: PROVIDER,
    channelId: context.channelId,
    messageId: (item.message_id || null) as PlatformMessageId | null,
    author: {
      platformUserId,
      login: login === '' ? null : login,
      displayName: item.nick_name?.trim() || userName || platformUserId,
      avatarUrl: avatarUrl(item.avatar),
      // Trovo's roles admit nobody (docs/contract/workers.md#audience).
      roles: NO_ROLES,
    },
    text,
    sentAtMs: item.send_time ? item.send_time * 1000 : context.nowMs,
    isBacklog: context.isBacklog,
    ...(context.isFetched ? { isFetched: true } : {}),
    isOwn: context.isOwnAccount(platformUserId),
  };
}

/**
 * `stream_on` and `stream_off` are what was seen; the words of the contract (docs/contract/workers.md#live-status-per-platform) are for what was not.
 *
 * @returns whether the stream runs; null when the text does not say
 */
export function streamState(content: string | null | undefined): boolean | null {
  const word = content?.trim().toLowerCase() ?? '';
  if (word === 'stream_on') return true;
  if (word === 'stream_off') return false;
  if (word === '0' || /offline|end|stop/.test(word)) return false;
  return word === '1' || /online|start|live/.test(word) ? true : null;
}

/** A whole address, or the name of a file. */
function avatarUrl(avatar: string | null | undefined): string | null {
  const given = avatar?.trim() ?? '';
  if (given === '') return null;
  return URL.canParse(given) ? given : AVATARS + given;
}
