/** One WebSocket to one Trovo chat, from dialling to its end: AUTH, proof of life, frames in (docs/platforms/trovo.md#chat-socket). */
import { type RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Reason } from '../../platform.ts';
import { authFrame, type ChatFrame, type Frame, frame, pingFrame, pongFrame } from './frames.external.ts';

export interface SessionOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Lives 20 s and opens one connection. */
  readonly chatToken: string;
  readonly handlers: SessionHandlers;
}

export interface SessionHandlers {
  /** AUTH was accepted; chat comes from now on. */
  accepted(): void;
  chat(chat: ChatFrame): void;
  /** Not JSON, or of no known type. */
  unreadable(): void;
  /** Called once, last. */
  ended(ending: Ending): void;
}

export type Ending =
  /** The chat token was too old, or never good. */
  { kind: 'auth_rejected'; message: string } | { kind: 'lost'; reason: Reason };

export const AUTH_NOT_SENT = 'auth_not_sent';

/** Far above any frame Trovo sends; a larger one ends the connection instead of filling the memory. */
const LARGEST_FRAME_BYTES = 1024 * 1024;
const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: LARGEST_FRAME_BYTES,
  // Broken UTF-8 in one line must not cost the connection; it is read with replacement characters.
  skipUTF8Validation: true,
  closeTimeout: 1_000,
};
/** From dialling to the accepted AUTH (docs/contract/workers.md#trovo-connection). */
const ACCEPT_WITHIN_MS = 15_000;
const FIRST_GAP_S = 30;
const SHORTEST_GAP_S = 5;
/** Whatever the server asks for: a dead line is to be found within a minute, the answer's time included. */
const LONGEST_GAP_S = 40;
/** Twice in a row, so that a process that was stopped does not take its own silence for the server's. */
const ANSWER_CHECK_MS = 7_500;
const LONGEST_ERROR_CHARS = 100;

export class Session {
  readonly #options: SessionOptions;
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  /** The one timer: for AUTH, then by turns for the next PING and its answer. */
  #timer: Timer;
  #nonces = 0;
  #authNonce = '';
  #gapMs = FIRST_GAP_S * 1000;
  #isAccepted = false;
  #isPingOpen = false;
  #ending: Ending | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#socket = new WebSocket(options.url, SOCKET_OPTIONS);
    this.#timer = this.#after(ACCEPT_WITHIN_MS, () => this.#abandon('no_auth_answer'));
    this.#socket.on('open', () => this.#authenticate());
    this.#socket.on('message', (data: RawData) => this.#read(data));
    this.#socket.on('error', (error: Error & { code?: string }) => {
      this.#ending ??= { kind: 'lost', reason: error.code ?? 'connection_failed' };
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.#timer.cancel();
        options.handlers.ended(this.#ending ?? { kind: 'lost', reason: 'closed_by_server' });
        resolve();
      });
    });
  }

  /** Resolves when the socket is gone. */
  close(reason: Reason = 'closed_by_us'): Promise<void> {
    this.#ending ??= { kind: 'lost', reason };
    this.#socket.close();
    return this.#closed;
  }

  #authenticate(): void {
    this.#authNonce = this.#nextNonce();
    this.#socket.send(authFrame(this.#authNonce, this.#options.chatToken), (error) => {
      if (error) this.#abandon(AUTH_NOT_SENT);
    });
  }

  #read(data: RawData): void {
    if (this.#ending !== null) return;
    const parsed = frame.safeParse(parseJson(data.toString()));
    if (parsed.success) this.#handle(parsed.data);
    else this.#options.handlers.unreadable();
  }

  #handle(received: Frame): void {
    switch (received.type) {
      case 'CHAT':
        // Nothing counts before we know that we were let in.
        if (this.#isAccepted) this.#options.handlers.chat(received);
        return;
      case 'PING':
        this.#socket.send(pongFrame(received.nonce));
        return;
      case 'PONG':
        this.#learnGap(received.data);
        if (this.#isAccepted) this.#planPing();
        return;
      case 'RESPONSE':
        if (received.nonce === this.#authNonce && !this.#isAccepted) this.#answered(received);
    }
  }

  #answered({ error, data }: Extract<Frame, { type: 'RESPONSE' }>): void {
    if (error !== undefined && error !== null && error !== '') {
      const words = typeof error === 'string' ? error : JSON.stringify(error);
      this.#ending ??= { kind: 'auth_rejected', message: words.slice(0, LONGEST_ERROR_CHARS) };
      this.#socket.close();
      return;
    }
    this.#isAccepted = true;
    this.#learnGap(data);
    this.#options.handlers.accepted();
    // At once: the answer proves that the line carries both ways, and names the distance of the next.
    this.#ping();
  }

  #learnGap(data: { gap: number } | null | undefined): void {
    if (typeof data?.gap !== 'number' || Number.isNaN(data.gap)) return;
    this.#gapMs = Math.min(Math.max(data.gap, SHORTEST_GAP_S), LONGEST_GAP_S) * 1000;
  }

  #planPing(): void {
    this.#isPingOpen = false;
    this.#timer.cancel();
    this.#timer = this.#after(this.#gapMs, () => this.#ping());
  }

  #ping(): void {
    if (this.#ending !== null || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#isPingOpen = true;
    this.#socket.send(pingFrame(this.#nextNonce()));
    this.#timer.cancel();
    this.#timer = this.#after(ANSWER_CHECK_MS, () => {
      this.#timer = this.#after(ANSWER_CHECK_MS, () => {
        if (this.#isPingOpen) this.#abandon('silent');
      });
    });
  }

  #abandon(reason: Reason): void {
    this.#ending ??= { kind: 'lost', reason };
    this.#socket.terminate();
  }

  #after(delayMs: number, fire: () => void): Timer {
    return this.#options.clock.setTimer(delayMs, fire);
  }

  #nextNonce(): string {
    this.#nonces += 1;
    return `n${this.#nonces}`;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
