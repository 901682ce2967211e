/** The connection that reads one chat: renewed for ever, with a fresh chat token each time. */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Turnstile } from '../../../lib/turnstile.ts';
import { CREDENTIAL_RETRY_MS, CREDENTIALS_UNAVAILABLE } from '../../no-credential.ts';
import { Quiet, type QuietLimits } from '../../quiet.ts';
import type { ReadChannel, ReaderEvents, ReaderState } from '../../worker-side.ts';
import { type ChatToken, type ChatTokenDeps, obtainChatToken } from './chat-token.ts';
import type { ChatFrame } from './frames.external.ts';
import { History } from './history.ts';
import type { JoinGate } from './join-gate.ts';
import { type LinesDeps, readFrame } from './lines.ts';
import { linesWrittenAfter } from './second-look.ts';
import { AUTH_NOT_SENT, type Ending, Session } from './session.ts';

export interface ConnectionDeps extends LinesDeps, ChatTokenDeps {
  /** Of the chat socket. */
  readonly socketUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly gate: JoinGate;
  /** Second looks of all chats go through it. */
  readonly looks: Turnstile;
  readonly events: ReaderEvents;
  /** How long until somebody is looked for again who has to link an account first. */
  readonly userActionRetryMs: number;
  /** The chat is read; what happened in between is not known. */
  readonly joined: (channel: ReadChannel) => void;
}

const LIVE: ReaderState = { kind: 'live', reason: null };
const RECONNECT: BackoffLimits = { firstMs: 1_000, longestMs: 60_000 };
/** A session that lasted this long starts the next backoff from the beginning. */
const STABLE_AFTER_MS = 10_000;
/** A token may have been too old: with a new one it is tried at once, so often in a row (docs/platforms/trovo.md#reconnect-rules). */
const REJECTIONS_UNTIL_BACKOFF = 2;
/** A look costs a chat token and a connection of the budget that all chats share. */
const LOOKS: QuietLimits = { firstMs: 300_000, longestMs: 3_600_000 };

export class Connection {
  channel: ReadChannel;
  readonly #deps: ConnectionDeps;
  readonly #history: History;
  readonly #quiet: Quiet;
  #isLooking = false;
  readonly #closing = new AbortController();
  #session: Session | null = null;
  #state: ReaderState | null = null;
  /** The trouble that was logged last: it is logged once until the chat has been read again. */
  #toldTrouble: string | null = null;
  #wasAccepted = false;
  #failures = 0;
  #rejections = 0;
  #wake: (() => void) | null = null;
  #isClosed = false;

  constructor(deps: ConnectionDeps, channel: ReadChannel) {
    this.#deps = deps;
    this.channel = channel;
    this.#history = new History(deps.clock);
    this.#quiet = new Quiet(deps.clock, LOOKS);
  }

  start(): void {
    this.#tell({ kind: 'connecting', reason: null });
    void this.#keepUp();
  }

  /** The stream runs. When nothing has come for long, a second connection tells whether something was written. */
  whileLive(): void {
    if (this.#quiet.isDue()) this.look();
  }

  /** Somebody wants to know now. */
  look(): void {
    if (this.#session === null || !this.#wasAccepted || this.#isLooking) return;
    this.#isLooking = true;
    const session = this.#session;
    void this.#deps.looks
      .run(() => this.#look(session))
      .catch((error: unknown) => this.#deps.log.error('trovo_chatbot.listener_failed', { ...this.#fields(), error }))
      .finally(() => {
        this.#isLooking = false;
      });
  }

  async #look(session: Session): Promise<void> {
    const { gate, clock, log } = this.#deps;
    const { signal } = this.#closing;
    const isStill = () => !this.#isClosed && this.#session === session;
    if (!isStill()) return;
    const turnMs = gate.take();
    if (turnMs > 0) await clock.sleep(turnMs, signal).catch(() => {});
    if (!isStill()) return;
    const answer = await gate.ask(() => obtainChatToken(this.#deps, this.channel));
    if (answer.kind === 'none' || !isStill()) return;
    const missed = await linesWrittenAfter({ ...this.#deps, signal }, answer.token, this.#history.knownUntilS);
    if (!isStill() || missed === null || missed === 0) return;
    log.warn('trovo_chatbot.deliveries_withheld', { ...this.#fields(), messages: missed });
    // The next connection is shown what was missed, and takes it for news.
    await session.close('deliveries_withheld');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    this.#wake?.();
    await this.#session?.close();
  }

  async #keepUp(): Promise<void> {
    const { gate, clock } = this.#deps;
    while (!this.#isClosed) {
      await this.#pause(gate.take());
      if (this.#isClosed) return;
      const answer = await gate.ask(() => obtainChatToken(this.#deps, this.channel));
      if (this.#isClosed) return;
      if (answer.kind === 'none') {
        await this.#withoutToken(answer);
        continue;
      }
      const startedMs = clock.monotonicMs();
      const ending = await this.#live(answer.token);
      if (!this.#isClosed) await this.#recover(ending, clock.monotonicMs() - startedMs);
    }
  }

  async #withoutToken({ state, status, retryAt, error }: Extract<ChatToken, { kind: 'none' }>): Promise<void> {
    const { gate, random, userActionRetryMs } = this.#deps;
    if (retryAt !== undefined) gate.closeUntil(retryAt);
    this.#tell(state);
    this.#trouble('chat_token_failed', { status, reason: state.reason }, error);
    // Trovo was not asked: nothing is known of how it would have answered.
    if (state === CREDENTIALS_UNAVAILABLE) return this.#pause(CREDENTIAL_RETRY_MS);
    this.#failures += 1;
    const waitsForPeople = state.kind === 'needs_user_action';
    await this.#pause(waitsForPeople ? userActionRetryMs : backoffMs(this.#failures, RECONNECT, random));
  }

  #live(chatToken: string): Promise<Ending> {
    const { socketUrl, clock, oddities } = this.#deps;
    this.#wasAccepted = false;
    return new Promise((resolve) => {
      this.#session = new Session({
        url: socketUrl,
        clock,
        chatToken,
        handlers: {
          accepted: () => this.#accepted(),
          chat: (frame) => this.#read(frame),
          unreadable: () => oddities.count('frame_unreadable'),
          ended: (ending) => {
            this.#session = null;
            resolve(ending);
          },
        },
      });
    });
  }

  /** Never throws: the socket would pass it on to nobody, and that ends the process. */
  #read(frame: ChatFrame): void {
    const { log, oddities } = this.#deps;
    // What a new connection is shown says nothing of what it will be given.
    if (!this.#history.isBeingTold) this.#quiet.isOver();
    try {
      if (!readFrame(this.#deps, this.channel, this.#history, frame)) {
        oddities.count('other_channel');
        this.#tell({ kind: 'needs_user_action', reason: 'other_channel' });
      } else if (frame.channel_info?.channel_id && this.#state?.reason === 'other_channel') this.#tell(LIVE);
    } catch (error) {
      log.error('trovo_chatbot.listener_failed', { ...this.#fields(), error });
    }
  }

  #accepted(): void {
    const { events, joined, log } = this.#deps;
    if (this.#isClosed) return;
    this.#wasAccepted = true;
    this.#rejections = 0;
    this.#toldTrouble = null;
    this.#history.accepted();
    this.#quiet.isOver();
    log.info('trovo_chatbot.join', this.#fields());
    this.#tell(LIVE);
    joined(this.channel);
    events.sendable(this.channel.channelId);
  }

  async #recover(ending: Ending, lastedMs: number): Promise<void> {
    const { random } = this.#deps;
    if (ending.kind === 'auth_rejected') {
      this.#trouble('ws_auth_rejected', { reason: ending.message });
      this.#rejections += 1;
      if (this.#rejections <= REJECTIONS_UNTIL_BACKOFF) return;
      this.#tell({ kind: 'degraded', reason: 'auth_rejected' });
    } else {
      const neverRead = ending.reason === AUTH_NOT_SENT ? 'ws_auth_failed' : 'ws_error';
      const event = this.#wasAccepted ? 'ws_close' : neverRead;
      this.#trouble(event, { reason: ending.reason });
      this.#tell({ kind: 'degraded', reason: 'disconnected' });
    }
    this.#failures = lastedMs >= STABLE_AFTER_MS ? 1 : this.#failures + 1;
    await this.#pause(backoffMs(this.#failures, RECONNECT, random));
  }

  /** Once for each trouble: a platform that is away for an hour is one line, not a hundred. */
  #trouble(event: string, fields: Readonly<Record<string, unknown>>, error?: unknown): void {
    const key = `${event} ${JSON.stringify(fields)}`;
    if (this.#toldTrouble === key) return;
    this.#toldTrouble = key;
    const cause = error === undefined ? {} : { error };
    this.#deps.log.warn(`trovo_chatbot.${event}`, { ...this.#fields(), ...fields, ...cause });
  }

  #fields() {
    const { channelId, target } = this.channel;
    return { channelId, login: target };
  }

  #tell(state: ReaderState): void {
    if (this.#isClosed || (this.#state?.kind === state.kind && this.#state.reason === state.reason)) return;
    this.#state = state;
    this.#deps.events.state(this.channel.channelId, state);
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#isClosed || delayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = this.#deps.clock.setTimer(delayMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = null;
        timer.cancel();
        resolve();
      };
    });
  }
}
