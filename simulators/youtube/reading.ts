/** Reading a chat: the pages of `list` and the responses of `streamList`, which are one and the same thing. */
import type { Caller } from './callers.ts';
import type { Chat } from './chat.ts';
import type { AuthorDetails, Item, Snippet } from './items.ts';
import type { TokenKind } from './page-tokens.ts';
import { Refusal } from './refusal.ts';
import type { YouTubeState } from './state.ts';

export interface ShownItem {
  kind: Item['kind'];
  etag: string;
  id?: string;
  snippet?: Snippet;
  authorDetails?: AuthorDetails;
}

export interface ChatResponse {
  kind: 'youtube#liveChatMessageListResponse';
  etag: string;
  nextPageToken: string;
  pollingIntervalMillis?: number;
  offlineAt?: string;
  pageInfo: { totalResults: number; resultsPerPage: number };
  items: ShownItem[];
  activePollItem?: ShownItem;
}

export interface ReadRequest {
  readonly chatId: string | null;
  readonly pageToken: string | null;
  readonly parts: ReadonlySet<string>;
}

const PARTS = new Set(['id', 'snippet', 'authorDetails']);

/** @throws Refusal when this caller may not read this chat, or not now */
export function openChat(state: YouTubeState, caller: Caller, { chatId, parts }: ReadRequest): Chat {
  if (!chatId) throw new Refusal('liveChatIdRequired', 'liveChatId');
  if (parts.size === 0) throw new Refusal('missingRequiredParameter', 'part');
  if ([...parts].some((part) => !PARTS.has(part))) throw new Refusal('invalidParameter', 'part');
  const chat = state.broadcasts.byChat(chatId)?.chat;
  if (!chat) throw new Refusal('liveChatNotFound', 'liveChatId');
  if (chat.state === 'deleted' || chat.state === 'disabled') chat.requireOpen();
  if (chat.isPrivate && caller.channel?.id !== chat.owner.id) throw new Refusal('forbidden');
  return chat;
}

/**
 * Where a reader begins: where its token says, else with some history.
 * @throws Refusal for a token that is not good here, and once the chat has ended and nothing is left to read
 */
export function startOf(state: YouTubeState, chat: Chat, pageToken: string | null, kind: TokenKind): number {
  const isNew = pageToken === null || pageToken === '';
  const position = isNew
    ? chat.historyFrom(state.behaviour.historyItems)
    : state.pageTokens.positionIn(chat.id, pageToken, kind);
  // Who was reading is told the last item first.
  if (isNew || position >= chat.end) chat.requireOpen();
  return position;
}

export function responseOf(
  state: YouTubeState,
  chat: Chat,
  { items, next }: { items: readonly Item[]; next: number },
  parts: ReadonlySet<string>,
  kind: TokenKind,
): ChatResponse {
  return {
    kind: 'youtube#liveChatMessageListResponse',
    etag: `${chat.id.slice(0, 8)}-${next}`,
    nextPageToken: state.pageTokens.create(chat.id, next, kind),
    ...(chat.offlineAt ? { offlineAt: chat.offlineAt.toISOString() } : {}),
    pageInfo: { totalResults: items.length, resultsPerPage: items.length },
    items: items.map((item) => shown(item, parts)),
    ...(chat.activePoll ? { activePollItem: shown(chat.activePoll, parts) } : {}),
  };
}

export function shown({ kind, etag, id, snippet, authorDetails }: Item, parts: ReadonlySet<string>): ShownItem {
  return {
    kind,
    etag,
    ...(parts.has('id') || parts.has('snippet') ? { id } : {}),
    ...(parts.has('snippet') ? { snippet } : {}),
    ...(parts.has('authorDetails') && authorDetails ? { authorDetails } : {}),
  };
}
