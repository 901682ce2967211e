/** `youtube.api.v3.V3DataLiveChatMessageService` on plaintext HTTP/2. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import {
  type ConnectionInjector,
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { admit, bearerOf } from '../callers.ts';
import type { ChatResponse } from '../reading.ts';
import { Refusal } from '../refusal.ts';
import type { YouTubeState } from '../state.ts';
import type { StreamExit, Streams } from '../streams.ts';
import { encodeResponse } from './encode.ts';
import { Lines } from './line.ts';
import { requestType } from './schema.ts';

interface StreamRequest {
  liveChatId?: string;
  pageToken?: string;
  part?: string[];
}

type StreamCall = ServerWritableStream<StreamRequest, ChatResponse | Buffer>;

const SERVICE: ServiceDefinition = {
  StreamList: {
    path: '/youtube.api.v3.V3DataLiveChatMessageService/StreamList',
    requestStream: false,
    responseStream: true,
    requestSerialize: (request: StreamRequest) => Buffer.from(requestType.encode(request).finish()),
    requestDeserialize: (bytes: Buffer) => requestType.decode(bytes) as StreamRequest,
    responseSerialize: encodeResponse,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

export class GrpcServer {
  readonly lines: Lines;
  /** Every opened stream, refused ones included, oldest first. */
  readonly opens: { chatId: string; pageToken: string | null; code: number; at: number }[] = [];
  readonly #state: YouTubeState;
  readonly #streams: Streams;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  #refusals: { refusal: Refusal; code: number | undefined; times: number }[] = [];

  constructor(state: YouTubeState, streams: Streams) {
    this.#state = state;
    this.#streams = streams;
    const { streamsPerConnection } = state.limits;
    this.#server = new Server(streamsPerConnection > 0 ? { 'grpc.max_concurrent_streams': streamsPerConnection } : {});
    this.#server.addService(SERVICE, { StreamList: (call: StreamCall) => this.#open(call) });
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.lines = new Lines((connection) => this.#injector.injectConnection(connection));
  }

  /** The next streams are refused with this. @param code a gRPC status in the place of the usual one */
  refuseNext(refusal: Refusal, times = 1, code?: number): void {
    this.#refusals.push({ refusal, code, times });
  }

  clear(): void {
    this.#refusals = [];
  }

  /** GOAWAY on every connection; streams that are still open after the grace time are ended. */
  goAway(graceMs: number): void {
    this.#injector.drain(graceMs);
  }

  async stop(): Promise<void> {
    await this.lines.refuse();
    this.#injector.destroy();
    this.#server.forceShutdown();
  }

  #open(call: StreamCall): void {
    const { liveChatId = '', pageToken = null, part = [] } = call.request;
    const record = { chatId: liveChatId, pageToken, code: 0, at: this.#state.clock.now().getTime() };
    this.opens.push(record);
    if (this.opens.length > 20_000) this.opens.splice(0, 10_000);
    try {
      const caller = admit(this.#state, credentialsOf(call), 'liveChatMessages.streamList');
      this.#refuseAsScripted();
      const request = { chatId: liveChatId, pageToken, parts: new Set(part.flatMap((each) => each.split(','))) };
      const exit = new GrpcExit(call);
      const stream = this.#streams.open(caller, request, exit);
      call.on('cancelled', () => stream.left());
      call.on('close', () => stream.left());
      call.on('drain', () => stream.resume());
    } catch (error) {
      const refusal = error instanceof ScriptedRefusal ? error.refusal : error;
      if (!(refusal instanceof Refusal)) throw error;
      record.code = (error instanceof ScriptedRefusal ? error.code : undefined) ?? refusal.grpcCode;
      fail(call, refusal, record.code);
    }
  }

  #refuseAsScripted(): void {
    const scripted = this.#refusals[0];
    if (!scripted) return;
    scripted.times -= 1;
    if (scripted.times <= 0) this.#refusals.shift();
    throw new ScriptedRefusal(scripted.refusal, scripted.code);
  }
}

class ScriptedRefusal extends Error {
  readonly refusal: Refusal;
  readonly code: number | undefined;

  constructor(refusal: Refusal, code: number | undefined) {
    super(refusal.message);
    this.refusal = refusal;
    this.code = code;
  }
}

class GrpcExit implements StreamExit {
  readonly #call: StreamCall;

  constructor(call: StreamCall) {
    this.#call = call;
  }

  write(response: ChatResponse): boolean {
    return this.#call.write(response);
  }

  end(): void {
    this.#call.end();
  }

  fail(refusal: Refusal): void {
    fail(this.#call, refusal, refusal.grpcCode);
  }

  breakOff(): void {
    http2StreamOf(this.#call)?.close(constants.NGHTTP2_NO_ERROR);
  }

  garble(bytes: Buffer): void {
    this.#call.write(bytes);
  }
}

/** What carries a call: the library hides it behind any number of interceptors, and has no way to end it wrongly. */
function http2StreamOf(call: object): ServerHttp2Stream | null {
  for (let layer: object | undefined = call; layer !== undefined; ) {
    const { stream, call: inner, nextCall } = layer as { stream?: ServerHttp2Stream; call?: object; nextCall?: object };
    if (stream !== undefined) return stream;
    layer = inner ?? nextCall;
  }
  return null;
}

function fail(call: StreamCall, { message }: Refusal, code: number): void {
  call.emit('error', { code, details: message, metadata: new Metadata() });
}

function credentialsOf({ metadata }: StreamCall) {
  const first = (name: string) => metadata.get(name)[0]?.toString();
  return { access: bearerOf(first('authorization')), key: first('x-goog-api-key') ?? null };
}
