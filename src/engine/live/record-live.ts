/** Stores what a platform says about a channel's stream, and moves the stream run and the credits roll with it. */
import { sql, type Transaction } from 'kysely';
import { applyLiveBoundary } from '../../credits/boundary.ts';
import type { Db } from '../../db/pool.ts';
import type { Database } from '../../db/tables.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LiveFact } from '../../platforms/worker-side.ts';
import { readDurationSettings } from '../duration/settings.ts';
import { type FactSource, judgeFact, type StoredFact } from './judge-fact.ts';
import { advanceRun, LIVE_STATE_LIFE_MS, later, type StreamRun } from './stream-run.ts';

export interface RecordLiveDeps {
  readonly db: Db;
  readonly clock: Clock;
}

export interface RecordLiveOptions {
  /** `event` when absent. */
  readonly source?: FactSource;
  /** The fence of a worker: nothing is written once another start holds the channel's lease. */
  readonly startNumber?: number;
}

/**
 * One fact, in one transaction; facts of one channel follow one another over all processes.
 *
 * Doubled and outdated facts change nothing. A channel that is gone is no error.
 */
export async function recordLive(
  { db, clock }: RecordLiveDeps,
  provider: ProviderId,
  channelId: ChannelId,
  fact: LiveFact,
  { source = 'event', startNumber }: RecordLiveOptions = {},
): Promise<void> {
  const now = clock.now();
  // Most facts repeat what is known: those take no lock.
  const known = await readFacts(db, channelId, now);
  if (judgeFact(known.get(provider) ?? null, fact, source, now).kind === 'ignore') return;

  await db.transaction().execute(async (tx) => {
    const breakCreditMinutes = await lockChannel(tx, channelId);
    if (breakCreditMinutes === null) return;
    if (startNumber !== undefined && !(await holdsLease(tx, provider, channelId, startNumber))) return;
    const facts = await readFacts(tx, channelId, now);
    const verdict = judgeFact(facts.get(provider) ?? null, fact, source, now);
    if (verdict.kind === 'ignore') return;
    facts.set(provider, { isLive: fact.isLive, since: verdict.since, seenAt: now });
    await sql`
      insert into "ChannelLiveState" ("channelId", provider, "isLive", since, "seenAt")
      values (${channelId}, ${provider}, ${fact.isLive}, ${verdict.since}, ${now})
      on conflict ("channelId", provider) do update set
        "isLive" = excluded."isLive", since = excluded.since, "seenAt" = excluded."seenAt"
    `.execute(tx);
    await moveRun(tx, channelId, [...facts.values()], verdict.since, breakCreditMinutes, now);
  });
}

/** Nobody watches the stream there any more: what was known of it no longer counts. */
export async function forgetLive(
  { db, clock }: RecordLiveDeps,
  provider: ProviderId,
  channelId: ChannelId,
): Promise<void> {
  const now = clock.now();
  await db.transaction().execute(async (tx) => {
    const breakCreditMinutes = await lockChannel(tx, channelId);
    if (breakCreditMinutes === null) return;
    const { rows } = await sql<{ isLive: boolean }>`
      delete from "ChannelLiveState" where "channelId" = ${channelId} and provider = ${provider} returning "isLive"
    `.execute(tx);
    if (rows[0]?.isLive !== true) return;
    const others = await readFacts(tx, channelId, now);
    await moveRun(tx, channelId, [...others.values()], now, breakCreditMinutes, now);
  });
}

/** The channel is live while any of its platforms says so; only the boundary of that union moves run and roll. */
async function moveRun(
  tx: Transaction<Database>,
  channelId: ChannelId,
  facts: readonly StoredFact[],
  since: Date,
  breakCreditMinutes: number,
  now: Date,
): Promise<void> {
  const isLive = facts.some((fact) => fact.isLive);
  // The last platform to end closes the run, whichever of the ends was heard of last.
  const at = isLive ? since : facts.map((fact) => fact.since).reduce(later, since);
  const run = await readRun(tx, channelId, now);
  const next = advanceRun(run, isLive, at, breakCreditMinutes);
  if (next === null) {
    if (isLive) await sql`update "StreamRun" set "updatedAt" = ${now} where "channelId" = ${channelId}`.execute(tx);
    return;
  }
  await storeRun(tx, channelId, next, now);
  const boundaryAt = next.segmentStartedAt ?? next.offlineAt;
  if ((isLive || run !== null) && boundaryAt !== null) {
    await applyLiveBoundary(tx, { channelId, isLive, at: boundaryAt, now });
  }
}

/** @returns minutes of a break that do not end the run; null when the channel is gone */
async function lockChannel(tx: Transaction<Database>, channelId: ChannelId): Promise<number | null> {
  const { rows } = await sql<{ durationJson: string | null }>`
    select "streamDurationCommandJson" as "durationJson" from "Channel" where id = ${channelId} for no key update
  `.execute(tx);
  return rows[0] === undefined ? null : readDurationSettings(rows[0].durationJson).breakCreditMinutes;
}

/** Locked so that a take-over waits for what is being written. */
async function holdsLease(
  tx: Transaction<Database>,
  provider: ProviderId,
  channelId: ChannelId,
  startNumber: number,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from "BotChannelLease"
    where provider = ${provider} and "channelId" = ${channelId} and "startNumber" = ${startNumber} for share
  `.execute(tx);
  return rows.length > 0;
}

async function readFacts(db: Db, channelId: ChannelId, now: Date): Promise<Map<string, StoredFact>> {
  const { rows } = await sql<StoredFact & { provider: string }>`
    select provider, "isLive", since, "seenAt" from "ChannelLiveState"
    where "channelId" = ${channelId} and (not "isLive" or "seenAt" > ${forgottenBefore(now)})
  `.execute(db);
  return new Map(rows.map(({ provider, ...fact }) => [provider, fact]));
}

async function readRun(tx: Transaction<Database>, channelId: ChannelId, now: Date): Promise<StreamRun | null> {
  const { rows } = await sql<StreamRun>`
    select "runId", status, "startedAt", "onlineMs", "segmentStartedAt", "offlineAt" from "StreamRun"
    where "channelId" = ${channelId} and "updatedAt" > ${forgottenBefore(now)}
  `.execute(tx);
  return rows[0] ?? null;
}

async function storeRun(tx: Transaction<Database>, channelId: ChannelId, run: StreamRun, now: Date): Promise<void> {
  await sql`
    insert into "StreamRun" ("channelId", "runId", status, "startedAt", "onlineMs", "segmentStartedAt", "offlineAt", "updatedAt")
    values (${channelId}, ${run.runId}, ${run.status}, ${run.startedAt}, ${run.onlineMs}, ${run.segmentStartedAt},
      ${run.offlineAt}, ${now})
    on conflict ("channelId") do update set
      "runId" = excluded."runId", status = excluded.status, "startedAt" = excluded."startedAt",
      "onlineMs" = excluded."onlineMs", "segmentStartedAt" = excluded."segmentStartedAt",
      "offlineAt" = excluded."offlineAt", "updatedAt" = excluded."updatedAt"
  `.execute(tx);
}

function forgottenBefore(now: Date): Date {
  return new Date(now.getTime() - LIVE_STATE_LIFE_MS);
}
