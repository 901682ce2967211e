/** From an item of a live chat to our message: who wrote it, what, and as whom (docs/contract/workers.md#field-mapping, docs/design.md#who-may-trigger-a-command, docs/design.md#what-an-allowed-user-is). */
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../../lib/brand.ts';
import type { Role } from '../../platform.ts';
import type { ChatAuthor, ChatMessage } from '../../worker-side.ts';
import type { ChatItem } from './chat.external.ts';

type Author = NonNullable<ChatItem['authorDetails']>;

export interface Line {
  readonly text: string;
  readonly author: Author;
  readonly sentAtMs: number;
  /** The line waited to be fetched: in a page that was polled, or until a stream was opened again. */
  readonly isFetched?: boolean;
}

/** @returns null for everything nobody has written: gifts, bans, polls, tombstones, types of tomorrow */
export function lineIn({ snippet, authorDetails: author }: ChatItem, nowMs: number): Line | null {
  const text = textOf(snippet)?.trim();
  if (!text || author === undefined) return null;
  const writtenMs = Date.parse(snippet.publishedAt ?? '');
  return { text, author, sentAtMs: Number.isNaN(writtenMs) ? nowMs : writtenMs };
}

export function toMessage(
  id: string,
  { text, author, sentAtMs, isFetched = false }: Line,
  marks: { channelId: ChannelId; isBacklog: boolean; isOwn: boolean },
): ChatMessage {
  return {
    provider: 'youtube' as ProviderId,
    messageId: id as PlatformMessageId,
    author: toAuthor(author),
    text,
    sentAtMs,
    ...(isFetched ? { isFetched } : {}),
    ...marks,
  };
}

/** What a Super Chat shows is led by the amount; what its buyer wrote stands apart (docs/platforms/youtube.md#list-messages). */
function textOf(snippet: ChatItem['snippet']): string | undefined {
  switch (snippet.type) {
    case 'textMessageEvent':
      return snippet.displayMessage ?? snippet.textMessageDetails?.messageText;
    case 'superChatEvent':
      return snippet.superChatDetails?.userComment;
    case 'memberMilestoneChatEvent':
      return snippet.memberMilestoneChatDetails?.userComment;
    default:
      return undefined;
  }
}

function toAuthor({ channelId, displayName, profileImageUrl, ...flags }: Author): ChatAuthor {
  const roles = new Set<Role>();
  if (flags.isChatModerator || flags.isChatOwner) roles.add('moderator');
  if (flags.isChatSponsor) roles.add('subscriber');
  return {
    platformUserId: channelId as PlatformUserId,
    login: channelId.toLowerCase(),
    ...(displayName?.startsWith('@') ? { otherLogins: [displayName.slice(1).toLowerCase()] } : {}),
    displayName: displayName || channelId,
    avatarUrl: profileImageUrl || null,
    roles,
  };
}
