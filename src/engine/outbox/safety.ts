/** Finds what no hint told of: new channels, lost hints, expired messages, old ones. */
import type pg from 'pg';
import { isMissingSchema } from '../../db/failures.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { Lanes } from './lanes.ts';
import { pruneOutbox } from './retention.ts';
import type { SpeakingChannel } from './row.ts';
import type { Statements } from './statements.ts';

interface SafetyDeps {
  /** Woken where there is something to do. */
  readonly lanes: Lanes;
  readonly pg: pg.Pool;
  readonly statements: Statements;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly platform: Pick<Platform, 'noSenderReason' | 'tables'>;
  readonly channels: { held(): ReadonlyMap<ChannelId, SpeakingChannel>; onChange(listener: () => void): void };
  readonly startNumber: () => number | null;
  readonly isListening: () => boolean;
  readonly pollMs: number;
}

interface WaitingHead {
  readonly channelId: ChannelId;
  readonly status: 'pending' | 'processing';
  readonly lastError: string | null;
  readonly nextAttemptAt: Date;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly hasExpiredAnswer: boolean;
}

/** While hints arrive this only heals what was missed. */
const LISTENING_POLL_MS = 30_000;
/** A missing sender may come without a hint: from the environment, or when a token endpoint is back. */
const SENDER_RETRY_MS = 5000;
const PRUNE_EVERY_MS = 60 * 60 * 1000;

export class Safety {
  readonly #deps: SafetyDeps;
  #known: ReadonlySet<ChannelId> = new Set();
  /** To be looked at in the next look; null is all of them. */
  #wanted: Set<ChannelId> | null = new Set();
  #isLooking = false;
  #timer: Timer | null = null;
  #lastPollMs: number;
  #lastPruneMs: number;
  #isStopped = false;
  oldestWaitingSince: Date | null = null;
  /** Messages that ended here, without a send. */
  expired = 0;

  constructor(deps: SafetyDeps) {
    this.#deps = deps;
    this.#lastPollMs = deps.clock.monotonicMs();
    this.#lastPruneMs = this.#lastPollMs;
    deps.channels.onChange(() => this.#lookAtNew());
    this.#lookAtNew();
    this.#schedule();
  }

  lookAtAll(): void {
    this.#wanted = null;
    this.#planLook();
  }

  look(channelId: ChannelId): void {
    this.#wanted?.add(channelId);
    this.#planLook();
  }

  /** Ends the expired messages of these channels, with the platform's last reason where there is one. */
  async expire(channelIds: readonly ChannelId[]): Promise<void> {
    const { pg, statements, clock, platform, lanes, startNumber, log, logPrefix } = this.#deps;
    const reasons = channelIds.map((id) => (lanes.lacksSender(id) ? platform.noSenderReason : 'expired'));
    try {
      const { rows } = await pg.query<{ id: string; channelId: ChannelId; attempts: number; lastError: string }>({
        ...statements.expire,
        values: [channelIds, reasons, clock.now(), startNumber()],
      });
      this.expired += rows.length;
      for (const { id, channelId, attempts, lastError } of rows) {
        const fields = { channelId, outboxId: id, status: 'failed', attempts, errorMessage: lastError };
        log.warn(`${logPrefix}outbox_send_failed`, fields);
      }
      const ended = new Set(rows.map(({ channelId }) => channelId));
      for (const channelId of channelIds) {
        // A row that somebody may still be sending stays. Looking again at once would go on until it is settled.
        if (lanes.lacksSender(channelId) && !ended.has(channelId)) lanes.wait(channelId, SENDER_RETRY_MS);
        else this.#due(channelId);
      }
    } catch (error) {
      log.warn(`${logPrefix}outbox_expire_failed`, { error });
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #lookAtNew(): void {
    const held = this.#deps.channels.held();
    for (const channelId of held.keys()) if (!this.#known.has(channelId)) this.look(channelId);
    this.#known = new Set(held.keys());
  }

  #schedule(): void {
    this.#timer = this.#deps.clock.setTimer(this.#deps.pollMs, () => this.#poll(), { unref: true });
  }

  #poll(): void {
    this.#schedule();
    const nowMs = this.#deps.clock.monotonicMs();
    if (!this.#deps.isListening() || nowMs - this.#lastPollMs >= LISTENING_POLL_MS) {
      this.#lastPollMs = nowMs;
      this.lookAtAll();
    }
    if (nowMs - this.#lastPruneMs >= PRUNE_EVERY_MS) {
      this.#lastPruneMs = nowMs;
      void this.#prune();
    }
  }

  #planLook(): void {
    if (this.#isLooking || this.#isStopped) return;
    this.#isLooking = true;
    setImmediate(async () => {
      const wanted = this.#wanted;
      this.#wanted = new Set();
      await this.#look(wanted);
      this.#isLooking = false;
      if (this.#wanted === null || this.#wanted.size > 0) this.#planLook();
    });
  }

  async #look(wanted: ReadonlySet<ChannelId> | null): Promise<void> {
    const { pg, statements, clock, channels, log, logPrefix } = this.#deps;
    const held = channels.held();
    const channelIds = [...(wanted ?? held.keys())].filter((channelId) => held.has(channelId));
    const now = clock.now();
    try {
      const { rows } =
        channelIds.length === 0
          ? { rows: [] }
          : await pg.query<WaitingHead>({ ...statements.heads, values: [channelIds, now] });
      if (wanted === null) this.oldestWaitingSince = oldest(rows);
      const expired = rows
        .filter((head) => head.hasExpiredAnswer || isExpired(head, now))
        .map(({ channelId }) => channelId);
      for (const head of rows) if (!isExpired(head, now)) this.#tell(head, now);
      if (expired.length > 0) await this.expire(expired);
    } catch (error) {
      // Said by every other statement too; the next poll looks again.
      log.debug(`${logPrefix}outbox_look_failed`, { error });
    }
  }

  #tell({ channelId, status, lastError, nextAttemptAt, expiresAt }: WaitingHead, now: Date): void {
    const dueInMs = nextAttemptAt.getTime() - now.getTime();
    const { lanes } = this.#deps;
    if (lanes.lacksSender(channelId)) {
      const expiresInMs = (expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime();
      lanes.wait(channelId, Math.min(SENDER_RETRY_MS, expiresInMs));
    } else if (status === 'pending' && lastError !== null && dueInMs > 0) lanes.wait(channelId, dueInMs);
    else this.#due(channelId);
  }

  #due(channelId: ChannelId): void {
    const { channels, lanes } = this.#deps;
    if (channels.held().has(channelId)) lanes.wake(channelId);
  }

  async #prune(): Promise<void> {
    const { pg, platform, clock, log, logPrefix } = this.#deps;
    try {
      const rows = await pruneOutbox(pg, platform.tables, clock.now());
      if (rows > 0) log.info(`${logPrefix}outbox_pruned`, { rows });
    } catch (error) {
      if (!isMissingSchema(error)) log.warn(`${logPrefix}outbox_prune_failed`, { error });
    }
  }
}

function isExpired({ expiresAt }: WaitingHead, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function oldest(heads: readonly WaitingHead[]): Date | null {
  const times = heads.map(({ createdAt }) => createdAt.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times));
}
