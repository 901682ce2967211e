/** Records what became of messages: everything that ends within one tick shares a statement. */
import type pg from 'pg';
import { backoffMs } from '../../lib/backoff.ts';
import type { ExternalAccountId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ClaimedRow, RowUpdate } from './row.ts';
import type { Statements } from './statements.ts';

interface ResultDeps {
  readonly pg: pg.Pool;
  readonly statements: Statements;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
}

interface Result {
  readonly row: ClaimedRow;
  readonly update: RowUpdate;
  readonly accountId: ExternalAccountId | null;
  readonly at: Date;
  readonly done: () => void;
}

const RETRY = { firstMs: 250, longestMs: 5000 };

export class ResultWriter {
  readonly #deps: ResultDeps;
  #waiting: Result[] = [];
  #isWriting = false;

  constructor(deps: ResultDeps) {
    this.#deps = deps;
  }

  /** Resolves once the outcome is stored, or another worker's claim has overtaken ours; waits out a lost database. */
  write(row: ClaimedRow, update: RowUpdate, accountId: ExternalAccountId | null): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ row, update, accountId, at: this.#deps.clock.now(), done });
      if (this.#isWriting) return;
      this.#isWriting = true;
      setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#record(batch);
      for (const { done } of batch) done();
    }
    this.#isWriting = false;
  }

  async #record(batch: readonly Result[]): Promise<void> {
    const { pg, statements, clock, random, log, logPrefix } = this.#deps;
    for (let failures = 0; ; ) {
      try {
        const { rows } = await pg.query<{ id: string }>({ ...statements.record, values: columns(batch) });
        if (rows.length === batch.length || failures > 0) return;
        const recorded = new Set(rows.map(({ id }) => id));
        for (const { row } of batch) {
          if (!recorded.has(row.id)) log.warn(`${logPrefix}outbox_claim_lost`, { outboxId: row.id });
        }
        return;
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn(`${logPrefix}outbox_record_failed`, { rows: batch.length, error });
        await clock.sleep(backoffMs(failures, RETRY, random));
      }
    }
  }
}

function columns(batch: readonly Result[]): unknown[] {
  const updates = batch.map(({ update }) => update);
  return [
    batch.map(({ row }) => row.id),
    batch.map(({ row }) => row.claimToken),
    updates.map(({ status }) => status),
    updates.map(({ attempts }) => attempts),
    updates.map((update) => (update.status === 'sent' ? null : update.lastError)),
    updates.map((update) => (update.status === 'pending' ? update.nextAttemptAt : null)),
    updates.map((update) => (update.status === 'sent' ? update.platformMessageId : null)),
    batch.map(({ accountId }) => accountId),
    batch.map(({ at }) => at),
    updates.map((update) => (update.status === 'pending' ? update.unconfirmed || null : null)),
  ];
}
