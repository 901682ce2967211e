/** Opens the API side of every platform there is. */
import { type Credentials, createCredentialSource } from '../accounts/credentials.ts';
import { StoredSenders } from '../accounts/senders-stored.ts';
import type { Config } from '../config.ts';
import { isMissingSchema, isUnavailable } from '../db/failures.ts';
import type { Db } from '../db/pool.ts';
import { renameTarget } from '../engine/channels/rename.ts';
import { LOOK_DISTANCE_MS } from '../engine/diagnosis/ask-for-look.ts';
import { forgetLive, recordLive } from '../engine/live/record-live.ts';
import { enqueueOnce } from '../engine/outbox/queue.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import { createHttpClient } from '../lib/http.ts';
import type { Logger } from '../lib/logger.ts';
import { PacedWishes } from '../lib/paced-wishes.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import { platforms } from '../platforms/all.ts';
import type { ApiSide } from '../platforms/api-side.ts';
import type { CommonDeps, PlatformDescription } from '../platforms/platform.ts';
import type { HostedPlatform } from './context.ts';
import type { Callers } from './plugins/callers.ts';
import { outboxTtlMs, publicBaseUrl } from './rules.ts';

export interface HostDeps {
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly seal: TokenSeal;
}

export interface Hosting {
  readonly platforms: readonly HostedPlatform[];
  /** Of the platforms whose accounts can be linked; to be told of hints. */
  readonly credentials: ReadonlyMap<string, Credentials>;
}

export function hostPlatforms(deps: HostDeps, callers: Callers): Hosting {
  const credentials = new Map<string, Credentials>();
  const hosted = platforms.map((description) => {
    const common = {
      settings: deps.config.platform(description.id),
      clock: deps.clock,
      http: createHttpClient(deps.config.values.CHATBOT_HTTP_TIMEOUT_MS),
      log: deps.log,
      random: deps.random,
    };
    const oauth = description.oauth?.(common);
    const parts = {
      ...common,
      ...deps,
      platform: description,
      ...(description.legacySender === undefined
        ? {}
        : { legacySender: async (db: Db) => description.legacySender?.({ ...common, db }) ?? null }),
    };
    // The API sends nothing: refreshing a bot's token is its worker's business.
    const source = oauth === undefined ? null : createCredentialSource({ ...parts, oauth, announces: false });
    if (source !== null) credentials.set(description.id, source);
    const senders = new StoredSenders(parts);
    return { ...host(deps, description, common, source, callers), senders, ...(oauth === undefined ? {} : { oauth }) };
  });
  return { platforms: hosted, credentials };
}

function host(
  { config, db, clock, log }: HostDeps,
  description: PlatformDescription,
  common: CommonDeps,
  source: Credentials | null,
  callers: Callers,
): Pick<HostedPlatform, 'description' | 'side' | 'limits' | 'looks'> {
  const limits = description.limits(common.settings);
  const ttlMs = outboxTtlMs(config.values);
  const looks = new PacedWishes<ChannelId>({
    clock,
    distanceMs: LOOK_DISTANCE_MS,
    fulfil: (channelId) => void look(side, channelId, log),
  });
  const side: ApiSide = description.openApiSide({
    ...common,
    db,
    credentials: source ?? { owner: async () => 'none', renewed: async () => 'none' },
    lookSoon: (channelId) => looks.want(channelId),
    publicBaseUrl: publicBaseUrl(config.values),
    isProduction: config.isProduction,
    recordLive: (channelId, fact) => recordLive({ db, clock }, description.id, channelId, fact),
    forgetLive: (channelId) => forgetLive({ db, clock }, description.id, channelId),
    renamed: (channelId, from, to) => renameTarget({ ...common, db, platform: description }, channelId, from, to),
    enqueue: (tx, message) =>
      enqueueOnce(tx, description, limits.message, message, new Date(clock.now().getTime() + ttlMs)),
    streamer: (request) => callers.streamer(request),
  });
  return { description, side, limits, looks };
}

/** Never rejects: what is not compared now is in ten minutes. */
async function look(side: ApiSide, channelId: ChannelId, log: Logger): Promise<void> {
  try {
    await side.look?.(channelId);
  } catch (error) {
    const level = isMissingSchema(error) || isUnavailable(error) ? 'debug' : 'error';
    log[level]('api.look_failed', { channelId, error });
  }
}
