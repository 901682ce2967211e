/** Work on a connection that is not the pool's: it may take long, and may ask the pool meanwhile. */
import type pg from 'pg';
import { parseDatabaseUrl } from '../lib/database-url.ts';
import { DatabaseClient } from './client.ts';

export interface OwnConnection {
  readonly databaseUrl: string;
  /** Seen in pg_stat_activity. */
  readonly applicationName: string;
}

const CONNECT_DEADLINE_MS = 5_000;
// Longer than a route may take. What waits for a lock makes others wait behind it, and can be done another time.
const LIMITS = "set TimeZone = 'UTC'; set statement_timeout = '60s'; set lock_timeout = '2s'";

/** @throws what the work throws, or what keeps the connection from being made */
export async function onOwnConnection<T>(own: OwnConnection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new DatabaseClient({
    connectionString: parseDatabaseUrl(own.databaseUrl).connectionString,
    application_name: own.applicationName,
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
    keepAlive: true,
  });
  client.on('error', () => {}); // the next statement says so itself
  try {
    await client.connect();
    await client.query(LIMITS);
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Under a lock that only one process can have, of the transaction: a pooler may give the next statement another session.
 *
 * @returns false when somebody else has it, and nothing was done
 */
export async function alone(own: OwnConnection, key: string, work: () => Promise<void>): Promise<boolean> {
  return onOwnConnection(own, async (client) => {
    await client.query('begin');
    await client.query('set local idle_in_transaction_session_timeout = 0');
    const { rows } = await client.query('select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as held', [key]);
    if (rows[0]?.held !== true) return false;
    await work();
    return true;
  });
}
