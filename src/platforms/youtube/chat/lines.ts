/** Connections for streamed chats: shared by several, and asked for a sign of life, because a quiet chat says nothing. */
import type { Client, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { grpc } from '../libraries.ts';
import type { ChatPage } from './chat.external.ts';
import { grpcStatus } from './grpc-status.ts';
import { decodeResponse, encodeRequest, STREAM_LIST, type StreamRequest } from './stream.external.ts';

export interface StreamEvents {
  /** The connection has carried something since the stream was opened. */
  alive(): void;
  page(page: ChatPage): void;
  /** Comes once. @param code of gRPC; 0 when the server ended the stream in good order */
  ended(code: number): void;
}

export interface ChatLines {
  /** @returns what ends it; nothing is told after that */
  open(request: StreamRequest, accessToken: string, events: StreamEvents): () => void;
  close(): void;
}

export interface LinesDeps {
  readonly target: string;
  readonly clock: Clock;
}

/** A connection carries about a hundred streams; the rest is room for signs of life. */
const CHATS_PER_LINE = 50;
const FIRST_SIGN_MS = 500;
const SIGN_DISTANCE_MS = 20_000;
const SIGN_DEADLINE_MS = 10_000;
/** Costs no units; a server that does not offer it says so, and has answered. */
const SIGN_OF_LIFE = '/grpc.health.v1.Health/Check';

/** A frame above this is no page of chat. */
const LARGEST_PAGE_BYTES = 16 * 1024 * 1024;

const OPTIONS = {
  // Each line is a connection of its own: shared ones would also share the pause after a failure.
  'grpc.use_local_subchannel_pool': 1,
  // Opened again behind our back, a stream is billed again.
  'grpc.enable_retries': 0,
  'grpc.max_receive_message_length': LARGEST_PAGE_BYTES,
};

export function createChatLines({ target, clock }: LinesDeps): ChatLines {
  const lines = new Set<Line>();
  const gone = (line: Line) => lines.delete(line);
  return {
    open(request, accessToken, events) {
      let line = [...lines].find((each) => each.hasRoom);
      if (line === undefined) {
        line = new Line(target, clock, gone);
        lines.add(line);
      }
      return line.open(request, accessToken, events);
    },
    close() {
      for (const line of lines) line.close();
    },
  };
}

interface OpenStream {
  readonly call: ClientReadableStream<ChatPage>;
  readonly events: StreamEvents;
}

class Line {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #gone: (line: Line) => void;
  readonly #streams = new Set<OpenStream>();
  #isRetired = false;
  #timer: Timer | null = null;

  constructor(target: string, clock: Clock, gone: (line: Line) => void) {
    const isHere = isLoopback(target);
    const { Client, credentials } = grpc();
    this.#client = new Client(target, isHere ? credentials.createInsecure() : credentials.createSsl(), {
      ...OPTIONS,
      // An environment's proxy is not asked for what runs on this machine.
      ...(isHere ? { 'grpc.enable_http_proxy': 0 } : {}),
    });
    this.#clock = clock;
    this.#gone = gone;
  }

  get hasRoom(): boolean {
    return !this.#isRetired && this.#streams.size < CHATS_PER_LINE;
  }

  open(request: StreamRequest, accessToken: string, events: StreamEvents): () => void {
    const metadata = new (grpc().Metadata)();
    metadata.set('authorization', `Bearer ${accessToken}`);
    const call = this.#client.makeServerStreamRequest(STREAM_LIST, encodeRequest, decodeResponse, request, metadata);
    const stream: OpenStream = { call, events };
    this.#streams.add(stream);
    call.on('metadata', () => this.#has(stream) && events.alive());
    call.on('data', (page: ChatPage) => {
      if (!this.#has(stream)) return;
      events.alive();
      events.page(page);
    });
    call.on('error', (error: ServiceError) => this.#end(stream, error.code ?? grpcStatus.UNKNOWN));
    call.on('status', ({ code }) => this.#end(stream, code));
    this.#askForSign(FIRST_SIGN_MS);
    return () => {
      if (this.#streams.delete(stream)) call.cancel();
      this.#closeWhenIdle();
    };
  }

  /** Those who read are told. */
  close(code: number = grpcStatus.CANCELLED): void {
    this.#retire();
    for (const stream of this.#streams) {
      this.#end(stream, code);
      stream.call.cancel();
    }
    this.#closeWhenIdle();
  }

  #has(stream: OpenStream): boolean {
    return this.#streams.has(stream);
  }

  #end(stream: OpenStream, code: number): void {
    if (!this.#streams.delete(stream)) return;
    // Whoever comes next is not to wait for this connection to recover.
    if (code === grpcStatus.UNAVAILABLE) this.#retire();
    stream.events.ended(code);
    this.#closeWhenIdle();
  }

  #retire(): void {
    this.#isRetired = true;
    this.#gone(this);
  }

  #closeWhenIdle(): void {
    if (this.#streams.size > 0) return;
    this.#retire();
    this.#timer?.cancel();
    this.#client.close();
  }

  #askForSign(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(delayMs, () => void this.#sign(), { unref: true });
  }

  async #sign(): Promise<void> {
    const asked = [...this.#streams];
    if (await this.#isAnswered()) {
      for (const stream of asked) if (this.#has(stream)) stream.events.alive();
      if (this.#streams.size > 0) this.#askForSign(SIGN_DISTANCE_MS);
    } else this.close(grpcStatus.UNAVAILABLE);
  }

  /** Any answer proves the connection; only silence and a broken line do not. */
  #isAnswered(): Promise<boolean> {
    return new Promise((resolve) => {
      const raw = (bytes: Buffer) => bytes;
      const call = this.#client.makeUnaryRequest(
        SIGN_OF_LIFE,
        raw,
        raw,
        Buffer.alloc(0),
        (error: ServiceError | null) => {
          deadline.cancel();
          resolve(error?.code !== grpcStatus.UNAVAILABLE && error?.code !== grpcStatus.CANCELLED);
        },
      );
      const deadline = this.#clock.setTimer(SIGN_DEADLINE_MS, () => call.cancel(), { unref: true });
    });
  }
}

/** @param target `host:port` */
function isLoopback(target: string): boolean {
  const host = target.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
