/** VK Video Live in a worker: chats are read by pub/sub as the shared bot, and spoken to by the DevAPI. */
import { nameOfDefaultBot } from '../bot-names.ts';
import { CREDENTIAL_RETRY_MS } from '../no-credential.ts';
import type { ReadChannel, WorkerDeps, WorkerSide } from '../worker-side.ts';
import { type Ask, createDevApi, type DevApi } from './api.ts';
import { Directory } from './directory.ts';
import { createLiveStatus } from './live-status.ts';
import { createOAuth } from './oauth.ts';
import { autofillUrl } from './reading/autofill.ts';
import { Backfill } from './reading/backfill.ts';
import { EventCounts } from './reading/event-counts.ts';
import { Moved } from './reading/moved.ts';
import { Reader } from './reading/reader.ts';
import { Shards } from './reading/shards.ts';
import { createTokens } from './reading/tokens.ts';
import { createRoles, type VkRoles } from './roles/role-resolver.ts';
import { createSender } from './sender.ts';
import { apiBaseOf, vkvideoSettings } from './settings.ts';
import { StableIds } from './stable-ids.ts';

export function openWorkerSide(deps: WorkerDeps): WorkerSide {
  const { credentials, log } = deps;
  const settings = vkvideoSettings(deps.settings);
  const base = apiBaseOf(settings);
  const api = createDevApi(deps.http, base);
  // The shared bot reads for all: public chats need no rights of their own (docs/platforms/vkvideo.md#topology).
  const ask = api.asAccount(credentials, () => credentials.defaultSender());
  const stableIds = new StableIds(deps);
  const directory: Directory = new Directory({
    ...deps,
    ask,
    stableIds,
    changed: (channelId, info, before) => reader.learned(channelId, info, before),
    lost: (channelId, slug, error) => void reader.lost(channelId, slug, error),
  });
  const channelParameter = directory.channelParameter.bind(directory);
  const roles = openRoles(deps, { api, ask, channelParameter: (channel) => channelParameter(reader.known(channel)) });
  const counts = new EventCounts(log);
  const reader: Reader = new Reader({
    ...deps,
    directory,
    openShards: (listener) =>
      new Shards({
        ...deps,
        listener,
        url: settings.VKVIDEO_PUBSUB_WS_URL,
        tokens: createTokens(api, credentials, ask),
        renewAfterMs: settings.VKVIDEO_PUBSUB_REFRESH_SECONDS * 1000,
      }),
    moved: new Moved({ ...deps, api, directory }),
    autofill: (channel) => autofillUrl({ ...deps, api }, channel),
    chat: {
      ...deps,
      counts,
      backfill: new Backfill({ ...deps, ask, channelParameter }),
      carriedRoles: ({ message, roleIds }) => roles.carried(message.author, roleIds),
    },
  });
  followSharedAccount(deps, reader);
  return {
    reader,
    sender: createSender({
      ...deps,
      api,
      directory,
      hasBase: base !== null,
      known: (channel) => reader.known(channel),
    }),
    liveStatus: createLiveStatus(deps, directory, (channel) => reader.known(channel)),
    roleResolver: roles.resolver,
    // Ids of channels and of users are both numbers: channels are followed by their row's id (`reading/moved.ts`).
    names: nameOfDefaultBot(credentials, createOAuth(deps).identify),
    async close() {
      reader.close();
      stableIds.close();
      log.info('vkvideo_pubsub.events', counts.all());
    },
  };
}

interface Asking {
  readonly api: DevApi;
  readonly ask: Ask;
  readonly channelParameter: (channel: ReadChannel) => string | null;
}

function openRoles(deps: WorkerDeps, { api, ask, channelParameter }: Asking): VkRoles {
  const { credentials } = deps;
  const settings = vkvideoSettings(deps.settings);
  return createRoles({
    ...deps,
    stubs: settings.VKVIDEO_ROLE_STUBS_JSON,
    cacheMs: settings.VKVIDEO_USER_ROLES_CACHE_TTL_MS,
    template: settings.VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE,
    channelParameter,
    asks: { asBot: ask, asOwner: ({ channelId }) => api.asAccount(credentials, () => credentials.owner(channelId)) },
  });
}

/** Reading goes on with whichever account speaks for all. */
function followSharedAccount({ credentials, clock, log }: WorkerDeps, reader: Reader): void {
  let looks = 0;
  const look = async (number: number): Promise<void> => {
    const sender = await credentials.defaultSender().catch((error: unknown) => {
      log.warn('vkvideo.bot_token.db_credential_lookup_failed', { error });
      return 'unavailable' as const;
    });
    if (number !== looks || reader.isClosed) return;
    if (sender !== 'unavailable') return reader.accountChanged(sender === 'none' ? null : sender.key);
    // The account before reads on until it is known who reads next.
    clock.setTimer(CREDENTIAL_RETRY_MS, () => void look(number), { unref: true });
  };
  credentials.onDefaultSenderChanged(() => {
    looks += 1;
    void look(looks);
  });
}
