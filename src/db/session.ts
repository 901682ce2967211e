/** Whether a connection to the database is a session of its own, at a server that takes writes. */
import type pg from 'pg';
import { isReadOnly } from './failures.ts';

/** What can be wrong with the way to the database although it answers. */
export type Trouble = 'transaction_pooler' | 'cannot_write' | 'notifications_lost';

/** For operators: what is wrong, and what works. */
export const TROUBLES: Readonly<Record<Trouble, string>> = {
  transaction_pooler:
    'DATABASE_URL leads to a pooler in transaction mode, which loses notifications and locks. Connect to PostgreSQL itself, or to a pooler in session mode.',
  cannot_write: 'The database of DATABASE_URL takes no writes, because it is a standby or was made read-only.',
  notifications_lost:
    'Database notifications do not arrive, so changes are found by polling. A pooler in transaction mode or a proxy loses them. Connect to PostgreSQL itself, or to a pooler in session mode.',
};

/** As codes of `/readyz`: why the process cannot work, or what an operator should look at although it works. */
export function codesOf(trouble: Trouble | null): { readonly reasons: Trouble[]; readonly warnings: Trouble[] } {
  if (trouble === null) return { reasons: [], warnings: [] };
  const isWarning = trouble === 'notifications_lost';
  return { reasons: isWarning ? [] : [trouble], warnings: isWarning ? [trouble] : [] };
}

/** The connection stands, and is of no use. */
export class Unfit extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(TROUBLES[trouble]);
    this.trouble = trouble;
  }
}

/** @returns null when the error says nothing about the way to the database */
export function troubleOf(error: unknown): Trouble | null {
  if (error instanceof Unfit) return error.trouble;
  return isReadOnly(error) ? 'cannot_write' : null;
}

const LOOKS = 3;

type Ask = (client: pg.Client, text: string) => Promise<pg.QueryResult>;

interface Session {
  /** The server's process that answers. */
  readonly backend: number;
  readonly isReadOnly: boolean;
}

export async function askSession(client: pg.Client, ask: Ask): Promise<Session> {
  const { rows } = await ask(
    client,
    `select pg_backend_pid() as backend, current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
  );
  return rows[0];
}

/**
 * A pooler in transaction mode gives two statements of one connection two backends, or two connections one. An idle one
 * always gives the backend that was used last, so a second connection asks for it within a transaction.
 *
 * @param client was answered by `backend` before
 * @param second not connected yet; closed afterwards
 */
export async function isPooledByTransaction(
  client: pg.Client,
  backend: number,
  second: pg.Client,
  ask: Ask,
): Promise<boolean> {
  second.on('error', () => {});
  try {
    await second.connect();
    // Somebody else may come in between and hide it.
    for (let look = 1; look <= LOOKS; look += 1) {
      await ask(second, 'begin');
      const other = await askSession(second, ask);
      const again = await askSession(client, ask);
      await ask(second, 'rollback');
      if (other.backend === backend || again.backend !== backend) return true;
    }
    return false;
  } catch {
    // A pooler in session mode may have no second session to give.
    return false;
  } finally {
    second.end().catch(() => {});
  }
}
