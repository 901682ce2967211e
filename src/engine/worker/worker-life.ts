/** This start of a worker as the database knows it: its number, its heartbeat, and how many copies live beside it. */
import { hostname } from 'node:os';
import { isMissingSchema } from '../../db/failures.ts';
import type { Pool } from '../../db/pool.ts';
import type { ProviderId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { WorkerFacts } from '../diagnosis/snapshot.ts';
import { isAliveSql, isOverdueSql } from './alive.ts';

export interface WorkerLifeDeps {
  readonly pool: Pool;
  readonly provider: ProviderId;
  readonly logPrefix: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How far back messages count against the platform's limits. */
  readonly platformMemoryMs: number;
  /** From now on the database knows us under this number. */
  readonly registered: (startNumber: number) => void;
  /** After every heartbeat: the start numbers of the copies that live, ascending. */
  readonly seen: (copies: readonly number[]) => void;
  /** Others may have taken this copy for dead: what it was given may be somebody else's. */
  readonly wasOverdue: () => void;
  /** What the worker knows of itself; written with the heartbeat when it changed. */
  readonly facts: () => WorkerFacts;
}

const HEARTBEAT_MS = 5000;
/** What an operator does about tables that are missing. */
export const MIGRATE = 'pnpm memalerts migrate';

export class WorkerLife {
  readonly #deps: WorkerLifeDeps;
  #startNumber: number | null = null;
  #copies: readonly number[] = [];
  /** How many copies there were, and until when they were as many. */
  #formerCopies: readonly { readonly count: number; readonly untilMs: number }[] = [];
  #timer: Timer | null = null;
  #trouble: 'database_unavailable' | 'schema_missing' | null = null;
  #isStopped = false;
  #isBeating = false;
  #mustBeatAgain = false;
  /** As they are stored. */
  #facts: string | null = null;

  constructor(deps: WorkerLifeDeps) {
    this.#deps = deps;
  }

  /** Null until registered. */
  get startNumber(): number | null {
    return this.#startNumber;
  }

  /** Living copies of this worker, this one included; at least 1. */
  get copies(): number {
    return Math.max(1, this.#copies.length);
  }

  /**
   * Among how many the platform's limits are shared. A copy that is gone counts until the platform has forgotten what
   * it sent; one that is only not seen yet after an outage, too.
   */
  get limitSharers(): number {
    const sinceMs = this.#deps.clock.monotonicMs() - this.#deps.platformMemoryMs;
    const recent = this.#formerCopies.filter(({ untilMs }) => untilMs > sinceMs);
    return Math.max(this.copies, ...recent.map(({ count }) => count));
  }

  /** What keeps the worker from its database; null while it answers. */
  get trouble(): 'database_unavailable' | 'schema_missing' | null {
    return this.#trouble;
  }

  start(): void {
    void this.#beat();
  }

  /** Looks at once, for example after a hint that copies came or went. */
  look(): void {
    if (this.#isStopped) return;
    if (this.#isBeating) this.#mustBeatAgain = true;
    else {
      this.#timer?.cancel();
      void this.#beat();
    }
  }

  /** Others see at once that this copy is gone. */
  async end(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    if (this.#startNumber === null) return;
    await this.#deps.pool.pg.query('delete from "BotWorker" where "startNumber" = $1', [this.#startNumber]);
  }

  async #beat(): Promise<void> {
    this.#isBeating = true;
    try {
      if (this.#startNumber === null) await this.#register();
      else await this.#renew(this.#startNumber);
      this.#trouble = null;
    } catch (error) {
      this.#noticeTrouble(error);
    }
    this.#isBeating = false;
    if (this.#isStopped) return;
    const delayMs = this.#mustBeatAgain ? 0 : HEARTBEAT_MS;
    this.#mustBeatAgain = false;
    this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#beat(), { unref: true });
  }

  /** Logs each kind of trouble once until the database answers again. */
  #noticeTrouble(error: unknown): void {
    const trouble = isMissingSchema(error) ? 'schema_missing' : 'database_unavailable';
    if (this.#trouble === trouble) return;
    this.#trouble = trouble;
    const { log, logPrefix } = this.#deps;
    if (trouble === 'schema_missing') log.warn(`${logPrefix}schema_missing`, { fix: MIGRATE });
    else log.warn(`${logPrefix}database_unavailable`, { error });
  }

  async #register(): Promise<void> {
    const { pool, provider, registered } = this.#deps;
    const { rows } = await pool.pg.query<{ startNumber: number }>(
      'insert into "BotWorker" (provider, host, pid) values ($1, $2, $3) returning "startNumber"',
      [provider, hostname(), process.pid],
    );
    const [row] = rows;
    if (row === undefined || this.#isStopped) return;
    this.#startNumber = row.startNumber;
    this.#setCopies([row.startNumber]);
    registered(row.startNumber);
    this.#mustBeatAgain = true;
  }

  #setCopies(copies: readonly number[]): void {
    const { clock, platformMemoryMs } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (copies.length !== this.#copies.length) {
      const recent = this.#formerCopies.filter(({ untilMs }) => untilMs > nowMs - platformMemoryMs);
      this.#formerCopies = [...recent, { count: this.#copies.length, untilMs: nowMs }];
    }
    this.#copies = copies;
  }

  async #renew(startNumber: number): Promise<void> {
    const { pool, provider, seen, wasOverdue } = this.#deps;
    const facts = JSON.stringify(this.#deps.facts());
    const { rows } = await pool.pg.query<{ startNumber: number; wasOverdue: boolean }>({
      name: 'heartbeat',
      text: RENEW,
      values: [provider, startNumber, facts === this.#facts ? null : facts],
    });
    this.#facts = facts;
    const copies = rows.map((row) => row.startNumber);
    // Somebody removed our row, or the database was restored from a backup: a new life begins.
    if (!copies.includes(startNumber) && !this.#isStopped) {
      this.#startNumber = null;
      this.#facts = null;
      return this.#register();
    }
    this.#setCopies(copies);
    seen(copies);
    // A process that was stopped for a while finds the same copies, and its channels with another one.
    if (rows.some((row) => row.wasOverdue)) wasOverdue();
  }
}

const RENEW = `
  with before as (
    select ${isOverdueSql('"heartbeatAt"')} as "wasOverdue" from "BotWorker" where "startNumber" = $2
  ), beat as (
    update "BotWorker" set "heartbeatAt" = timezone('utc', now()), facts = coalesce($3::jsonb, facts)
    where "startNumber" = $2 returning "startNumber"
  )
  select "startNumber", "wasOverdue" from beat cross join before
  union all
  select w."startNumber", false from "BotWorker" w
  where w.provider = $1 and w."startNumber" <> $2 and ${isAliveSql('w."startNumber"')}
  order by 1`;
