/** The writing end of a connection: several messages a frame, and what the server does to one who reads too slowly. */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { PubsubFaults } from './faults.ts';
import { CLOSE_REASONS } from './protocol.ts';

/** Centrifugo's own number (docs/platforms/vkvideo.md#frames). */
const MESSAGES_PER_FRAME = 16;
const BACKLOG_MAX_BYTES = 1_048_576;

export class Wire {
  readonly socket: WebSocket;
  onSlow: () => void = () => {};
  readonly #faults: PubsubFaults;
  /** What carries the WebSocket. */
  readonly #line: Socket;
  #pending: string[] = [];
  #isFrozen = false;

  constructor(socket: WebSocket, line: Socket, faults: PubsubFaults) {
    this.socket = socket;
    this.#line = line;
    this.#faults = faults;
    // `ws` itself answers a frame that is too long with 1009.
    socket.on('error', () => {});
  }

  send(message: string): void {
    if (this.#pending.push(message) === 1) queueMicrotask(() => this.flush());
  }

  /** Writes the bytes as one frame, whatever they are. */
  sendRaw(data: string | Buffer): void {
    this.flush();
    this.#write(data);
  }

  flush(): void {
    const messages = this.#pending;
    this.#pending = [];
    const perFrame = this.#faults.isBatching ? MESSAGES_PER_FRAME : 1;
    for (let from = 0; from < messages.length; from += perFrame) {
      this.#write(messages.slice(from, from + perFrame).join('\n'));
    }
    if (this.socket.bufferedAmount > BACKLOG_MAX_BYTES && !this.#isFrozen) this.onSlow();
  }

  freeze(): void {
    this.#isFrozen = true;
    this.socket.pause();
  }

  /** Swallows what comes and says nothing, not even to a goodbye. */
  swallow(): void {
    this.#isFrozen = true;
    this.#line.removeAllListeners('data');
    this.#line.on('data', () => {});
    this.#line.resume();
  }

  close(code: number, reason: string | undefined, pushesToo: boolean): void {
    const words = reason ?? CLOSE_REASONS[code] ?? 'closed';
    if (pushesToo) this.send(JSON.stringify({ push: { disconnect: { code, reason: words } } }));
    this.flush();
    if (!this.#isFrozen) this.socket.close(code, words);
  }

  #write(data: string | Buffer): void {
    if (!this.#isFrozen && this.socket.readyState === this.socket.OPEN) this.socket.send(data);
  }
}
