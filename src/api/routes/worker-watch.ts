/** Notices workers that came or went: nothing in the database hints at a process that was killed or cut off. */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import { isAliveSql, leftToBeatMsSql } from '../../engine/worker/alive.ts';
import type { Clock, Timer } from '../../lib/clock.ts';

interface WorkerWatchDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly changed: () => void;
}

const EVERY_MS = 2_000;
/** After the moment at which a heartbeat is overdue: the database's clock is asked, and not ours. */
const MARGIN_MS = 50;

export class WorkerWatch {
  readonly #deps: WorkerWatchDeps;
  /** Start numbers of those that lived at the last look. */
  #living: string | null = null;
  #timer: Timer | null = null;
  /** Of the run that goes on; another one begins with a stop in between. */
  #run: object | null = null;

  constructor(deps: WorkerWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#run !== null) return;
    this.#run = {};
    this.#living = null;
    void this.#look(this.#run);
  }

  stop(): void {
    this.#run = null;
    this.#timer?.cancel();
  }

  async #look(run: object): Promise<void> {
    // A database that does not answer is noticed by whoever asks it for more.
    const workers = await readLiving(this.#deps.db).catch(() => null);
    if (this.#run !== run) return;
    if (workers !== null) {
      const living = workers.map(({ startNumber }) => startNumber).join();
      const isNews = this.#living !== null && this.#living !== living;
      this.#living = living;
      if (isNews) this.#deps.changed();
    }
    // The heartbeat that is due first tells when a process that vanished is known to be gone.
    const leftMs = Math.min(EVERY_MS, ...(workers ?? []).map((worker) => worker.leftMs + MARGIN_MS));
    this.#timer = this.#deps.clock.setTimer(leftMs, () => void this.#look(run), { unref: true });
  }
}

async function readLiving(db: Db): Promise<readonly { startNumber: number; leftMs: number }[]> {
  const { rows } = await sql<{ startNumber: number; leftMs: number }>`
    select w."startNumber", ${sql.raw(leftToBeatMsSql('w."heartbeatAt"'))} as "leftMs"
    from "BotWorker" w where ${sql.raw(isAliveSql('w."startNumber"'))} order by 1
  `.execute(db);
  return rows;
}
