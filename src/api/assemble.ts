/** Puts the API together and lets it listen: the process and the tests start the very same thing. */
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import type { StartCompanion } from '../credits/companion.ts';
import { createOverlayFeed } from '../credits/overlay-feed.ts';
import { createCreditsRoll } from '../credits/roll.ts';
import { ClockWatch } from '../db/clock-watch.ts';
import { type Listener, listen } from '../db/listen.ts';
import { createPool } from '../db/pool.ts';
import { codesOf } from '../db/session.ts';
import { askForLook } from '../engine/diagnosis/ask-for-look.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { platforms } from '../platforms/all.ts';
import type { ProcessState } from './context.ts';
import { hintEvents } from './hints.ts';
import { type Hosting, hostPlatforms } from './hosting.ts';
import { startJobs } from './jobs.ts';
import { EventStreams } from './plugins/event-streams.ts';
import { createChannelFeed } from './routes/events-feed.ts';
import { databaseTrouble } from './routes/health.ts';
import { serverRules, tokenSeal } from './rules.ts';
import { buildServer } from './server.ts';
import { createSelf, createSnapshots, enabledBots } from './snapshots.ts';

export interface ApiDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
  readonly companion?: StartCompanion;
}

export interface RunningApi {
  readonly port: number;
  /** Answers what it is answering, then lets go of everything. */
  close(): Promise<void>;
}

/**
 * Needs no database to start: until there is one, routes answer that it is missing.
 *
 * @throws Error with a sentence for the operator: an unusable DATABASE_URL, a port that is taken
 */
export async function startApi({ config, clock, log, random, companion: start }: ApiDeps): Promise<RunningApi> {
  const { values } = config;
  const databaseUrl = values.DATABASE_URL ?? '';
  const pool = createPool(databaseUrl, {
    applicationName: 'memalerts-api',
    slowMs: values.DB_SLOW_MS ?? (config.isProduction ? 200 : 100),
    log,
  });
  const { db } = pool;
  const seal = tokenSeal(config);
  const roll = createCreditsRoll(db, clock, platforms);
  let listener: Listener | null = null;
  const isListening = () => listener?.isHealthy ?? false;
  const overlay = createOverlayFeed({ db, roll, clock, log, isListening });

  let clockWatch: ClockWatch | null = null;
  const state = (): ProcessState => {
    const { reasons, warnings } = codesOf(listener?.trouble ?? null);
    return { reasons, warnings: [...warnings, ...(clockWatch?.warnings ?? [])] };
  };

  let hosting: Hosting = { platforms: [], credentials: new Map() };
  const known = { seal, state, platforms: () => hosting.platforms };
  const snapshot = createSnapshots({ ...known, pg: pool.pg });
  const events = createChannelFeed({ db, platforms, bots: enabledBots(snapshot), clock, log, isListening });
  const rules = serverRules(config, db, seal);
  if (values.SOCKET_ORIGINS_LOG) log.info('api.allowed_origins', { origins: [...rules.origins.allowed] });
  const { app, context } = await buildServer(rules, { clock, log }, (callers) => {
    hosting = hostPlatforms({ config, db, clock, log, random, seal }, callers);
    return {
      db,
      pg: pool.pg,
      clock,
      log,
      callers,
      platforms: hosting.platforms,
      roll,
      overlay,
      events,
      streams: new EventStreams(clock),
      state,
      self: createSelf(known),
      snapshot,
      // A database that does not answer is told of by the snapshot.
      askForLook: (whose) => askForLook(pool.pg, whose).catch(() => {}),
    };
  });
  app.addHook('preClose', async () => {
    overlay.close();
    events.close();
  });

  try {
    await app.listen({ port: values.PORT, host: values.HOST });
  } catch (error) {
    await pool.end();
    throw error;
  }
  const forCompanion = { platformSettings: config.platform, httpTimeoutMs: values.CHATBOT_HTTP_TIMEOUT_MS };
  const companion = start?.({ ...forCompanion, db, seal, roll, clock, log, random }) ?? null;
  const jobs = startJobs({ databaseUrl, clock, log, random, platforms: context.platforms });
  const { reconcile } = jobs;
  const readers = { ...hosting, callers: context.callers, reconcile, companion, roll, overlay, events };
  listener = listen(
    databaseUrl,
    { ...hintEvents(readers), cannotWrite: () => pool.renew() },
    {
      applicationName: 'memalerts-api-hints',
      clock,
      random,
      log,
    },
  );
  clockWatch = new ClockWatch({ pg: pool.pg, clock, log, logPrefix: 'api.' });
  const { port } = app.server.address() as AddressInfo;
  // Whoever asks no `/readyz` reads in the log what is missing.
  void databaseTrouble(context);

  return {
    port,
    async close() {
      await app.close();
      clockWatch.stop();
      await companion?.stop();
      for (const { looks } of hosting.platforms) looks.stop();
      await jobs.stop();
      await listener?.close();
      await pool.end();
    },
  };
}
