/** Deletes messages whose fate nobody will ask about any more (workers G10). */
import type pg from 'pg';
import type { Statements } from './statements.ts';

const KEPT_MS = 14 * 24 * 60 * 60 * 1000;
const ROWS_AT_ONCE = 1000;

/** Small steps: a long delete would hold back everybody's vacuum. @returns how many rows went */
export async function pruneOutbox(pool: pg.Pool, statements: Statements, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEPT_MS);
  for (let pruned = 0; ; ) {
    const { rowCount } = await pool.query({ ...statements.prune, values: [before, ROWS_AT_ONCE] });
    pruned += rowCount ?? 0;
    if ((rowCount ?? 0) < ROWS_AT_ONCE) return pruned;
  }
}
