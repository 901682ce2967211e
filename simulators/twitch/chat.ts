/** Writing into rooms: what Twitch takes, drops and shows, whichever way a message came in. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/lib/clock.ts';
import { epochMs } from '../world/host.ts';
import type { MessageLog } from '../world/messages.ts';
import type { Person } from '../world/people.ts';
import { chatLine, isEmotesOnly } from './irc/lines.ts';
import type { LimitBook } from './limits.ts';
import type { Listener, Room } from './room.ts';

export type Transport = 'irc' | 'helix' | 'script';

export interface ChatMessage {
  readonly id: string;
  readonly room: Room;
  readonly author: Person;
  readonly text: string;
  readonly isAction: boolean;
  /** The event the words belong to; null for a plain message. */
  readonly notice: string | null;
  readonly isFirst: boolean;
  readonly badges: string;
  readonly badgeInfo: string;
  readonly nonce: string | null;
  readonly sentAtMs: number;
  readonly replyTo: ChatMessage | null;
  /** The message that opened the thread, when this is an answer. */
  readonly threadTop: ChatMessage | null;
  readonly source: MessageSource | null;
  readonly extraTags: Record<string, string>;
}

/** Where a message of a shared chat was written. */
interface MessageSource {
  id: string;
  roomId: string;
  badges: string;
  badgeInfo: string;
  onlyHere: boolean;
}

export interface Draft {
  room: Room;
  author: Person;
  text: string;
  transport: Transport;
  /** The connection that sent it; it gets no copy. */
  from?: Listener;
  isAction?: boolean;
  notice?: string | undefined;
  nonce?: string | null;
  replyToId?: string | undefined;
  /** In a shared chat: keep it in this room. */
  sourceOnly?: boolean;
  badges?: string | undefined;
  isFirst?: boolean | undefined;
  extraTags?: Record<string, string> | undefined;
}

/** `code` null is the silent way: the sender learns nothing. */
export type Posted = { message: ChatMessage } | { code: string | null };

interface ScriptedDrop {
  roomId: string | null;
  code: string | null;
  times: number;
}

const TEXT_MAX_CHARACTERS = 500;
/** Invisible characters that Twitch takes out of what accounts write. */
const REMOVED = /[\u{e0000}-\u{e0fff}]/gu;
const REMEMBERED_MESSAGES = 2000;

/** Ids of generated lines start like this; nobody remembers those lines. */
export const LOAD_ID_PREFIX = '10ad10ad-';

export class Chat {
  readonly limits: LimitBook;
  /** So many of the next messages reach chat clients twice. */
  duplicateLines = 0;
  /** Sees every message as it is shown in each room, copies of shared chats included. */
  onShown: (message: ChatMessage) => void = () => {};
  readonly #clock: Clock;
  readonly #log: MessageLog;
  readonly #recent = new Map<string, ChatMessage>();
  #drops: ScriptedDrop[] = [];

  constructor(clock: Clock, limits: LimitBook, log: MessageLog) {
    this.#clock = clock;
    this.limits = limits;
    this.#log = log;
  }

  /** The next messages of accounts (not of the script) in this room, or in any, are refused with this code. */
  dropNext(roomId: string | null, code: string | null, times: number): void {
    this.#drops.push({ roomId, code, times });
  }

  clearDrops(): void {
    this.#drops = [];
  }

  /** Whether a message with this id was shown not long ago. */
  isKnown(id: string): boolean {
    return this.#recent.has(id) || id.startsWith(LOAD_ID_PREFIX);
  }

  /** An account writes: every rule of the platform applies. */
  post(draft: Draft): Posted {
    const text = [...draft.text.replace(REMOVED, '').trim()].slice(0, TEXT_MAX_CHARACTERS).join('').trim();
    if (text === '') return { code: null };
    const refusal = this.#refusal(draft, text);
    return refusal === undefined ? { message: this.show({ ...draft, text }) } : { code: refusal };
  }

  /** Puts a message into the room without asking any rule: how the script's people speak. */
  show(draft: Draft): ChatMessage {
    const { room, author } = draft;
    const message = this.#compose(draft);
    const { badges, badgeInfo, id } = message;
    this.#remember(message);
    const line = chatLine(message);
    room.broadcast(line, draft.from);
    if (this.duplicateLines > 0) {
      this.duplicateLines -= 1;
      room.broadcast(line, draft.from);
    }
    this.#shown(message);
    if (draft.sourceOnly !== true) {
      for (const other of room.sharedWith) {
        if (other === room) continue;
        const source = { id, roomId: room.id, badges, badgeInfo, onlyHere: false };
        const copy = { ...message, id: randomUUID(), room: other, badges: other.badgesOf(author.id), source };
        other.broadcast(chatLine(copy));
        this.#shown(copy);
      }
    }
    this.#log.add({
      id,
      channel: room.name,
      channelId: room.id,
      author: author.login,
      authorId: author.id,
      text: message.text,
      transport: draft.transport,
      replyTo: draft.replyToId ?? null,
      arrivedAtMs: epochMs(),
    });
    return message;
  }

  /** Words of an event are no `channel.chat.message`. */
  #shown(message: ChatMessage): void {
    if (message.notice === null) this.onShown(message);
  }

  #compose(draft: Draft): ChatMessage {
    const { room, author } = draft;
    const id = randomUUID();
    const badges = draft.badges ?? room.badgesOf(author.id);
    const badgeInfo = room.badgeInfoOf(author.id);
    const replyTo = draft.replyToId === undefined ? null : (this.#recent.get(draft.replyToId) ?? null);
    const isShared = room.sharedWith.length > 0;
    const message: ChatMessage = {
      id,
      room,
      author,
      text: draft.text,
      isAction: draft.isAction ?? false,
      notice: draft.notice ?? null,
      isFirst: draft.isFirst ?? !room.knownChatters.has(author.id),
      badges,
      badgeInfo,
      nonce: draft.nonce ?? null,
      sentAtMs: this.#clock.now().getTime(),
      replyTo,
      threadTop: replyTo ? (replyTo.threadTop ?? replyTo) : null,
      source: isShared ? { id, roomId: room.id, badges, badgeInfo, onlyHere: draft.sourceOnly ?? false } : null,
      extraTags: draft.extraTags ?? {},
    };
    room.knownChatters.add(author.id);
    return message;
  }

  /** @returns the code of the rule that refuses the message, undefined when none does */
  #refusal({ room, author, isAction }: Draft, text: string): string | null | undefined {
    const now = this.#clock.monotonicMs();
    const privileged = room.isPrivileged(author.id);
    if (room.suspended) return 'msg_channel_suspended';
    const exclusion = room.exclusionOf(author.id, now);
    if (exclusion) return exclusion === 'banned' ? 'msg_banned' : 'msg_timedout';
    if (!isAction && /^[/.]\w/.test(text)) return 'unrecognized_cmd';
    const verdict = this.limits.message(author.id, room.id, privileged);
    if (verdict === 'deaf') return null;
    if (verdict === 'too fast') return 'msg_ratelimit';
    const scripted = this.#drops.find(({ roomId }) => roomId === null || roomId === room.id);
    if (scripted) {
      scripted.times -= 1;
      if (scripted.times <= 0) this.#drops.splice(this.#drops.indexOf(scripted), 1);
      return scripted.code;
    }
    const plain = text.replace(/\s+/g, ' ');
    if (!privileged) {
      if (this.limits.isRepetition(author.id, room.id, plain)) return 'msg_duplicate';
      const mode = this.#modeRefusal(room, author, text, now);
      if (mode) return mode;
    }
    this.limits.delivered(author.id, room.id, plain);
    room.lastMessageMs.set(author.id, now);
    if (room.modes.uniqueChat) room.longTexts.add(text);
    return undefined;
  }

  #modeRefusal(room: Room, author: Person, text: string, nowMs: number): string | null {
    const { modes } = room;
    if (modes.subscribersOnly && !room.isSubscriber(author.id)) return 'msg_subsonly';
    if (modes.emoteOnly && !isEmotesOnly(text)) return 'msg_emoteonly';
    if (modes.uniqueChat && [...text].length > 9 && room.longTexts.has(text)) return 'msg_r9k';
    if (modes.followersOnly >= 0) {
      const since = room.followers.get(author.id);
      if (!since) return modes.followersOnly === 0 ? 'msg_followersonly_zero' : 'msg_followersonly';
      const minutes = (this.#clock.now().getTime() - since.getTime()) / 60_000;
      if (minutes < modes.followersOnly) return 'msg_followersonly_followed';
    }
    const last = room.lastMessageMs.get(author.id) ?? Number.NEGATIVE_INFINITY;
    return nowMs - last < modes.slowSeconds * 1000 ? 'msg_slowmode' : null;
  }

  #remember(message: ChatMessage): void {
    this.#recent.set(message.id, message);
    if (this.#recent.size <= REMEMBERED_MESSAGES) return;
    const oldest = this.#recent.keys().next().value;
    if (oldest !== undefined) this.#recent.delete(oldest);
  }
}
