/** Calls of the YouTube Data API: each is one request, paid for in the ledger before it is made. */
import type { youtube_v3 } from '@googleapis/youtube';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { CommonDeps } from '../../platform.ts';
import { type ChatPage, chatPage } from '../chat/chat.external.ts';
import { adapterOn, NO_RETRY } from '../google/transport.ts';
import { dataApi } from '../libraries.ts';
import type { Ledger, Method } from '../quota/ledger.ts';
import { youtubeSettings } from '../settings.ts';
import { meaningOf, reasonOf, UNITS_SPENT } from './refusal.ts';
import {
  type Broadcast,
  broadcastsAnswer,
  type ChannelProfile,
  channelsAnswer,
  insertAnswer,
} from './youtube.external.ts';

/** All of them: @throws PlatformRefused with Google's reason as `code`, or `UNITS_SPENT`; PlatformUnreachable */
export interface YouTubeApi {
  ownChannels(accessToken: string): Promise<readonly ChannelProfile[]>;
  /** Of channels that somebody else owns and this account manages. */
  managedChannels(accessToken: string): Promise<readonly ChannelProfile[]>;
  /** @param ids of any channels, at most 50 */
  channels(accessToken: string, ids: readonly string[]): Promise<readonly ChannelProfile[]>;
  /** Those of the token's owner that run right now, unlisted and private ones too. */
  activeBroadcasts(accessToken: string): Promise<readonly Broadcast[]>;
  messages(accessToken: string, liveChatId: string, pageToken: string | null): Promise<ChatPage>;
  /** @returns the message's id; null when the answer names none */
  insert(accessToken: string, liveChatId: string, text: string, timeoutMs: number): Promise<string | null>;
}

type Answer = { readonly status: number; readonly data: unknown };
type ApiDeps = Pick<CommonDeps, 'http' | 'settings'>;

/** Charging is per call, not per item: the most there may be. */
const MOST_MESSAGES = 2000;
const MOST_BROADCASTS = 50;
const MOST_CHANNELS = 50;

/** @param ledger absent where nobody keeps count: an account that is being linked */
export function createApi({ http, settings }: ApiDeps, ledger?: Ledger): YouTubeApi {
  const rootUrl = `${youtubeSettings(settings).YOUTUBE_API_BASE_URL}/`;
  let client: youtube_v3.Youtube | null = null;
  const google = () => {
    client ??= new (dataApi().youtube_v3.Youtube)({});
    return client;
  };
  // No auth object: with one, the library may refresh a token and repeat the call behind our back (docs/platforms/youtube.md#behaviour-of-google-auth-library).
  const options = (accessToken: string, timeoutMs?: number) => ({
    ...NO_RETRY,
    rootUrl,
    headers: { authorization: `Bearer ${accessToken}` },
    adapter: adapterOn(http, timeoutMs),
    validateStatus: () => true,
  });
  const paid = (method: Method, call: () => Promise<Answer>) => pay(ledger, method, call);

  return {
    async ownChannels(accessToken) {
      const params = { part: ['id', 'snippet'], mine: true };
      const data = await paid('channels.list', () => google().channels.list(params, options(accessToken)));
      return channelsAnswer.parse(data).items;
    },
    async managedChannels(accessToken) {
      const params = { part: ['id', 'snippet'], managedByMe: true };
      const data = await paid('channels.list', () => google().channels.list(params, options(accessToken)));
      return channelsAnswer.parse(data).items;
    },
    async channels(accessToken, ids) {
      const params = { part: ['id', 'snippet'], id: [...ids], maxResults: MOST_CHANNELS };
      const data = await paid('channels.list', () => google().channels.list(params, options(accessToken)));
      return channelsAnswer.parse(data).items;
    },
    async activeBroadcasts(accessToken) {
      const params = {
        part: ['id', 'snippet', 'status'],
        broadcastStatus: 'active',
        // Left out, "stream now" broadcasts are hidden (docs/platforms/youtube.md#pitfalls).
        broadcastType: 'all',
        maxResults: MOST_BROADCASTS,
      };
      const data = await paid('liveBroadcasts.list', () => google().liveBroadcasts.list(params, options(accessToken)));
      return broadcastsAnswer.parse(data);
    },
    async messages(accessToken, liveChatId, pageToken) {
      const params = {
        liveChatId,
        part: ['id', 'snippet', 'authorDetails'],
        maxResults: MOST_MESSAGES,
        ...(pageToken === null ? {} : { pageToken }),
      };
      const data = await paid('liveChatMessages.list', () =>
        google().liveChatMessages.list(params, options(accessToken)),
      );
      return chatPage.parse(data);
    },
    async insert(accessToken, liveChatId, messageText, timeoutMs) {
      const requestBody = { snippet: { liveChatId, type: 'textMessageEvent', textMessageDetails: { messageText } } };
      const data = await paid('liveChatMessages.insert', () =>
        google().liveChatMessages.insert({ part: ['snippet'], requestBody }, options(accessToken, timeoutMs)),
      );
      return insertAnswer.safeParse(data).data?.id ?? null;
    },
  };
}

async function pay(ledger: Ledger | undefined, method: Method, call: () => Promise<Answer>): Promise<unknown> {
  if (ledger !== undefined && !(await ledger.take(method))) {
    throw new PlatformRefused('the units of this day are spent', { status: 403, code: UNITS_SPENT });
  }
  const { status, data } = await call().catch(silenceIn);
  if (status < 300) return data;
  const reason = reasonOf(status, data);
  const sentence = `YouTube API error: ${status} ${reason}`;
  const meaning = meaningOf(status, reason);
  if (meaning === 'quota') ledger?.refused();
  if (meaning === 'outage') throw new PlatformUnreachable(sentence);
  throw new PlatformRefused(sentence, { status, code: reason });
}

/** Our client's own word, out of the library's wrapping. */
function silenceIn(error: unknown): never {
  const cause = error instanceof Error ? error.cause : null;
  throw cause instanceof PlatformUnreachable ? cause : error;
}
