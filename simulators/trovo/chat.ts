/** Writing into channels: what Trovo takes, refuses and shows. */
import type { Clock } from '../../src/lib/clock.ts';
import { epochMs } from '../world/host.ts';
import type { MessageLog } from '../world/messages.ts';
import type { Person } from '../world/people.ts';
import { type Chat as ChatItem, type ChatKind, chatOf, eidOf, kinds } from './chats.ts';
import { Refusal, type RefusalCode } from './errors.ts';
import type { LimitBook } from './limits.ts';
import { type HeldRole, ROLE_TYPES, type Room } from './room.ts';

/** Says how an item differs from a well-formed one. */
export interface Oddities {
  /** Members left out. */
  omit?: readonly string[] | undefined;
  /** Members added, or put in the place of the usual ones. */
  set?: Readonly<Record<string, unknown>> | undefined;
}

export interface Draft extends Oddities {
  readonly room: Room;
  readonly author: Person;
  readonly text: string;
  readonly transport: 'rest' | 'script';
  readonly roles?: readonly HeldRole[] | undefined;
  /** Written then, and known from the history alone. */
  readonly sentAt?: Date | undefined;
}

export interface FrameShape {
  /** In the place of the channel's container id. */
  eid?: string | undefined;
  hasChannelInfo?: boolean | undefined;
  /** Leaves `data.chats` out. */
  hasChats?: boolean | undefined;
}

/** What a newly connected client is told of the past (docs/platforms/trovo.md#history-on-connect). */
export interface HistoryShape {
  messagesMax: number;
  hasChannelInfo: boolean;
  /** The second part of `eid` is 0. */
  hasZeroEid: boolean;
}

interface ScriptedRefusal {
  readonly roomId: string | null;
  readonly code: RefusalCode;
  readonly http: number | undefined;
  times: number;
}

/** Kept per channel, however few of them the history shows. */
const HISTORY_MAX = 60;
const LINK = /\bhttps?:\/\/|\bwww\./i;
const STREAM_STATE = 5012;

export class Chat {
  history: HistoryShape = { messagesMax: 30, hasChannelInfo: false, hasZeroEid: true };
  /** So many of the next viewers' lines arrive twice. */
  duplicates = 0;
  readonly blockedAccounts = new Set<string>();
  readonly #clock: Clock;
  readonly #limits: LimitBook;
  readonly #log: MessageLog;
  #refusals: ScriptedRefusal[] = [];

  constructor(clock: Clock, limits: LimitBook, log: MessageLog) {
    this.#clock = clock;
    this.#limits = limits;
    this.#log = log;
  }

  /** The next messages of accounts (not of the script) in this channel, or in any, are refused with this number. */
  refuseNext(roomId: string | null, code: RefusalCode, times: number, http?: number): void {
    this.#refusals.push({ roomId, code, times, http });
  }

  clearRefusals(): void {
    this.#refusals = [];
  }

  /** An account writes: every rule of the platform applies. @throws Refusal */
  post(room: Room, author: Person, text: string): void {
    this.#check(room, author, text);
    this.#limits.delivered(author.id, room.id, text);
    room.lastMessageMs.set(author.id, this.#clock.monotonicMs());
    this.say({ room, author, text, transport: 'rest' });
  }

  /** Puts a message into the channel without asking any rule: how the script's people speak. @returns its id */
  say(draft: Draft): string {
    const { room, author, text, transport, sentAt } = draft;
    const item = this.compose(room, author, kinds.normal(text), draft);
    if (sentAt) this.#remember(room, item);
    else this.show(room, [item]);
    if (transport === 'script' && !sentAt && this.duplicates > 0) {
      this.duplicates -= 1;
      // Attributes may have changed meanwhile; the id has not.
      this.#broadcast(room, [{ ...item, avatar: 'changed.jpeg' }], {});
    }
    this.#log.add({
      id: item.message_id,
      channel: room.owner.login,
      channelId: room.id,
      author: author.login,
      authorId: author.id,
      text,
      transport,
      replyTo: null,
      arrivedAtMs: epochMs(),
    });
    return item.message_id;
  }

  compose(
    room: Room,
    author: Person | null,
    kind: ChatKind,
    more: Oddities & Pick<Partial<Draft>, 'roles' | 'sentAt'> = {},
  ): ChatItem {
    const sentAtMs = (more.sentAt ?? this.#clock.now()).getTime();
    const roles = more.roles ?? (author ? room.rolesOf(author.id) : []);
    const item: ChatItem = { ...chatOf({ channelId: room.id, author, roles, sentAtMs }, kind), ...more.set };
    for (const name of more.omit ?? []) delete (item as Record<string, unknown>)[name];
    return item;
  }

  /** Shows items in one frame and keeps them for the history. */
  show(room: Room, items: readonly ChatItem[], shape: FrameShape = {}): void {
    for (const item of items) this.#remember(room, item);
    this.#broadcast(room, items, shape);
  }

  /** What a client that has just been let in is told; null when there is nothing. */
  historyFrame(room: Room): string | null {
    const { messagesMax, hasChannelInfo, hasZeroEid } = this.history;
    const items = messagesMax === 0 ? [] : room.history.slice(-messagesMax);
    if (items.length === 0) return null;
    const eid = eidOf(room.id, this.#clock.now().getTime(), hasZeroEid);
    return frameOf(room, items, { hasChannelInfo, eid });
  }

  #broadcast(room: Room, items: readonly ChatItem[], shape: FrameShape): void {
    if (room.listeners.size === 0) return;
    room.broadcast(frameOf(room, items, { eid: eidOf(room.id, this.#clock.now().getTime()), ...shape }));
  }

  #remember(room: Room, item: ChatItem): void {
    if (item.type === STREAM_STATE) return;
    room.history.push(item);
    if (room.history.length > HISTORY_MAX) room.history.splice(0, room.history.length - HISTORY_MAX);
  }

  #check(room: Room, author: Person, text: string): void {
    const scripted = this.#refusals.find(({ roomId }) => roomId === null || roomId === room.id);
    if (scripted) {
      scripted.times -= 1;
      if (scripted.times <= 0) this.#refusals.splice(this.#refusals.indexOf(scripted), 1);
      throw new Refusal(scripted.code, scripted.http);
    }
    if (this.blockedAccounts.has(author.id)) throw new Refusal(11400);
    const nowMs = this.#clock.monotonicMs();
    if (room.isBanned(author.id, nowMs)) throw new Refusal(12400);
    if (room.isExempt(author.id)) return;
    const { slowSeconds, followersOnly, linksForbidden, forbiddenWords } = room.modes;
    if (followersOnly && !room.has(author.id, ROLE_TYPES.follower)) throw new Refusal(12402);
    const lastMs = room.lastMessageMs.get(author.id) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < slowSeconds * 1000) throw new Refusal(12401);
    if (linksForbidden && LINK.test(text)) throw new Refusal(12905);
    if (forbiddenWords.some((word) => text.toLowerCase().includes(word))) throw new Refusal(12906);
    if (this.#limits.isSpam(author.id, room.id, text)) throw new Refusal(10908);
  }
}

function frameOf(room: Room, items: readonly ChatItem[], shape: FrameShape): string {
  return JSON.stringify({
    type: 'CHAT',
    ...(shape.hasChannelInfo === false ? {} : { channel_info: { channel_id: room.id } }),
    data: { eid: shape.eid, ...(shape.hasChats === false ? {} : { chats: items }) },
  });
}
