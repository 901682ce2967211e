/** How long a transaction may last in which one copy renews tokens while the others wait for its lock. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';

/** A copy whose host vanished in the middle must not keep the tokens from the others. */
const HELD_MAX_MS = 60_000;
/** Twice the platform's usual deadline; the pool gives up a connection without an answer after 30 s. */
const LOCK_WAIT_MS = 25_000;
/** The wait for a lock is part of the statement. */
const STATEMENT_MS = 28_000;

/** Call it before the lock is asked for: other statements give up sooner than a platform may think. */
export async function allowSlowRefresh(tx: Transaction<Database>): Promise<void> {
  await sql`
    select set_config('idle_in_transaction_session_timeout', ${String(HELD_MAX_MS)}, true),
      set_config('lock_timeout', ${String(LOCK_WAIT_MS)}, true),
      set_config('statement_timeout', ${String(STATEMENT_MS)}, true)
  `.execute(tx);
}
