/** One WebSocket to Pigeon, from dialling to its end, with its proof of life. */
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../lib/clock.ts';
import { frame, type Line } from './pigeon.external.ts';

export interface SessionOptions {
  readonly url: string;
  readonly accessToken: string;
  readonly clock: Clock;
  readonly opened: () => void;
  readonly joined: (loft: string) => void;
  readonly line: (line: Line) => void;
  /** Called once, last. */
  readonly ended: (why: 'refused' | 'lost') => void;
}

const PING_MS = 10_000;
const PINGS_UNTIL_DEAD = 2;

export class Session {
  readonly #options: SessionOptions;
  readonly #socket: WebSocket;
  #timer: Timer;
  #unanswered = 0;
  #isRefused = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const headers = { authorization: `Bearer ${options.accessToken}` };
    this.#socket = new WebSocket(options.url.replace(/^http/, 'ws'), { headers, perMessageDeflate: false });
    this.#timer = this.#nextPing();
    this.#socket.on('unexpected-response', (_request, response) => {
      this.#isRefused = response.statusCode === 401;
      this.#socket.terminate();
    });
    this.#socket.on('open', options.opened);
    this.#socket.on('message', (data) => this.#read(data.toString()));
    this.#socket.on('error', () => {}); // `close` follows
    this.#socket.on('close', () => {
      this.#timer.cancel();
      options.ended(this.#isRefused ? 'refused' : 'lost');
    });
  }

  write(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.terminate();
  }

  #read(text: string): void {
    const parsed = frame.safeParse(parse(text));
    if (!parsed.success) return;
    const { joined, line } = parsed.data;
    this.#unanswered = 0;
    if (joined !== undefined) this.#options.joined(joined);
    if (line !== undefined) this.#options.line(line);
  }

  #nextPing(): Timer {
    return this.#options.clock.setTimer(PING_MS, () => {
      this.#timer = this.#nextPing();
      if (this.#unanswered >= PINGS_UNTIL_DEAD) return this.close();
      this.#unanswered += 1;
      this.write({ ping: this.#unanswered });
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
