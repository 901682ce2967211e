/** One WebSocket to Twitch chat, from dialling to its end: login, proof of life, lines in and out. */
import { type RawData, WebSocket } from 'ws';
import type { PlatformUserId } from '../../../lib/brand.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Reason } from '../../platform.ts';
import { forEachLine, type IrcLine, roomIn } from './line.ts';

export interface SessionOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly nick: string;
  readonly accessToken: string;
  /** Key of the account that logs in. */
  readonly key: string;
  readonly userId: PlatformUserId;
  readonly handlers: SessionHandlers;
}

export interface SessionHandlers {
  registered(session: Session): void;
  /** Every line but those of login and keep-alive. */
  line(session: Session, line: IrcLine): void;
  /** The server announced that it will close this connection at a moment of its own. */
  reconnectAsked(session: Session): void;
  /** Called once, last. */
  ended(session: Session, ending: Ending): void;
}

export type Ending = { kind: 'login_refused' } | { kind: 'lost'; reason: Reason };

/** Gets the lines that may answer a message in flight. */
export interface AnswerListener {
  answer(line: IrcLine): void;
  lost(): void;
}

/** Far above any frame Twitch sends; a larger one ends the connection instead of filling the memory. */
const LARGEST_FRAME_BYTES = 1024 * 1024;
const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: LARGEST_FRAME_BYTES,
  // Broken UTF-8 in one line must not cost the connection; it is read with replacement characters.
  skipUTF8Validation: true,
  closeTimeout: 1_000,
};
const LIFE_CHECK_MS = 5_000;
// Counted in checks, so that a process that was stopped for a minute does not take its own silence for the server's.
const CHECKS_UNTIL_LOGIN_FAILED = 2;
const CHECKS_UNTIL_PING = 4;
const CHECKS_UNTIL_DEAD = 6;

export class Session {
  readonly key: string;
  readonly userId: PlatformUserId;
  readonly nick: string;
  /** By room: messages whose fate is still open. */
  readonly #inFlight = new Map<string, AnswerListener>();
  readonly #options: SessionOptions;
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  #lifeTimer: Timer;
  #silentChecks = 0;
  #checksBeforeLogin = 0;
  #isRegistered = false;
  #isRetiring = false;
  #ending: Ending | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.key = options.key;
    this.userId = options.userId;
    this.nick = options.nick;
    this.#socket = new WebSocket(options.url, SOCKET_OPTIONS);
    this.#lifeTimer = this.#nextLifeCheck();
    this.#socket.on('open', () => this.#logIn());
    this.#socket.on('message', (data: RawData) => this.#read(data));
    this.#socket.on('error', (error: Error & { code?: string }) => {
      this.#ending ??= { kind: 'lost', reason: error.code ?? 'connection_failed' };
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** @returns false when the line could not be handed to an open connection */
  write(line: string): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(`${line}\r\n`);
    return true;
  }

  /**
   * Takes a message in flight for a room.
   *
   * @returns false when there is one already, or none is taken any more
   */
  expectAnswer(room: string, listener: AnswerListener): boolean {
    if (this.#isRetiring || this.#inFlight.has(room)) return false;
    this.#inFlight.set(room, listener);
    return true;
  }

  hasInFlight(room: string): boolean {
    return this.#inFlight.has(room);
  }

  answered(room: string): void {
    this.#inFlight.delete(room);
    if (this.#isRetiring && this.#inFlight.size === 0) void this.close();
  }

  /** Closes as soon as nothing is in flight: a message whose answer is cut off has no certain fate. */
  retire(): void {
    this.#isRetiring = true;
    if (this.#inFlight.size === 0) void this.close();
  }

  /** Resolves when the socket is gone. */
  close(): Promise<void> {
    this.#ending ??= { kind: 'lost', reason: 'closed_by_us' };
    this.#socket.close();
    return this.#closed;
  }

  #logIn(): void {
    this.write('CAP REQ :twitch.tv/tags twitch.tv/commands');
    this.write(`PASS oauth:${this.#options.accessToken}`);
    this.write(`NICK ${this.nick}`);
  }

  #read(data: RawData): void {
    this.#silentChecks = 0;
    forEachLine(data.toString(), (line) => this.#handle(line));
  }

  #handle(line: IrcLine): void {
    const { handlers } = this.#options;
    if (line.command === 'PRIVMSG') handlers.line(this, line);
    else if (line.command === 'PING') this.write(`PONG :${line.text || line.params}`);
    else if (line.command === 'RECONNECT') handlers.reconnectAsked(this);
    else if (this.#isRegistered) {
      this.#inFlight.get(roomIn(line))?.answer(line);
      handlers.line(this, line);
    } else this.#handleWelcome(line);
  }

  #handleWelcome(line: IrcLine): void {
    if (line.command === '376' || line.command === '422') this.#register();
    // Before the welcome every notice is a refusal; its wording is not to be relied upon (docs/platforms/twitch.md#login).
    else if (line.command === 'NOTICE') this.#abandon({ kind: 'login_refused' });
    else if (line.command === 'CAP' && `${line.params} ${line.text}`.includes('NAK')) {
      this.#abandon({ kind: 'lost', reason: 'capabilities_refused' });
    }
  }

  #register(): void {
    if (this.#isRegistered || this.#ending) return;
    this.#isRegistered = true;
    this.#options.handlers.registered(this);
  }

  #nextLifeCheck(): Timer {
    return this.#options.clock.setTimer(LIFE_CHECK_MS, () => this.#checkLife());
  }

  /** A silent socket is asked after 20 s and given up 10 s later. */
  #checkLife(): void {
    this.#lifeTimer = this.#nextLifeCheck();
    this.#silentChecks += 1;
    // Counted apart: a server that talks without ever letting us in is no better than a silent one.
    if (!this.#isRegistered && ++this.#checksBeforeLogin >= CHECKS_UNTIL_LOGIN_FAILED) {
      this.#abandon({ kind: 'lost', reason: 'no_login_answer' });
    } else if (this.#silentChecks >= CHECKS_UNTIL_DEAD) this.#abandon({ kind: 'lost', reason: 'silent' });
    else if (this.#silentChecks === CHECKS_UNTIL_PING) this.write('PING :alive');
  }

  #abandon(ending: Ending): void {
    this.#ending ??= ending;
    this.#socket.terminate();
  }

  #end(): void {
    this.#lifeTimer.cancel();
    this.#isRegistered = false;
    for (const listener of [...this.#inFlight.values()]) listener.lost();
    this.#options.handlers.ended(this, this.#ending ?? { kind: 'lost', reason: 'closed_by_server' });
  }
}
