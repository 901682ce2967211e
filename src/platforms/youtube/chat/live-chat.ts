/** Reads one live chat to its end: streamed where that works, polled where it does not (docs/platforms/youtube.md#stream-messages, docs/platforms/youtube.md#how-deployed-bots-cope). */

import type { ChannelId } from '../../../lib/brand.ts';
import type { AccountCredential, NoOwner } from '../../account-side.ts';
import type { CauseCode } from '../../causes/cause.ts';
import { CREDENTIAL_RETRY_MS, isMissing, stateWithout } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ReaderState } from '../../worker-side.ts';
import type { YouTubeApi } from '../api/client.ts';
import type { OwnerToken } from '../google/owner-token.ts';
import type { Ledger } from '../quota/ledger.ts';
import type { ChatPage } from './chat.external.ts';
import { Failures, untilUnitsMs } from './failures.ts';
import type { ChatLines } from './lines.ts';
import { type Line, lineIn } from './message.ts';
import type { Positions } from './positions.ts';
import { type Trouble, troubleOfCode, troubleOfError } from './trouble.ts';

export interface LiveChatDeps extends Pick<CommonDeps, 'clock' | 'random' | 'log'> {
  readonly api: YouTubeApi;
  readonly ledger: Ledger;
  readonly lines: ChatLines;
  readonly positions: Positions;
  readonly owner: OwnerToken;
  /** The chats that are polled right now share what polls may cost. */
  readonly polled: Set<object>;
}

export interface LiveChatEvents {
  line(id: string, line: Line, isBacklog: boolean): void;
  state(state: ReaderState): void;
  /** Whether the broadcast still runs is to be asked. @param distanceMs from the last time it was */
  doubt(distanceMs?: number): void;
  /** Nothing more will come; told once, at the end. */
  ended(): void;
}

/** A stream that lasted shorter was refused, whatever it said (docs/platforms/youtube.md#stream-messages). */
const SHORT_MS = 30_000;
/** A chat may be quiet for hours; a stream the server has forgotten is, too. Opening it again is cheap. */
const QUIET_MS = 60 * 60_000;
const PARKED_MS = 300_000;
const RELINK_LOOK_MS = 60_000;
const STREAM_AGAIN_MS = 600_000;
/** The longest that the platform may make us wait is the contract's (docs/contract/workers.md#reading-youtube). */
const POLL = { fastestMs: 5000, quietMs: 10_000, unsaidMs: 2000, askedMaxMs: 30_000, quietPages: 3 };
/** A broadcast may go on for hours without its video, and every page of its chat says so. */
const OFFLINE_DOUBT_MS = 60_000;

export class LiveChat {
  readonly #deps: LiveChatDeps;
  readonly #channelId: ChannelId;
  readonly #id: string;
  readonly #events: LiveChatEvents;
  readonly #closing = new AbortController();
  readonly #startedAtMs: number;
  /** Lines written earlier are history. */
  #newSinceMs: number;
  #streamPosition: string | null = null;
  #pollPosition: string | null = null;
  #pollUntilMs: number | null = null;
  #emptyPages = 0;
  #streamOpenedAtMs = 0;
  /** Streaming is tried again after it had been given up. */
  #isTrial = false;
  readonly #failures: Failures;
  #isOffline = false;
  #isOver = false;
  #isMembersOnly = false;
  #isSaidUnreadable = false;
  #isSaidFailing = false;

  constructor(deps: LiveChatDeps, channelId: ChannelId, id: string, events: LiveChatEvents) {
    this.#deps = deps;
    this.#channelId = channelId;
    this.#id = id;
    this.#events = events;
    this.#startedAtMs = deps.clock.now().getTime();
    this.#newSinceMs = this.#startedAtMs;
    this.#failures = new Failures(deps);
    void this.#run();
  }

  get isStreaming(): boolean {
    return this.#pollUntilMs === null;
  }

  /** Whether it said so. */
  get isMembersOnly(): boolean {
    return this.#isMembersOnly;
  }

  close(): void {
    this.#closing.abort();
    this.#deps.polled.delete(this);
  }

  async #run(): Promise<void> {
    const { clock, positions, log } = this.#deps;
    const { signal } = this.#closing;
    this.#streamPosition = await positions.find(this.#channelId, this.#id);
    // Whatever comes after a stored position is new, however long nobody read.
    if (this.#streamPosition !== null) this.#newSinceMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const pauseMs = await this.#read().catch((error: unknown) => {
        if (!this.#isSaidFailing) log.warn('youtube_chatbot.poll_failed', { channelId: this.#channelId, error });
        this.#isSaidFailing = true;
        return this.#fail('unreachable');
      });
      if (signal.aborted) return;
      if (pauseMs === null) return this.#finish();
      if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  #finish(): void {
    this.close();
    void this.#deps.positions.forget(this.#channelId, this.#id);
    this.#events.ended();
  }

  /** @returns how long to wait before reading on; null at the end of the chat */
  async #read(): Promise<number | null> {
    const credential = await this.#deps.owner.current();
    if (this.#closing.signal.aborted) return 0;
    if (isMissing(credential)) return this.#withoutToken(credential);
    this.#leavePolling();
    const outcome = this.isStreaming ? await this.#stream(credential) : await this.#poll(credential);
    if (this.#isOver) return null;
    return typeof outcome === 'number' ? outcome : this.#handle(outcome, credential);
  }

  #leavePolling(): void {
    const { clock, polled } = this.#deps;
    if (this.#pollUntilMs === null || clock.monotonicMs() < this.#pollUntilMs) return;
    this.#pollUntilMs = null;
    this.#isTrial = true;
    this.#failures.clear();
    polled.delete(this);
  }

  async #stream({ accessToken }: AccountCredential): Promise<number | Trouble> {
    const { ledger, lines, clock } = this.#deps;
    const { signal } = this.#closing;
    if (!(await ledger.take('liveChatMessages.streamList'))) return 'quota';
    if (signal.aborted) return 0;
    const openedMs = clock.monotonicMs();
    this.#streamOpenedAtMs = clock.now().getTime();
    const code = await new Promise<number>((resolve) => {
      const request = { liveChatId: this.#id, pageToken: this.#streamPosition };
      const quiet = () => clock.setTimer(QUIET_MS, () => stop(0), { unref: true });
      const stop = (endCode: number) => {
        timer.cancel();
        signal.removeEventListener('abort', leave);
        close();
        resolve(endCode);
      };
      const leave = () => stop(0);
      let timer = quiet();
      const close = lines.open(request, accessToken, {
        alive: () => this.#hear(),
        page: (page) => {
          timer.cancel();
          timer = quiet();
          this.#takeStreamed(page);
          if (this.#isOver) stop(0);
        },
        ended: stop,
      });
      signal.addEventListener('abort', leave, { once: true });
    });
    const isLong = clock.monotonicMs() - openedMs >= SHORT_MS;
    if (isLong) {
      this.#failures.clear();
      this.#isTrial = false;
    }
    if (code !== 0) return troubleOfCode(code);
    return isLong || this.#isOver ? 0 : this.#fail('unreachable', 'live');
  }

  #hear(): void {
    this.#isSaidFailing = false;
    this.#events.state({ kind: 'live', reason: null });
  }

  #takeStreamed(page: ChatPage): void {
    this.#isTrial = false;
    this.#take(page);
    if (page.nextPageToken === null) return;
    this.#streamPosition = page.nextPageToken;
    this.#deps.positions.keep(this.#channelId, this.#id, page.nextPageToken);
  }

  async #poll({ accessToken }: AccountCredential): Promise<number | Trouble> {
    const { api, ledger, polled } = this.#deps;
    let page: ChatPage;
    try {
      page = await api.messages(accessToken, this.#id, this.#pollPosition);
    } catch (error) {
      return troubleOfError(error);
    }
    if (this.#closing.signal.aborted) return 0;
    this.#failures.clear();
    this.#hear();
    this.#take(page);
    this.#pollPosition = page.nextPageToken ?? this.#pollPosition;
    this.#emptyPages = page.items.length === 0 ? this.#emptyPages + 1 : 0;
    const ownMs = this.#emptyPages >= POLL.quietPages ? POLL.quietMs : POLL.fastestMs;
    const sparingMs = ledger.distanceMs('liveChatMessages.list', polled.size);
    return Math.max(Math.min(page.pollAfterMs ?? POLL.unsaidMs, POLL.askedMaxMs), ownMs, sparingMs);
  }

  #take({ items, unreadable, isOffline }: ChatPage): void {
    if (unreadable > 0 && !this.#isSaidUnreadable) {
      this.#isSaidUnreadable = true;
      this.#deps.log.warn('youtube_chatbot.unreadable_items', { channelId: this.#channelId, items: unreadable });
    }
    const nowMs = this.#deps.clock.now().getTime();
    for (const item of items) {
      const { type } = item.snippet;
      if (type === 'chatEndedEvent') this.#isOver = true;
      if (type === 'sponsorOnlyModeStartedEvent') this.#isMembersOnly = true;
      if (type === 'sponsorOnlyModeEndedEvent') this.#isMembersOnly = false;
      const line = lineIn(item, nowMs);
      const isFetched = line !== null && (!this.isStreaming || line.sentAtMs < this.#streamOpenedAtMs);
      if (line !== null) this.#events.line(item.id, { ...line, isFetched }, line.sentAtMs < this.#newSinceMs);
    }
    // The chat outlives the video for a while: it is read on (docs/platforms/youtube.md#list-messages).
    if (isOffline) this.#events.doubt(this.#isOffline ? OFFLINE_DOUBT_MS : undefined);
    this.#isOffline = isOffline;
  }

  #handle(trouble: Trouble, credential: AccountCredential): number | null | Promise<number> {
    switch (trouble) {
      case 'ended':
        return null;
      case 'ended_or_disabled':
      case 'disabled':
        this.#events.doubt();
        return this.#say('degraded', 'chat_disabled', PARKED_MS);
      case 'forbidden':
        return this.isStreaming ? this.#startPolling() : this.#say('degraded', 'chat_forbidden', PARKED_MS);
      case 'unsupported':
        return this.#startPolling();
      case 'position':
        return this.#startOver();
      case 'unauthorized':
        return this.#renew(credential);
      case 'scope':
        return this.#say('needs_user_action', 'owner_scope_missing', RELINK_LOOK_MS);
      case 'quota':
        return this.#say('degraded', 'quota_exhausted', untilUnitsMs(this.#deps));
      case 'too_fast':
      case 'unreachable':
        return this.#fail(trouble);
    }
  }

  /** What was read is known; the history that comes again is not taken for new. */
  #startOver(): number {
    const hadPosition = (this.isStreaming ? this.#streamPosition : this.#pollPosition) !== null;
    this.#newSinceMs = this.#startedAtMs;
    if (!this.isStreaming) this.#pollPosition = null;
    else {
      this.#streamPosition = null;
      void this.#deps.positions.forget(this.#channelId, this.#id);
    }
    if (hadPosition) return 0;
    this.#events.doubt();
    return this.#fail('too_fast');
  }

  async #renew(credential: AccountCredential): Promise<number> {
    const renewed = await this.#deps.owner.insteadOf(credential);
    if (isMissing(renewed)) return this.#withoutToken(renewed);
    // Refused with a new token too: it is not the token.
    if (this.#failures.any) return this.#fail('too_fast');
    this.#failures.note();
    return 0;
  }

  #withoutToken(missing: NoOwner): number {
    this.#events.state(stateWithout(missing, 'owner_relink_required', 'owner_not_linked'));
    return missing === 'unavailable' ? CREDENTIAL_RETRY_MS : RELINK_LOOK_MS;
  }

  #startPolling(): number {
    const { clock, polled, log } = this.#deps;
    if (!this.#isTrial) log.info('youtube_chatbot.polling', { channelId: this.#channelId });
    this.#pollUntilMs = clock.monotonicMs() + STREAM_AGAIN_MS;
    // Without a position the page is history, whatever a stored one promised of streams.
    if (this.#pollPosition === null) this.#newSinceMs = this.#startedAtMs;
    polled.add(this);
    return 0;
  }

  #fail(trouble: 'too_fast' | 'unreachable', kind: ReaderState['kind'] = 'degraded'): number {
    this.#failures.note();
    // What a stream cannot get past is not to be met at every trial.
    if (this.#isTrial) this.#streamPosition = null;
    const isHopeless = this.#isTrial || (trouble === 'unreachable' && this.#failures.isHopeless);
    if (isHopeless && this.isStreaming) return this.#startPolling();
    const reason = trouble === 'too_fast' ? 'rate_limited' : 'unreachable';
    return this.#say(kind, kind === 'degraded' ? reason : null, this.#failures.pauseMs(trouble));
  }

  #say(kind: ReaderState['kind'], reason: CauseCode | null, pauseMs: number): number {
    this.#events.state({ kind, reason });
    return pauseMs;
  }
}
