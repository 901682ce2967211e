/** `liveChat/messages`: pages of a chat, and writing and deleting in it. */
import type { Clock } from '../../../src/lib/clock.ts';
import { ownChannel } from '../callers.ts';
import type { Chat } from '../chat.ts';
import { authorIn, type Item, makeItem } from '../items.ts';
import { openChat, responseOf, shown, startOf } from '../reading.ts';
import { Refusal } from '../refusal.ts';
import type { YouTubeState } from '../state.ts';
import { type ApiRequest, listed, objectIn, partsOf, textIn } from './requests.ts';

const ITEMS_USUAL = 500;
const ITEMS_MAX = 2000;
const IDLE_GROWTH = 1.5;
const IDLE_MAX_MS = 10_000;
const BUSY_MS = 1000;
/** A reader that polls is taken to be one for this long. */
const POLLER_MS = 15_000;

/** Who lists a chat how often. */
export class Polls {
  readonly #clock: Clock;
  readonly #last = new Map<string, { at: number; intervalMs: number; chatId: string }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws Refusal for a call before the interval of the one before is over */
  pace(reader: string, isEnforced: boolean): void {
    const last = this.#last.get(reader);
    if (isEnforced && last && this.#clock.monotonicMs() - last.at < last.intervalMs) {
      throw new Refusal('rateLimitExceeded');
    }
  }

  /** @returns how long this reader is to wait */
  note(reader: string, chatId: string, wanted: number | 'adaptive', itemCount: number): number {
    const before = this.#last.get(reader)?.intervalMs ?? BUSY_MS;
    const adaptive = itemCount > 0 ? BUSY_MS : Math.min(IDLE_MAX_MS, Math.round(before * IDLE_GROWTH));
    const intervalMs = wanted === 'adaptive' ? adaptive : wanted;
    this.#last.set(reader, { at: this.#clock.monotonicMs(), intervalMs, chatId });
    return intervalMs;
  }

  isRead(chatId: string): boolean {
    const now = this.#clock.monotonicMs();
    return [...this.#last.values()].some((each) => each.chatId === chatId && now - each.at < POLLER_MS);
  }
}

export function listMessages(state: YouTubeState, polls: Polls, { caller, query }: ApiRequest): object {
  const chatId = query.get('liveChatId');
  const parts = new Set(listed(query, 'part'));
  const chat = openChat(state, caller, { chatId, pageToken: null, parts });
  const reader = `${caller.token?.personId ?? caller.project} ${chat.id}`;
  polls.pace(reader, state.limits.enforcePolling > 0);
  const position = startOf(state, chat, query.get('pageToken'), 'list');
  const page = chat.page(position, countOfItems(query));
  const { pollingIntervalMillis } = state.behaviour;
  const response = responseOf(state, chat, page, parts, 'list');
  return {
    ...response,
    pollingIntervalMillis: polls.note(reader, chat.id, pollingIntervalMillis, page.items.length),
  };
}

/** 200 to 2000; what lies outside is taken for the nearest. */
function countOfItems(query: URLSearchParams): number {
  const given = query.get('maxResults');
  return given === null ? ITEMS_USUAL : Math.min(ITEMS_MAX, Math.max(200, Number(given) || ITEMS_USUAL));
}

export function insertMessage(state: YouTubeState, { caller, query, body }: ApiRequest): object {
  const parts = partsOf(query);
  const author = ownChannel(caller);
  const snippet = objectIn(body.snippet);
  const chat = chatFor(state, textIn(snippet.liveChatId));
  const type = textIn(snippet.type);
  if (type === null) throw new Refusal('typeRequired', 'snippet.type');
  chat.requireOpen();
  if (type === 'pollEvent') return shown(openPoll(state, chat, author, snippet), parts);
  if (type !== 'textMessageEvent') throw new Refusal('invalidParameter', 'snippet.type');
  const text = textIn(objectIn(snippet.textMessageDetails).messageText) ?? '';
  return shown(state.talk.insert(chat, author, text), parts);
}

function openPoll(state: YouTubeState, chat: Chat, author: ReturnType<typeof ownChannel>, snippet: object): Item {
  const { questionText, options } = objectIn(objectIn(objectIn(snippet).pollDetails).metadata);
  const texts = (Array.isArray(options) ? options : []).map((option) => textIn(objectIn(option).optionText));
  if (textIn(questionText) === null || texts.length < 2 || texts.length > 4 || texts.includes(null)) {
    throw new Refusal('invalidParameter', 'snippet.pollDetails');
  }
  if (!chat.isPrivileged(author)) throw new Refusal('forbidden');
  if (chat.activePoll) throw new Refusal('preconditionCheckFailed');
  const item = makeItem({
    chatId: chat.id,
    type: 'pollEvent',
    publishedAt: state.clock.now(),
    author: authorIn(chat.owner, author),
    displayMessage: String(questionText),
    details: {
      metadata: { questionText, options: texts.map((optionText) => ({ optionText, tally: '0' })) },
      status: 'active',
    },
  });
  chat.activePoll = item;
  state.talk.put(chat, item);
  return item;
}

export function closePoll(state: YouTubeState, { caller, query }: ApiRequest): object {
  const { chat, item } = findMessage(state, query.get('id'));
  if (item.snippet.type !== 'pollEvent' || query.get('status') !== 'closed') throw new Refusal('invalidParameter');
  if (!chat.isPrivileged(ownChannel(caller))) throw new Refusal('forbidden');
  const details = { ...objectIn(item.snippet.pollDetails), status: 'closed' };
  const closed: Item = { ...item, snippet: { ...item.snippet, pollDetails: details } };
  chat.activePoll = null;
  chat.replace(item.id, closed);
  chat.append(closed);
  return shown(closed, new Set(['snippet']));
}

export function deleteMessage(state: YouTubeState, { caller, query }: ApiRequest): undefined {
  const { chat, item } = findMessage(state, query.get('id'));
  chat.requireOpen();
  const actor = ownChannel(caller);
  const authorId = item.snippet.authorChannelId;
  if (!chat.isPrivileged(actor) && authorId !== actor.id) throw new Refusal('forbidden');
  if (authorId === chat.owner.id && actor.id !== chat.owner.id) throw new Refusal('modificationNotAllowed');
  bury(state, chat, item, actor.id === authorId ? null : authorIn(chat.owner, actor));
}

/** A tombstone takes the place of a message (docs/platforms/youtube.md#list-messages). @param by null when its writer took it back */
export function bury(state: YouTubeState, chat: Chat, item: Item, by: ReturnType<typeof authorIn> | null): void {
  const publishedAt = new Date(item.snippet.publishedAt);
  const tombstone = makeItem({ chatId: chat.id, type: 'tombstone', publishedAt, id: item.id });
  chat.replace(item.id, tombstone);
  if (state.behaviour.pushesTombstones) chat.append(tombstone);
  if (!state.behaviour.sendsDeletedEvents) return;
  const type = by ? 'messageDeletedEvent' : 'messageRetractedEvent';
  const details = by ? { deletedMessageId: item.id } : { retractedMessageId: item.id };
  const author = by ?? item.authorDetails;
  chat.append(makeItem({ chatId: chat.id, type, publishedAt: state.clock.now(), author, details }));
}

function findMessage({ broadcasts }: YouTubeState, id: string | null): { chat: Chat; item: Item } {
  if (id === null) throw new Refusal('missingRequiredParameter', 'id');
  for (const { chat } of broadcasts.all()) {
    const item = chat.find(id);
    if (item && item.snippet.type !== 'tombstone') return { chat, item };
  }
  throw new Refusal('liveChatMessageNotFound', 'id');
}

/** @throws Refusal when no chat is named, or one that is not there */
export function chatFor({ broadcasts }: YouTubeState, id: string | null): Chat {
  if (id === null) throw new Refusal('liveChatIdRequired', 'snippet.liveChatId');
  const chat = broadcasts.byChat(id)?.chat;
  if (!chat) throw new Refusal('liveChatNotFound', 'snippet.liveChatId');
  return chat;
}
