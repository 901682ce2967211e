/** Writing into chats: what VK takes and refuses, and where a message is shown. */
import type { Clock } from '../../src/lib/clock.ts';
import { epochMs } from '../world/host.ts';
import type { MessageLog } from '../world/messages.ts';
import type { People, Person } from '../world/people.ts';
import type { Channel } from './channel.ts';
import type { Events } from './events.ts';
import type { VkVideoLimits } from './options.ts';
import { type Part, plainText, shownParts } from './parts.ts';
import { shownMessage } from './shapes.ts';

export type Transport = 'api' | 'script';

export interface ChatMessage {
  readonly id: string;
  readonly channel: Channel;
  readonly author: Person;
  readonly parts: readonly unknown[];
  readonly text: string;
  readonly sentAt: Date;
  readonly isPrivate: boolean;
}

export interface Draft {
  readonly channel: Channel;
  readonly author: Person;
  readonly parts: readonly Part[];
  readonly transport: Transport;
  /** Only this person sees it. */
  readonly onlyFor?: Person | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly error: string;
}

/** Where a copy of a message is delivered besides its own place. */
export type SecondDelivery = 'limited_chat' | 'chat';

interface Spoken {
  readonly text: string;
  readonly atMs: number;
}

const KEPT_MESSAGES = 1000;
const FIRST_MESSAGE_ID = 627_000_001;

export class Chat {
  /** So many of the next messages are delivered again, with one id, in these places. */
  repeat: { times: number; places: readonly SecondDelivery[] } = { times: 0, places: [] };
  limits: VkVideoLimits;
  readonly #clock: Clock;
  readonly #log: MessageLog;
  readonly #people: People;
  readonly #events: Events;
  readonly #history = new Map<string, ChatMessage[]>();
  readonly #lastSpoken = new Map<string, Spoken>();
  readonly #withheld = new Set<Channel>();
  #scripted: { channel: Channel | null; refusal: Refusal; times: number }[] = [];
  #nextId = FIRST_MESSAGE_ID;

  constructor(clock: Clock, limits: VkVideoLimits, log: MessageLog, people: People, events: Events) {
    this.#clock = clock;
    this.limits = limits;
    this.#log = log;
    this.#people = people;
    this.#events = events;
  }

  /** The next messages of accounts (not of the script) in this channel, or in any, are refused like this. */
  refuseNext(channel: Channel | null, refusal: Refusal, times: number): void {
    this.#scripted.push({ channel, refusal, times });
  }

  /** What is written there from now on is shown to those who ask, and delivered to nobody. */
  withhold(channel: Channel, isOn: boolean): void {
    if (isOn) this.#withheld.add(channel);
    else this.#withheld.delete(channel);
  }

  clear(): void {
    this.#scripted = [];
    this.#withheld.clear();
    this.repeat = { times: 0, places: [] };
  }

  /** Also forgets how fast anybody was so far. */
  changeLimits(limits: VkVideoLimits): void {
    this.limits = limits;
    this.#lastSpoken.clear();
  }

  /** An account writes: every rule of the platform applies. */
  post(draft: Omit<Draft, 'transport'>): Refusal | null {
    const text = plainText(draft.parts, (id) => this.#nickOf(id));
    const refusal = this.#refusalOf(draft.channel, draft.author, text);
    if (refusal) return refusal;
    this.#lastSpoken.set(`${draft.author.id} ${draft.channel.id}`, { text, atMs: this.#clock.monotonicMs() });
    this.show({ ...draft, transport: 'api' });
    return null;
  }

  /** Puts a message into the chat without asking any rule: how the script's people speak. */
  show(draft: Draft): ChatMessage {
    const message = this.#compose(draft, this.#clock.now());
    const { channel } = message;
    if (!this.#withheld.has(channel)) this.#deliver(message, draft.onlyFor);
    this.#log.add({
      id: message.id,
      channel: channel.slug,
      channelId: channel.id,
      author: message.author.login,
      authorId: message.author.id,
      text: message.text,
      transport: draft.transport,
      replyTo: null,
      arrivedAtMs: epochMs(),
    });
    return message;
  }

  #deliver(message: ChatMessage, onlyFor: Person | undefined): void {
    const { channel } = message;
    const shown = shownMessage(message);
    if (onlyFor) this.#events.chatMessage(channel, 'private_chat', shown, onlyFor.id);
    else this.#events.chatMessage(channel, channel.isLimited ? 'limited_chat' : 'chat', shown);
    if (this.repeat.times === 0) return;
    this.repeat.times -= 1;
    for (const place of this.repeat.places) this.#events.chatMessage(channel, place, shown);
  }

  /** A line that was written before: whoever asks for the chat's messages finds it, nobody is told. */
  showEarlier(draft: Draft, at: Date): ChatMessage {
    return this.#compose(draft, at);
  }

  /** Newest first. */
  messagesIn({ id }: Channel, limit: number): ChatMessage[] {
    return (this.#history.get(id) ?? []).slice(-limit).reverse();
  }

  forget(channel: Channel, messageId: string): void {
    const kept = (this.#history.get(channel.id) ?? []).filter(({ id }) => id !== messageId);
    this.#history.set(channel.id, kept);
    this.#events.chatMessageDeleted(channel, messageId);
  }

  /** How many messages of the person the chat remembers. */
  countOf(channel: Channel, person: Person): number {
    return (this.#history.get(channel.id) ?? []).filter(({ author }) => author === person).length;
  }

  #compose({ channel, author, parts, onlyFor }: Draft, sentAt: Date): ChatMessage {
    const nickOf = (id: string) => this.#nickOf(id);
    const message = {
      id: String(this.#nextId),
      channel,
      author,
      parts: shownParts(parts, nickOf),
      text: plainText(parts, nickOf),
      sentAt,
      isPrivate: onlyFor !== undefined,
    };
    this.#nextId += 1;
    channel.members.set(author.id, author);
    if (!message.isPrivate) {
      const history = [...(this.#history.get(channel.id) ?? []).slice(-KEPT_MESSAGES), message];
      this.#history.set(channel.id, history);
    }
    return message;
  }

  /** 400 for haste and length, 403 for whoever may not write (docs/platforms/vkvideo.md#send-message). */
  #refusalOf(channel: Channel, author: Person, text: string): Refusal | null {
    const scripted = this.#scripted.find((each) => each.times > 0 && (each.channel ?? channel) === channel);
    if (scripted) {
      scripted.times -= 1;
      return scripted.refusal;
    }
    const { isBanned, isFollower } = channel.standing(author.id);
    const isShutOut = channel.settings.allow_access === 'followers' && !isFollower && author !== channel.owner;
    if (isBanned || isShutOut) return { status: 403, error: 'forbidden' };
    const { messageCharacters } = this.limits;
    if (messageCharacters > 0 && Array.from(text).length > messageCharacters)
      return { status: 400, error: 'message_too_long' };
    return this.#hasteOf(channel, author, text);
  }

  #hasteOf({ id, settings }: Channel, author: Person, text: string): Refusal | null {
    const last = this.#lastSpoken.get(`${author.id} ${id}`);
    if (!last) return null;
    const secondsAgo = (this.#clock.monotonicMs() - last.atMs) / 1000;
    if (secondsAgo < Math.max(this.limits.anyMessageSeconds, settings.any_message_timeout))
      return { status: 400, error: 'send_too_fast' };
    const sameSeconds = Math.max(this.limits.sameMessageSeconds, settings.same_message_timeout);
    return last.text === text && secondsAgo < sameSeconds ? { status: 400, error: 'same_message' } : null;
  }

  #nickOf(id: string): string {
    return this.#people.byId(id)?.displayName ?? 'unknown';
  }
}
