/** What the tests of the simulated YouTube share: one that stops by itself, its API by hand, and a bare gRPC reader. */
import { type ClientReadableStream, credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { onTestFinished, vi } from 'vitest';
import type { YouTubeSimulatorOptions } from '../../simulators/youtube/options.ts';
import { startYouTubeSimulator, type YouTubeSimulator } from '../../simulators/youtube/simulator.ts';
import { ManualClock } from './manual-clock.ts';

export const READ = 'https://www.googleapis.com/auth/youtube.readonly';
export const WRITE = 'https://www.googleapis.com/auth/youtube.force-ssl';

/** Stops with the test. */
export async function simulator(options?: YouTubeSimulatorOptions): Promise<YouTubeSimulator> {
  const sim = await startYouTubeSimulator(options);
  onTestFinished(() => sim.stop());
  return sim;
}

/** A streamer who is live, a bot that may write, and a clock that stands still. */
export async function liveRoom(options: YouTubeSimulatorOptions = {}) {
  const clock = new ManualClock(new Date('2026-11-22T10:00:00Z'));
  const sim = await simulator({ clock, ...options });
  const streamer = sim.addChannel('northpine');
  const broadcast = sim.startBroadcast('northpine', { title: 'demo' });
  const bot = sim.addChannel('helperbot');
  const tokens = {
    streamer: sim.issueToken('northpine', [READ]).access,
    owner: sim.issueToken('northpine', [WRITE]).access,
    bot: sim.issueToken('helperbot', [WRITE]).access,
  };
  return { sim, clock, streamer, bot, broadcast, chatId: broadcast.chat.id, tokens, api: apiOf(sim) };
}

interface ApiAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the API says is what the tests look at
  body: any;
  /** `errors[0].reason` */
  reason: string | undefined;
}

/** Calls as a client makes them: `api('GET', 'videos', token, { id })`. */
function apiOf(sim: YouTubeSimulator) {
  return async (
    method: string,
    path: string,
    access: string | null,
    query: Record<string, string> = {},
    body?: object,
  ): Promise<ApiAnswer> => {
    const url = new URL(`${sim.urls.api}/youtube/v3/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
    const response = await fetch(url, {
      method,
      headers: access === null ? {} : { authorization: `Bearer ${access}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    const parsed = text === '' ? null : JSON.parse(text);
    return { status: response.status, body: parsed, reason: parsed?.error?.errors?.[0]?.reason };
  };
}

export function textMessage(chatId: string, messageText: string): object {
  return { snippet: { liveChatId: chatId, type: 'textMessageEvent', textMessageDetails: { messageText } } };
}

/** Written from the published numbers, apart from the simulator's own schema. */
const PROTO = `syntax = "proto2";
message Request {
  optional string live_chat_id = 1; optional string hl = 2; optional uint32 profile_image_size = 3;
  optional uint32 max_results = 98; optional string page_token = 99; repeated string part = 100;
}
message Response {
  optional string offline_at = 2; optional string kind = 200; optional PageInfo page_info = 1004;
  repeated Message items = 1007; optional Message active_poll_item = 1008; optional string next_page_token = 100602;
}
message PageInfo { optional int32 total_results = 1; optional int32 results_per_page = 2; }
message Message { optional Snippet snippet = 2; optional Author author_details = 3; optional string id = 101; }
message Author {
  optional bool is_verified = 4; optional bool is_chat_owner = 5; optional bool is_chat_sponsor = 6;
  optional bool is_chat_moderator = 7; optional string channel_url = 102; optional string display_name = 103;
  optional string profile_image_url = 104; optional string channel_id = 10101;
}
message Snippet {
  optional int32 type = 1; optional string published_at = 4; optional string display_message = 16;
  optional bool has_display_content = 17; optional string live_chat_id = 201; optional string author_channel_id = 301;
  optional Text text_message_details = 19; optional Banned user_banned_details = 22; optional SuperChat super_chat_details = 27;
  optional Gift gift_details = 34;
}
message Text { optional string message_text = 1; }
message Banned { optional Profile banned_user_details = 1; optional int32 ban_type = 2; optional uint64 ban_duration_seconds = 4; }
message Profile { optional string channel_id = 101; }
message SuperChat { optional uint64 amount_micros = 1; optional string currency = 2; optional uint32 tier = 5; }
message Gift { optional string gift_name = 1; optional int32 jewels_amount = 3; optional int32 combo_count = 8; }`;
const { root } = protobuf.parse(PROTO);
const requestType = root.lookupType('Request');
const responseType = root.lookupType('Response');

export interface StreamedItem {
  id: string;
  snippet: Record<string, unknown> & { type: number };
  authorDetails?: Record<string, unknown>;
}

export interface StreamedResponse {
  nextPageToken: string;
  offlineAt?: string;
  items: StreamedItem[];
}

/** Numbers as the published schema has them. */
export const TEXT = 1;
export const CHAT_ENDED = 4;

const Client = makeGenericClientConstructor(
  {
    StreamList: {
      path: '/youtube.api.v3.V3DataLiveChatMessageService/StreamList',
      requestStream: false,
      responseStream: true,
      requestSerialize: (request: object) => Buffer.from(requestType.encode(requestType.fromObject(request)).finish()),
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (response: Buffer) => response,
      responseDeserialize: (bytes: Buffer) =>
        responseType.toObject(responseType.decode(bytes), { longs: String, arrays: true }) as StreamedResponse,
    },
  },
  'V3DataLiveChatMessageService',
);

/** A reader that does nothing by itself. */
export class BareStream {
  readonly responses: StreamedResponse[] = [];
  /** The status the stream ended with. */
  code: number | null = null;
  readonly call: ClientReadableStream<StreamedResponse>;

  /** Ends with the test. */
  constructor(
    sim: YouTubeSimulator,
    { metadata, ...request }: { liveChatId: string; pageToken?: string; metadata: Record<string, string> },
    options: Record<string, number> = {},
  ) {
    const client = new Client(sim.urls.grpc, credentials.createInsecure(), {
      // Else clients of one process share a connection, and its trouble.
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
    onTestFinished(() => client.close());
    const given = Metadata.fromHttp2Headers(metadata);
    const open = client.StreamList?.bind(client) as (
      asked: object,
      with_: Metadata,
    ) => ClientReadableStream<StreamedResponse>;
    this.call = open({ part: ['id', 'snippet', 'authorDetails'], ...request }, given);
    this.call.on('data', (response: StreamedResponse) => this.responses.push(response));
    this.call.on('error', () => {});
    this.call.on('status', ({ code }) => {
      this.code = code;
    });
  }

  get items(): StreamedItem[] {
    return this.responses.flatMap(({ items }) => items);
  }

  get texts(): unknown[] {
    return this.items.filter(({ snippet }) => snippet.type === TEXT).map(({ snippet }) => snippet.displayMessage);
  }

  /** The first response is there. */
  begun(): Promise<void> {
    return until(() => this.responses.length > 0);
  }

  async ended(): Promise<number | null> {
    await until(() => this.code !== null);
    return this.code;
  }

  async said(...texts: string[]): Promise<void> {
    await vi.waitFor(() => {
      if (this.texts.join('\n') !== texts.join('\n')) throw new Error(`not yet: ${this.texts.join(' | ')}`);
    });
  }
}

export function bearer(access: string): Record<string, string> {
  return { authorization: `Bearer ${access}` };
}

export async function until(check: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    if (!check()) throw new Error('not yet');
  });
}
