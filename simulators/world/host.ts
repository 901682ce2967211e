/** A server on 127.0.0.1 that can be told to behave badly. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../src/lib/clock.ts';
import { HttpFaults, type Trouble } from './faults.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Answer {
  status: number;
  /** A string goes out as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
}

export type Answerer = (call: Call) => Answer | Promise<Answer>;
/** Takes a request over completely; says whether it did. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;
export type Upgrader = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

const BODY_MAX_BYTES = 1_048_576;
const LISTEN_ATTEMPTS = 20;
const LISTEN_PAUSE_MS = 50;

export class Host {
  readonly faults = new HttpFaults();
  /** Every call that reached the platform, oldest first, for tests that look at what was asked. */
  readonly calls: { method: string; path: string; query: string; at: number }[] = [];
  port = 0;
  #isStopped = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #clock: Clock;
  readonly #answer: Answerer;
  readonly #intercept: Interceptor;

  constructor(clock: Clock, answer: Answerer, intercept: Interceptor = () => false, upgrade?: Upgrader) {
    this.#clock = clock;
    this.#answer = answer;
    this.#intercept = intercept;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    if (upgrade) this.#server.on('upgrade', upgrade);
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** @param port the one it listened on before, if absent; waits while another program has it */
  async listen(port = this.port): Promise<void> {
    for (let attempt = 1; !this.#isStopped; attempt += 1) {
      try {
        this.#server.listen(port, '127.0.0.1');
        await once(this.#server, 'listening');
        this.port = (this.#server.address() as AddressInfo).port;
        return;
      } catch (error) {
        if (attempt === LISTEN_ATTEMPTS) throw error;
        await setTimeout(LISTEN_PAUSE_MS);
      }
    }
  }

  /** Nobody can connect until `listen`; open connections are cut. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cutConnections();
    await closed;
  }

  /** Ends every connection without a goodbye. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Closes the server for good. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.refuse();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (this.#intercept(request, response, url.pathname)) return;
    const method = request.method ?? 'GET';
    try {
      const body = await buffer(request);
      this.calls.push({ method, path: url.pathname, query: url.search, at: epochMs() });
      if (this.calls.length > 20_000) this.calls.splice(0, 10_000);
      if (body.length > BODY_MAX_BYTES) return write(response, { status: 413 });
      const trouble = this.faults.take(method, url.pathname);
      if (trouble?.kind === 'answer') return write(response, trouble);
      if (trouble?.kind === 'ignored') return;
      const call = { method, path: url.pathname, query: url.searchParams, headers: request.headers, body };
      const answer = await this.#answer(call);
      await this.#deliver(response, answer, trouble);
    } catch (error) {
      if (!response.destroyed) write(response, { status: 500, body: { message: String(error) } });
    }
  }

  async #deliver(response: ServerResponse, answer: Answer, trouble: Trouble | null): Promise<void> {
    switch (trouble?.kind) {
      case 'lost':
        return;
      case 'cut':
        response.socket?.resetAndDestroy();
        return;
      case 'truncated': {
        const text = bodyText(answer);
        response.writeHead(answer.status, { ...headersOf(answer), 'content-length': Buffer.byteLength(text) + 10 });
        response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.destroy());
        return;
      }
      case 'slow':
        await this.#clock.sleep(trouble.delayMs);
    }
    write(response, answer);
  }
}

/** Sends a whole answer. */
export function write(response: ServerResponse, answer: Answer): void {
  const text = bodyText(answer);
  response.writeHead(answer.status, { ...headersOf(answer), 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Milliseconds since 1970 with fractions: comparable between processes of one machine. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

function headersOf({ body, headers }: Answer): Record<string, string> {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  return body === undefined ? { ...headers } : { 'content-type': type, ...headers };
}

function bodyText({ body }: Answer): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}
