/** Watches one streamer: finds the broadcasts that run, reads the chat of each, and knows where to speak. */

import type { PlatformMessageId } from '../../../lib/brand.ts';
import type { Timer } from '../../../lib/clock.ts';
import type { Turnstile } from '../../../lib/turnstile.ts';
import type { CredentialSource, NoOwner } from '../../account-side.ts';
import type { CauseCode } from '../../causes/cause.ts';
import { CREDENTIAL_RETRY_MS, isMissing, stateWithout } from '../../no-credential.ts';
import type { LiveFact, ReadChannel, ReaderState } from '../../worker-side.ts';
import type { Broadcast } from '../api/youtube.external.ts';
import { LiveChat, type LiveChatDeps } from '../chat/live-chat.ts';
import type { Line } from '../chat/message.ts';
import { OwnerToken } from '../google/owner-token.ts';
import { nextCheckMs, retryCheckMs, wantedCheckMs } from './check-times.ts';
import { checkTrouble } from './check-trouble.ts';
import { type Place, unknownPlace } from './place.ts';

export interface WatchDeps extends Omit<LiveChatDeps, 'owner'> {
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  readonly shortestCheckMs: number;
  /** Checks of all channels go through it. */
  readonly turnstile: Turnstile;
  /** How many channels are watched. */
  readonly watched: { readonly size: number };
}

export interface WatchEvents {
  line(id: string, line: Line, isBacklog: boolean): void;
  state(state: ReaderState): void;
  live(fact: LiveFact): void;
  sendable(): void;
}

interface OpenChat {
  readonly reader: LiveChat;
  startedAt: Date;
  state: ReaderState;
  /** Its broadcast is not listed any more. */
  leaving: Timer | null;
}

const CONNECTING: ReaderState = { kind: 'connecting', reason: null };
const IDLE: ReaderState = { kind: 'idle', reason: null };
/** How long a chat is read whose broadcast is over and that does not say so itself (docs/platforms/youtube.md#pitfalls). */
const LEAVING_MS = 120_000;
const DOUBT_DISTANCE_MS = 5000;
/** A chat that is said to be over while its broadcast goes on is opened again: the word may have been wrong. */
const OVER_MS = 300_000;
/** Lines whose chat is remembered. A message lives for minutes; only channels with several chats at once keep any. */
const ORIGINS_MAX = 1000;
/** After a check that could not be made. */
const RELINK_LOOK_MS = 60_000;

export class ChannelWatch {
  readonly channel: ReadChannel;
  readonly #deps: WatchDeps;
  readonly #events: WatchEvents;
  readonly #owner: OwnerToken;
  readonly #chats = new Map<string, OpenChat>();
  /** Chats that ended while their broadcast was still listed, and until when that is believed. */
  readonly #over = new Map<string, number>();
  readonly #origins = new LineOrigins();
  #fact: LiveFact | null = null;
  #trouble: ReaderState = CONNECTING;
  #isChecked = false;
  #isAwaited = false;
  /** Somebody would like to speak, and so many looks on that account found no chat. */
  #isWanted = false;
  #vainLooks = 0;
  #isChecking = false;
  /** How soon after the check that runs the next is wanted. */
  #doubtMs = Number.POSITIVE_INFINITY;
  #isClosed = false;
  /** Checks in a row that could not be made. */
  #failures = 0;
  #timer: Timer | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #offlineSinceMs: number;

  constructor(deps: WatchDeps, channel: ReadChannel, events: WatchEvents) {
    this.#deps = deps;
    this.channel = channel;
    this.#events = events;
    this.#owner = new OwnerToken(deps.credentials, channel.channelId);
    this.#offlineSinceMs = deps.clock.monotonicMs();
    events.state(CONNECTING);
    this.#checkIn(0);
  }

  /** Null until the first check is over. */
  get fact(): LiveFact | null {
    return this.#fact;
  }

  /** Of several chats the one whose broadcast began first. */
  get #place(): Place {
    if (!this.#isChecked) return unknownPlace(this.#trouble);
    const [first] = [...this.#chats]
      .filter(([, { leaving }]) => leaving === null)
      .sort(([, a], [, b]) => a.startedAt.getTime() - b.startedAt.getTime());
    return first === undefined ? { kind: 'offline' } : { kind: 'chat', liveChatId: first[0] };
  }

  /**
   * Where to speak now. Whoever is told that nobody knows is told when somebody does.
   *
   * @param answers the line that is answered: in its own chat, as long as that is read
   */
  ask(answers: PlatformMessageId | null = null): Place {
    this.#isAwaited ||= !this.#isChecked;
    const liveChatId = this.#origins.of(answers);
    return liveChatId !== null && this.#chats.has(liveChatId) ? { kind: 'chat', liveChatId } : this.#place;
  }

  get isOnAir(): boolean {
    return this.#place.kind === 'chat';
  }

  /** Whether lines of the chat arrive as they are written. */
  hears(liveChatId: string): boolean {
    const chat = this.#chats.get(liveChatId);
    return chat?.state.kind === 'live' && chat.reader.isStreaming;
  }

  /** Somebody would like to speak. */
  wanted(): void {
    this.#isWanted = true;
    this.doubt(wantedCheckMs(this.#deps.shortestCheckMs, this.#vainLooks));
  }

  /** Somebody has reason to believe that what is known is outdated. */
  doubt(distanceMs = DOUBT_DISTANCE_MS): void {
    const sinceMs = this.#deps.clock.monotonicMs() - this.#checkedAtMs;
    // What is being asked may be answered from before the doubt.
    if (this.#isChecking) this.#doubtMs = Math.min(this.#doubtMs, distanceMs);
    else this.#checkIn(Math.max(0, distanceMs - sinceMs), true);
  }

  /** Whether the chat said that it is for members of the channel alone. */
  isMembersOnly(liveChatId: string): boolean {
    return this.#chats.get(liveChatId)?.reader.isMembersOnly ?? false;
  }

  /** A refusal said that this chat takes nothing any more. */
  chatEnded(liveChatId: string): void {
    this.#chats.get(liveChatId)?.reader.close();
    this.#drop(liveChatId);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const { reader, leaving } of this.#chats.values()) {
      leaving?.cancel();
      reader.close();
    }
    this.#chats.clear();
  }

  /** Says how the channel is; the same twice does no harm. */
  report(): void {
    const states = [...this.#chats.values()].map(({ state }) => state);
    const best = states.find(({ kind }) => kind === 'live') ?? states[0];
    this.#events.state(best ?? this.#trouble);
  }

  /** @param isSooner keeps an earlier appointment */
  #checkIn(delayMs: number, isSooner = false): void {
    const { clock } = this.#deps;
    if (isSooner && this.#dueMs <= clock.monotonicMs() + delayMs) return;
    this.#timer?.cancel();
    this.#dueMs = clock.monotonicMs() + delayMs;
    if (delayMs <= 0) return void this.#check();
    this.#timer = clock.setTimer(delayMs, () => void this.#check(), { unref: true });
  }

  async #check(): Promise<void> {
    if (this.#isClosed || this.#isChecking) return;
    this.#isChecking = true;
    const nextMs = await this.#deps.turnstile.run(() => this.#ask()).catch((error: unknown) => this.#failed(error));
    this.#isChecking = false;
    this.#checkedAtMs = this.#deps.clock.monotonicMs();
    if (this.#isClosed) return;
    this.report();
    this.#checkIn(Math.min(nextMs, this.#doubtMs));
    this.#doubtMs = Number.POSITIVE_INFINITY;
  }

  /** @returns when to look again */
  async #ask(): Promise<number> {
    const broadcasts = await this.#owner.ask((accessToken) => this.#deps.api.activeBroadcasts(accessToken));
    if (this.#isClosed) return 0;
    if (isMissing(broadcasts)) return this.#needsOwner('owner_relink_required', broadcasts);
    this.#failures = 0;
    return this.#learn(broadcasts);
  }

  #learn(broadcasts: readonly Broadcast[]): number {
    const own = broadcasts.filter(({ channelId }) => channelId === (this.channel.target as string));
    // Another channel of the same Google account was chosen on the consent page (docs/platforms/youtube.md#pitfalls).
    if (own.length === 0 && broadcasts.length > 0) return this.#needsOwner('owner_channel_mismatch');
    const couldSpeak = this.isOnAir;
    this.#isChecked = true;
    this.#trouble = own.length > 0 ? { kind: 'idle', reason: 'chat_disabled' } : IDLE;
    this.#openAndLeave(own);
    this.#noteFact(own);
    if (this.#isAwaited || (this.isOnAir && !couldSpeak)) this.#events.sendable();
    this.#isAwaited = false;
    if (this.isOnAir) this.#vainLooks = 0;
    else if (this.#isWanted) this.#vainLooks += 1;
    this.#isWanted = false;
    return this.#regularMs();
  }

  #openAndLeave(own: readonly Broadcast[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const listed = new Map(own.flatMap(({ liveChatId, startedAt }) => (liveChatId ? [[liveChatId, startedAt]] : [])));
    for (const [id, startedAt] of listed) {
      const chat = this.#chats.get(id);
      chat?.leaving?.cancel();
      if (chat) Object.assign(chat, { leaving: null, startedAt });
      else if (nowMs >= (this.#over.get(id) ?? 0)) this.#open(id, startedAt);
    }
    for (const id of this.#over.keys()) if (!listed.has(id)) this.#over.delete(id);
    for (const [id, chat] of this.#chats) {
      if (listed.has(id)) continue;
      chat.leaving ??= this.#deps.clock.setTimer(LEAVING_MS, () => this.chatEnded(id), { unref: true });
    }
  }

  #open(id: string, startedAt: Date): void {
    const reader = new LiveChat({ ...this.#deps, owner: this.#owner }, this.channel.channelId, id, {
      line: (lineId, line, isBacklog) => {
        if (this.#chats.size > 1) this.#origins.note(lineId, id);
        this.#events.line(lineId, line, isBacklog);
      },
      state: (state) => {
        const chat = this.#chats.get(id);
        if (chat === undefined) return;
        chat.state = state;
        this.report();
      },
      doubt: (distanceMs) => this.doubt(distanceMs),
      ended: () => {
        this.#over.set(id, this.#deps.clock.monotonicMs() + OVER_MS);
        this.#drop(id);
      },
    });
    this.#chats.set(id, { reader, startedAt, state: CONNECTING, leaving: null });
    this.#deps.log.info('youtube_chatbot.live', { channelId: this.channel.channelId });
  }

  #drop(id: string): void {
    const chat = this.#chats.get(id);
    if (chat === undefined) return;
    chat.leaving?.cancel();
    this.#chats.delete(id);
    this.#deps.log.info('youtube_chatbot.offline', { channelId: this.channel.channelId });
    this.report();
    this.doubt();
  }

  /** A video whose chat is switched off says nothing new about the stream (docs/contract/workers.md#live-status-per-platform). */
  #noteFact(own: readonly Broadcast[]): void {
    const starts = own.filter(({ liveChatId }) => liveChatId !== null).map(({ startedAt }) => startedAt.getTime());
    const isLive = starts.length > 0;
    if ((!isLive && own.length > 0) || this.#fact?.isLive === isLive) return;
    const { clock } = this.#deps;
    if (!isLive) this.#offlineSinceMs = clock.monotonicMs();
    this.#fact = { isLive, at: isLive ? new Date(Math.min(...starts)) : clock.now() };
    this.#events.live(this.#fact);
  }

  get #affordableMs(): number {
    return this.#deps.ledger.distanceMs('liveBroadcasts.list', this.#deps.watched.size);
  }

  #regularMs(): number {
    const { clock, random, shortestCheckMs } = this.#deps;
    return nextCheckMs({
      shortestMs: shortestCheckMs,
      // Only a chat that is heard tells when it ends.
      isLive: [...this.#chats.values()].some(({ state }) => state.kind === 'live'),
      liveMs: this.#fact?.isLive ? clock.now().getTime() - this.#fact.at.getTime() : Number.POSITIVE_INFINITY,
      offlineMs: clock.monotonicMs() - this.#offlineSinceMs,
      affordableMs: this.#affordableMs,
      random: random(),
    });
  }

  #needsOwner(reason: CauseCode, missing: NoOwner = 'none'): number {
    this.#trouble = stateWithout(missing, reason, 'owner_not_linked');
    return missing === 'unavailable' ? CREDENTIAL_RETRY_MS : Math.max(RELINK_LOOK_MS, this.#regularMs());
  }

  /** What is known stays known. */
  #failed(error: unknown): number {
    const { log, random } = this.#deps;
    if (this.#failures === 0)
      log.warn('youtube_chatbot.live_check_failed', { channelId: this.channel.channelId, error });
    this.#failures += 1;
    const { state, isFinal, isOutage } = checkTrouble(error);
    this.#trouble = state;
    if (isFinal) this.#isChecked = true;
    return isOutage ? retryCheckMs(this.#failures, this.#regularMs(), this.#affordableMs, random) : this.#regularMs();
  }
}

/** Remembers in which of several chats a line was written: an answer belongs where the question was asked. */
class LineOrigins {
  /** Chats by ids of lines, oldest first. */
  readonly #chats = new Map<string, string>();

  note(lineId: string, liveChatId: string): void {
    this.#chats.set(lineId, liveChatId);
    const [oldest] = this.#chats.keys();
    if (this.#chats.size > ORIGINS_MAX && oldest !== undefined) this.#chats.delete(oldest);
  }

  /** @returns null for lines of one chat alone, or of long ago */
  of(line: PlatformMessageId | null): string | null {
    return line === null ? null : (this.#chats.get(line) ?? null);
  }
}
