/** Transactions that the server may end for a deadlock, which the next try does not meet. */
import type { Transaction } from 'kysely';
import { isDeadlock } from './failures.ts';
import type { Db } from './pool.ts';
import type { Database } from './tables.ts';

/**
 * One that was chosen to lose a deadlock is made once more: whoever won it has gone on by then.
 *
 * @param work may run twice: nothing outside the transaction may depend on how often
 */
export function inTransaction<T>(db: Db, work: (tx: Transaction<Database>) => Promise<T>): Promise<T> {
  return onceMoreAfterDeadlock(() => db.transaction().execute(work));
}

/** @param work nothing of it may last that was done before a deadlock */
export async function onceMoreAfterDeadlock<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDeadlock(error)) return work();
    throw error;
  }
}
