/** Marks lines of the inbox that need no answer: all that are done within one tick in one statement. */
import type pg from 'pg';
import { backoffMs } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';

interface MarkDeps {
  readonly pg: pg.Pool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly startNumber: () => number | null;
}

const RETRY = { firstMs: 250, longestMs: 5000 };

export class Marks {
  readonly #deps: MarkDeps;
  #waiting: number[] = [];
  #written = Promise.withResolvers<void>();
  #isWriting = false;
  #isStopped = false;

  constructor(deps: MarkDeps) {
    this.#deps = deps;
  }

  /** Resolves once they are marked, or once it does not matter any more; waits out a lost database. */
  write(seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0 || this.#isStopped) return Promise.resolve();
    this.#waiting.push(...seqs);
    const { promise } = this.#written;
    if (!this.#isWriting) {
      this.#isWriting = true;
      setImmediate(() => void this.#flush());
    }
    return promise;
  }

  /** What is not marked yet will be read once more by the next worker, which answers nothing twice. */
  stop(): void {
    this.#isStopped = true;
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const seqs = this.#waiting;
      const { resolve } = this.#written;
      this.#waiting = [];
      this.#written = Promise.withResolvers();
      await this.#mark(seqs);
      resolve();
    }
    this.#isWriting = false;
  }

  async #mark(seqs: readonly number[]): Promise<void> {
    const { pg, clock, random, log, logPrefix, startNumber } = this.#deps;
    for (let failures = 0; ; ) {
      try {
        await pg.query({ name: 'inbox marks', text: MARK, values: [seqs, clock.now(), startNumber()] });
        return;
      } catch (error) {
        failures += 1;
        if (this.#isStopped) return;
        if (failures === 1) log.warn(`${logPrefix}inbox_mark_failed`, { deliveries: seqs.length, error });
        await clock.sleep(backoffMs(failures, RETRY, random));
      }
    }
  }
}

// $1 places, $2 now, $3 our start number. Whoever holds the channel by now reads again what we did not mark in time.
const MARK = `
  update "WebhookInbox" i set status = 'processed', "processedAt" = $2
  from "BotChannelLease" lease
  where i.seq = any($1::bigint[]) and i.status = 'pending'
    and lease.provider = i.provider and lease."channelId" = i."channelId" and lease."startNumber" = $3`;
