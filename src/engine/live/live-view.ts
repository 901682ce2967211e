/** What a worker knows of its channels' streams, in memory: a chat line asks no database. */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { LIVE_STATE_LIFE_MS } from './stream-run.ts';

export interface LiveSnapshot {
  /** Whether the channel is live on at least one of its platforms. */
  readonly isLive: boolean;
  /** Length of the run's closed segments; 0 when no run is known. */
  readonly onlineMs: number;
  /** Set while the channel is live. */
  readonly segmentStartedAt: Date | null;
  /** When the database said so. */
  readonly knownAt: Date;
}

export interface LiveView {
  /** Serves exactly these channels from now on: what is known is kept, the rest is read by one query. Never rejects. */
  load(channelIds: Iterable<ChannelId>): Promise<void>;
  /** A `live` hint arrived; null: any of them may have changed. Channels that are served are read again at once. */
  invalidate(channelId: ChannelId | null): void;
  /** At once when known. Null while the database cannot say: whoever needs to know stays silent then. */
  of(channelId: ChannelId): LiveSnapshot | null | Promise<LiveSnapshot | null>;
}

interface LiveViewDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
  /** Whether hints arrive; while they do not, nothing is believed for long. Always, when absent. */
  readonly isListening?: () => boolean;
}

const UNHINTED_LIFE_MS = 5000;
const PAUSE_AFTER_FAILURE_MS = 1000;
const WARN_EVERY_MS = 60_000;

export function createLiveView(deps: LiveViewDeps): LiveView {
  return new CachedLiveView(deps);
}

/** How long the stream has run, breaks left out. */
export function onlineMsAt({ onlineMs, segmentStartedAt }: LiveSnapshot, now: Date): number {
  return onlineMs + (segmentStartedAt === null ? 0 : Math.max(now.getTime() - segmentStartedAt.getTime(), 0));
}

interface Known {
  readonly snapshot: LiveSnapshot;
  /** Then it is read again: it is forgotten unless somebody confirmed it meanwhile. */
  readonly forgetAtMs: number;
}

class CachedLiveView implements LiveView {
  readonly #deps: LiveViewDeps;
  readonly #known = new Map<ChannelId, Known>();
  readonly #waiting = new Map<ChannelId, PromiseWithResolvers<LiveSnapshot | null>>();
  #held: ReadonlySet<ChannelId> = new Set();
  #wanted = new Set<ChannelId>();
  #reading: Promise<void> | null = null;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #silentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(deps: LiveViewDeps) {
    this.#deps = deps;
  }

  async load(channelIds: Iterable<ChannelId>): Promise<void> {
    this.#held = new Set(channelIds);
    for (const channelId of this.#known.keys()) if (!this.#held.has(channelId)) this.#known.delete(channelId);
    for (const channelId of this.#held) if (!this.#known.has(channelId)) this.#wanted.add(channelId);
    await this.#read();
  }

  invalidate(channelId: ChannelId | null): void {
    if (channelId === null) this.#known.clear();
    else this.#known.delete(channelId);
    if (channelId === null) for (const held of this.#held) this.#wanted.add(held);
    else if (this.#held.has(channelId) || this.#waiting.has(channelId)) this.#wanted.add(channelId);
    void this.#read();
  }

  of(channelId: ChannelId): LiveSnapshot | null | Promise<LiveSnapshot | null> {
    const known = this.#known.get(channelId);
    if (known !== undefined && this.#isFresh(known)) return known.snapshot;
    const waiting = this.#waiting.get(channelId);
    if (waiting !== undefined) return waiting.promise;
    if (this.#deps.clock.monotonicMs() < this.#pausedUntilMs) return null;
    const asked = Promise.withResolvers<LiveSnapshot | null>();
    this.#waiting.set(channelId, asked);
    this.#wanted.add(channelId);
    void this.#read();
    return asked.promise;
  }

  #isFresh({ snapshot, forgetAtMs }: Known): boolean {
    const nowMs = this.#deps.clock.now().getTime();
    const isHinted = this.#deps.isListening?.() ?? true;
    return nowMs < forgetAtMs && (isHinted || nowMs - snapshot.knownAt.getTime() < UNHINTED_LIFE_MS);
  }

  /** Never rejects. Everything asked for in one tick, or during a query, shares the next query. */
  #read(): Promise<void> {
    if (this.#wanted.size === 0) return this.#reading ?? Promise.resolve();
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    await Promise.resolve();
    while (this.#wanted.size > 0) {
      const asked = this.#wanted;
      this.#wanted = new Set();
      try {
        this.#learn(asked, await readStreams(this.#deps.db, [...asked], this.#deps.clock.now()));
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  #learn(asked: ReadonlySet<ChannelId>, found: ReadonlyMap<ChannelId, Known>): void {
    for (const channelId of asked) {
      const known = found.get(channelId);
      // A hint that came during the query: the answer may be from before the change.
      if (known === undefined || this.#wanted.has(channelId)) continue;
      if (this.#held.has(channelId)) this.#known.set(channelId, known);
      this.#waiting.get(channelId)?.resolve(known.snapshot);
      this.#waiting.delete(channelId);
    }
  }

  #fail(error: unknown): void {
    const { clock, log, logPrefix } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#pausedUntilMs = nowMs + PAUSE_AFTER_FAILURE_MS;
    this.#wanted.clear();
    for (const { resolve } of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
    if (nowMs < this.#silentUntilMs) return;
    this.#silentUntilMs = nowMs + WARN_EVERY_MS;
    log.warn(`${logPrefix}live_state_unavailable`, { error });
  }
}

interface StreamRow {
  readonly channelId: ChannelId;
  /** When the live platform that was confirmed longest ago was confirmed; null when none is live. */
  readonly confirmedAt: Date | null;
  readonly onlineMs: number | null;
  readonly segmentStartedAt: Date | null;
  readonly updatedAt: Date | null;
}

async function readStreams(db: Db, channelIds: ChannelId[], now: Date): Promise<ReadonlyMap<ChannelId, Known>> {
  const forgottenBefore = new Date(now.getTime() - LIVE_STATE_LIFE_MS);
  const { rows } = await sql<StreamRow>`
    select asked.channel_id as "channelId", live."confirmedAt", run."onlineMs", run."segmentStartedAt", run."updatedAt"
    from unnest(${channelIds}::text[]) as asked (channel_id)
    left join lateral (
      select min("seenAt") as "confirmedAt" from "ChannelLiveState"
      where "channelId" = asked.channel_id and "isLive" and "seenAt" > ${forgottenBefore}
    ) live on true
    left join "StreamRun" run on run."channelId" = asked.channel_id and run."updatedAt" > ${forgottenBefore}
  `.execute(db);
  return new Map(rows.map((row) => [row.channelId, toKnown(row, now)]));
}

function toKnown({ confirmedAt, onlineMs, segmentStartedAt, updatedAt }: StreamRow, now: Date): Known {
  const isLive = confirmedAt !== null;
  const oldest = Math.min(confirmedAt?.getTime() ?? Number.POSITIVE_INFINITY, updatedAt?.getTime() ?? now.getTime());
  return {
    snapshot: {
      isLive,
      onlineMs: onlineMs ?? 0,
      segmentStartedAt: isLive ? segmentStartedAt : null,
      knownAt: now,
    },
    forgetAtMs: oldest + LIVE_STATE_LIFE_MS,
  };
}
