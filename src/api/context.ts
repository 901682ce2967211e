/** What every route file of the core gets handed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type pg from 'pg';
import type { StoredSenders } from '../accounts/senders-stored.ts';
import type { OverlayFeed } from '../credits/overlay-feed.ts';
import type { CreditsRoll } from '../credits/roll.ts';
import type { Db } from '../db/pool.ts';
import type { askForLook } from '../engine/diagnosis/ask-for-look.ts';
import type { Snapshot, ToldFact } from '../engine/diagnosis/snapshot.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { PacedWishes } from '../lib/paced-wishes.ts';
import type { PlatformOAuth } from '../platforms/account-side.ts';
import type { ApiSide } from '../platforms/api-side.ts';
import type { CauseCode } from '../platforms/causes/cause.ts';
import type { PlatformDescription, PlatformLimits } from '../platforms/platform.ts';
import type { Callers } from './plugins/callers.ts';
import type { EventStreams } from './plugins/event-streams.ts';
import type { ChannelFeed } from './routes/events-feed.ts';

/** Fastify with routes typed by their zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyInstance['log'],
  ZodTypeProvider
>;

/** A platform as this API process runs it. */
export interface HostedPlatform {
  readonly description: PlatformDescription;
  readonly side: ApiSide;
  readonly limits: PlatformLimits;
  /** Absent while accounts of the platform cannot be linked. */
  readonly oauth?: PlatformOAuth;
  /** Wishes that the side looks at a channel. */
  readonly looks: PacedWishes<ChannelId>;
  /** Which account speaks in a channel, and why. */
  readonly senders: StoredSenders;
}

/** What this process knows of its own state, as codes for `/readyz`. */
export interface ProcessState {
  /** Why it is not ready, besides what `/readyz` itself asks of the database. */
  readonly reasons: readonly CauseCode[];
  /** What an operator should look at although the process is ready. */
  readonly warnings: readonly CauseCode[];
}

export interface ApiContext {
  readonly db: Db;
  /** For statements whose plan is kept. */
  readonly pg: pg.Pool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly callers: Callers;
  /** In display order. */
  readonly platforms: readonly HostedPlatform[];
  readonly roll: CreditsRoll;
  readonly overlay: OverlayFeed;
  readonly events: ChannelFeed;
  readonly streams: EventStreams;
  readonly state: () => ProcessState;
  /** Names of its encryption keys, and what it knows that explains a silent bot. */
  readonly self: () => { readonly keys: readonly string[]; readonly told: readonly ToldFact[] };
  /** What a diagnosis of these channels is made from; null: of every channel with a bot. Never rejects for what the database says. */
  readonly snapshot: (channelIds: readonly ChannelId[] | null) => Promise<Snapshot>;
  /** Somebody asks how bots are: what platforms deliver is compared. Never rejects, and nobody has to wait for it. */
  readonly askForLook: (whose: Parameters<typeof askForLook>[1]) => Promise<void>;
}

/** The hosted platform of a path or body value, or undefined; case and white space are forgiven. */
export function findPlatform(context: ApiContext, provider: string): HostedPlatform | undefined {
  const wanted = provider.trim().toLowerCase();
  return context.platforms.find((platform) => platform.description.id === wanted);
}

/** The hosted platform of a path or query value. @throws BadInput `VALIDATION_ERROR` that names the ones there are */
export function requirePlatform(context: ApiContext, provider: string): HostedPlatform {
  const platform = findPlatform(context, provider);
  if (platform !== undefined) return platform;
  const allowed = context.platforms.map(({ description }) => description.id);
  throw new BadInput('VALIDATION_ERROR', `provider must be one of ${allowed.join(', ')}`, {
    details: { field: 'provider', allowed },
  });
}
