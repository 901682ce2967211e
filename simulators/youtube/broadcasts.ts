/** Broadcasts of channels: from the waiting room to the end of the chat. */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../src/lib/clock.ts';
import type { Channel } from './channels.ts';
import { Chat } from './chat.ts';
import { makeItem } from './items.ts';
import type { Behaviour } from './options.ts';

export interface Broadcast {
  /** Id of the broadcast and of its video. */
  readonly id: string;
  readonly channel: Channel;
  readonly chat: Chat;
  title: string;
  kind: 'event' | 'persistent';
  privacy: 'public' | 'unlisted' | 'private';
  lifeCycle: 'ready' | 'live' | 'complete';
  scheduledAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  viewers: number | null;
  /** What search and `liveBroadcastContent` still believe; null is the truth. */
  staleContent: 'live' | 'upcoming' | 'none' | null;
}

export interface NewBroadcast {
  title?: string | undefined;
  kind?: Broadcast['kind'] | undefined;
  privacy?: Broadcast['privacy'] | undefined;
  /** Makes it an upcoming one, with a waiting room. */
  scheduledAt?: Date | undefined;
  startedAt?: Date | undefined;
}

export class Broadcasts {
  readonly #clock: Clock;
  readonly #behaviour: Behaviour;
  readonly #byId = new Map<string, Broadcast>();
  readonly #byChat = new Map<string, Broadcast>();
  readonly #byChannel = new Map<string, Broadcast[]>();
  readonly #endings = new Map<Broadcast, Timer>();

  constructor(clock: Clock, behaviour: Behaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  /** Live at once, or upcoming when it is scheduled. */
  start(channel: Channel, given: NewBroadcast = {}): Broadcast {
    const id = randomBytes(9).toString('base64url').slice(0, 11);
    const isUpcoming = given.scheduledAt !== undefined;
    const broadcast: Broadcast = {
      id,
      channel,
      chat: new Chat(channel, id),
      title: given.title ?? 'A stream',
      kind: given.kind ?? 'event',
      privacy: given.privacy ?? 'public',
      lifeCycle: isUpcoming ? 'ready' : 'live',
      scheduledAt: given.scheduledAt ?? null,
      startedAt: isUpcoming ? null : (given.startedAt ?? this.#clock.now()),
      endedAt: null,
      viewers: 42,
      staleContent: null,
    };
    broadcast.chat.isPrivate = broadcast.privacy === 'private';
    this.#byId.set(id, broadcast);
    this.#byChat.set(broadcast.chat.id, broadcast);
    this.#byChannel.set(channel.id, [...this.of(channel.id), broadcast]);
    return broadcast;
  }

  /** The upcoming broadcast begins. */
  goLive(broadcast: Broadcast, startedAt: Date = this.#clock.now()): void {
    broadcast.lifeCycle = 'live';
    broadcast.startedAt = startedAt;
  }

  /** The video ends; the chat stays open until its own end comes, or `endChat`. */
  goOffline(broadcast: Broadcast): void {
    if (broadcast.lifeCycle === 'complete') return;
    broadcast.lifeCycle = 'complete';
    broadcast.endedAt = this.#clock.now();
    broadcast.chat.offlineAt = broadcast.endedAt;
    broadcast.chat.changed();
    const seconds = this.#behaviour.chatOutlivesSeconds;
    if (seconds === 0) return;
    const timer = this.#clock.setTimer(seconds * 1000, () => this.endChat(broadcast), { unref: true });
    this.#endings.set(broadcast, timer);
  }

  /** The chat is over: its last item, and after it nothing but refusals. */
  endChat(broadcast: Broadcast): void {
    this.goOffline(broadcast);
    this.#endings.get(broadcast)?.cancel();
    this.#endings.delete(broadcast);
    const { chat } = broadcast;
    if (chat.state !== 'open') return;
    chat.append(makeItem({ chatId: chat.id, type: 'chatEndedEvent', publishedAt: this.#clock.now() }));
    chat.state = 'ended';
    chat.changed();
  }

  byId(id: string): Broadcast | undefined {
    return this.#byId.get(id);
  }

  byChat(chatId: string): Broadcast | undefined {
    return this.#byChat.get(chatId);
  }

  /** Oldest first. */
  of(channelId: string): readonly Broadcast[] {
    return this.#byChannel.get(channelId) ?? [];
  }

  all(): Broadcast[] {
    return [...this.#byId.values()];
  }

  stop(): void {
    for (const timer of this.#endings.values()) timer.cancel();
  }
}

/** Whether videos still name the chat: until it ends, also in the waiting room (docs/platforms/youtube.md#finding-the-broadcast). */
export function namesChat({ chat }: Broadcast): boolean {
  return chat.state === 'open' || chat.state === 'disabled';
}

export function contentOf({ staleContent, lifeCycle }: Broadcast): 'live' | 'upcoming' | 'none' {
  if (staleContent !== null) return staleContent;
  if (lifeCycle === 'live') return 'live';
  return lifeCycle === 'ready' ? 'upcoming' : 'none';
}
