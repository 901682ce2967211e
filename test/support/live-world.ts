/** Channels whose streams begin and end: a real database, and a clock the test moves. */
import { Writable } from 'node:stream';
import { sql } from 'kysely';
import { createPool, type Pool } from '../../src/db/pool.ts';
import { recordLive } from '../../src/engine/live/record-live.ts';
import { recordPolledLive } from '../../src/engine/live/record-polled.ts';
import type { ChannelId, ProviderId } from '../../src/lib/brand.ts';
import { createLogger, type Logger } from '../../src/lib/logger.ts';
import { ManualClock } from './manual-clock.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const north = 'north' as ChannelId;
export const twitch = 'twitch' as ProviderId;
export const kick = 'kick' as ProviderId;

export interface LiveWorld extends Pool {
  readonly clock: ManualClock;
  readonly log: Logger;
  /** Every log line written, parsed. */
  readonly lines: Record<string, unknown>[];
  /** A webhook says so; `at` is now unless given. */
  event(provider: ProviderId, isLive: boolean, at?: Date): Promise<void>;
  /** The worker with start number 7, which holds every channel, polled this. */
  poll(provider: ProviderId, isLive: boolean, at?: Date): Promise<void>;
  run(): Promise<Record<string, unknown> | undefined>;
  fact(provider: ProviderId): Promise<Record<string, unknown> | undefined>;
}

export const START = 7;

/** Empties the database and puts one channel into it, held by worker 7 on two platforms. */
export async function liveWorld(pool: Pool): Promise<LiveWorld> {
  await pool.pg.query('truncate "Channel", "User" cascade');
  await pool.pg.query(`insert into "Channel" (id, slug, name) values ('north', 'north', 'North')`);
  await pool.pg.query(`insert into "BotChannelLease" (provider, "channelId", "startNumber")
    values ('twitch', 'north', ${START}), ('kick', 'north', ${START})`);
  const clock = new ManualClock();
  const lines: Record<string, unknown>[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const log = createLogger({ level: 'debug', clock, output, errorOutput: output });
  const deps = { db: pool.db, clock };
  return {
    ...pool,
    clock,
    log,
    lines,
    event: (provider, isLive, at = clock.now()) => recordLive(deps, provider, north, { isLive, at }),
    poll: (provider, isLive, at = clock.now()) =>
      recordPolledLive(deps, provider, new Map([[north, { isLive, at }]]), START),
    async run() {
      const { rows } = await sql<Record<string, unknown>>`
        select * from "StreamRun" where "channelId" = ${north}`.execute(pool.db);
      return rows[0];
    },
    async fact(provider) {
      const { rows } = await sql<Record<string, unknown>>`
        select * from "ChannelLiveState" where "channelId" = ${north} and provider = ${provider}`.execute(pool.db);
      return rows[0];
    },
  };
}

export async function openLivePool(url: string): Promise<Pool> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const log = createLogger({ level: 'error', clock: new ManualClock(), output: silent, errorOutput: silent });
  return createPool(url, { applicationName: 'live-test', slowMs: 10_000, log });
}
