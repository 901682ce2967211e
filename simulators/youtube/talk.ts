/** Writing into chats: what YouTube takes, holds back and shows, whichever way a message came in. */
import type { Clock } from '../../src/lib/clock.ts';
import { epochMs } from '../world/host.ts';
import type { MessageLog } from '../world/messages.ts';
import type { Channel } from './channels.ts';
import type { Chat } from './chat.ts';
import { authorIn, type Flags, type Item, makeItem } from './items.ts';
import type { Behaviour, YouTubeLimits } from './options.ts';
import { Refusal, type RefusalName } from './refusal.ts';

/** The product's limit; the reference publishes none (docs/platforms/youtube.md#insert-delete-transition). */
const TEXT_MAX = 200;
const WINDOW_MS = 10_000;

/** What becomes of the next inserted messages. */
export type InsertFate =
  | { kind: 'refused'; reason: RefusalName }
  /** Answered with 200, then held for review: nobody sees it. */
  | { kind: 'held' }
  /** Seen only after this long. */
  | { kind: 'late'; delayMs: number };

export class Talk {
  /** So many of the next items stand in the chat twice, with one id. */
  duplicates = 0;
  readonly #clock: Clock;
  readonly #limits: YouTubeLimits;
  readonly #behaviour: Behaviour;
  readonly #log: MessageLog;
  readonly #sentAt = new Map<string, number[]>();
  #fates: { fate: InsertFate; times: number }[] = [];

  constructor(clock: Clock, limits: YouTubeLimits, behaviour: Behaviour, log: MessageLog) {
    this.#clock = clock;
    this.#limits = limits;
    this.#behaviour = behaviour;
    this.#log = log;
  }

  next(fate: InsertFate, times = 1): void {
    this.#fates.push({ fate, times });
  }

  clear(): void {
    this.#fates = [];
    this.duplicates = 0;
  }

  /**
   * An account writes: every rule of the platform applies.
   * @returns the message as the answer shows it, whether or not anybody will see it
   */
  insert(chat: Chat, author: Channel, text: string): Item {
    const trimmed = text.trim();
    if (trimmed === '') throw new Refusal('messageTextRequired', 'snippet.textMessageDetails.messageText');
    if (text.length > TEXT_MAX) throw new Refusal('messageTextInvalid', 'snippet.textMessageDetails.messageText');
    this.requireMayWrite(chat, author);
    this.#pace(chat, author);
    const fate = this.#takeFate();
    if (fate?.kind === 'refused') throw new Refusal(fate.reason);
    const item = this.#text(chat, author, trimmed, this.#clock.now(), {});
    if (fate?.kind === 'held') return item;
    const delayMs = fate?.kind === 'late' ? fate.delayMs : this.#behaviour.echoDelayMs;
    if (delayMs === 0) this.#take(chat, item, author, trimmed, 'rest');
    else this.#clock.setTimer(delayMs, () => this.#take(chat, item, author, trimmed, 'rest'), { unref: true });
    return item;
  }

  /** Puts a line into the chat without asking any rule: how the script's people speak. */
  say(chat: Chat, author: Channel, text: string, flags: Flags = {}, at: Date = this.#clock.now()): Item {
    const item = this.#text(chat, author, text, at, flags);
    this.#take(chat, item, author, text, 'script');
    return item;
  }

  /** Puts anything into the chat. */
  put(chat: Chat, item: Item): void {
    chat.append(item);
    if (this.duplicates === 0) return;
    this.duplicates -= 1;
    chat.append(item);
  }

  /** @throws Refusal when the chat does not let this channel write */
  requireMayWrite(chat: Chat, author: Channel): void {
    if (chat.isPrivileged(author)) return;
    const ban = chat.bans.get(author.id);
    if (ban && ban.untilMs > this.#clock.now().getTime()) throw new Refusal('forbidden');
    if (chat.isPrivate) throw new Refusal('forbidden');
    if (chat.isMembersOnly && !chat.owner.members.has(author.id)) throw new Refusal('forbidden');
  }

  #pace(chat: Chat, author: Channel): void {
    const now = this.#clock.monotonicMs();
    const key = `${chat.id} ${author.id}`;
    const sent = (this.#sentAt.get(key) ?? []).filter((at) => now - at < Math.max(WINDOW_MS, chat.slowSeconds * 1000));
    const inWindow = sent.filter((at) => now - at < WINDOW_MS).length;
    const { messagesPer10s } = this.#limits;
    const isTooSoon = !chat.isPrivileged(author) && chat.slowSeconds > 0 && sent.length > 0;
    if (isTooSoon || (messagesPer10s > 0 && inWindow >= messagesPer10s)) throw new Refusal('rateLimitExceeded');
    if (messagesPer10s > 0 || chat.slowSeconds > 0) this.#sentAt.set(key, [...sent, now]);
  }

  #takeFate(): InsertFate | undefined {
    const scripted = this.#fates[0];
    if (!scripted) return undefined;
    scripted.times -= 1;
    if (scripted.times <= 0) this.#fates.shift();
    return scripted.fate;
  }

  #text(chat: Chat, author: Channel, text: string, publishedAt: Date, flags: Flags): Item {
    return makeItem({
      chatId: chat.id,
      type: 'textMessageEvent',
      publishedAt,
      author: authorIn(chat.owner, author, flags),
      displayMessage: text,
      details: { messageText: text },
    });
  }

  #take(chat: Chat, item: Item, author: Channel, text: string, transport: 'rest' | 'script'): void {
    if (chat.state !== 'open') return;
    this.put(chat, item);
    this.#log.add({
      id: item.id,
      channel: chat.owner.name,
      channelId: chat.owner.id,
      author: author.name,
      authorId: author.id,
      text,
      transport,
      replyTo: null,
      arrivedAtMs: epochMs(),
    });
  }
}
