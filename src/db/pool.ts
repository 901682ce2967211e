/** The connection pool, and the query builder on it. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { parseDatabaseUrl } from '../lib/database-url.ts';
import type { Logger } from '../lib/logger.ts';
import { DatabaseClient } from './client.ts';
import type { Database } from './tables.ts';

export type Db = Kysely<Database>;

export interface Pool {
  readonly db: Db;
  /** For statements whose text is prepared once and whose parameters are arrays: the engine's hot ones. */
  readonly pg: pg.Pool;
  /** Replaces every connection; one that is in use goes after its statement or transaction. */
  renew(): void;
  end(): Promise<void>;
}

interface PoolOptions {
  /** Seen in pg_stat_activity. */
  readonly applicationName: string;
  /** Statements that take longer are logged as `db.slow_query`, without their values. */
  readonly slowMs: number;
  readonly log: Logger;
  /** For tests; half a minute when absent. */
  readonly answerDeadlineMs?: number;
}

// Asked for after connecting: a pooler refuses a connection that asks for them at its start.
//
// Compiling a plan pays off in no statement of ours. Plans themselves are left to the server: kept ones (forced) were made
// while tables were small, and delivering a backlog became thirty times slower as it grew.
//
// The server cancels what takes too long, or waits too long for somebody's lock: a client that only turned away would
// leave the statement waiting there, and its connection with it.
const SESSION = "set TimeZone = 'UTC'; set jit = off; set statement_timeout = '15s'; set lock_timeout = '5s'";
const DEFAULT_CONNECTIONS = 10;
const DEFAULT_WAIT_MS = 5_000;
/** Far above what any statement of ours takes, the wait for a row somebody has locked included. */
const ANSWER_DEADLINE_MS = 30_000;
const LOGGED_SQL_CHARS = 300;

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP_WITHOUT_ZONE = 1114;

// Times are stored as UTC without a zone; the driver would read and write them in the host's zone.
pg.defaults.parseInputDatesAsUTC = true;
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return Number;
    if (oid === DATE) return (text: string) => text;
    if (oid === TIMESTAMP_WITHOUT_ZONE) return (text: string) => new Date(`${text.replace(' ', 'T')}Z`);
    return pg.types.getTypeParser(oid, format);
  },
};

/** Understands Prisma's `connection_limit`, `pool_timeout` and `schema` parameters. Opens no connection yet. */
export function createPool(databaseUrl: string, options: PoolOptions): Pool {
  const { applicationName, slowMs, answerDeadlineMs = ANSWER_DEADLINE_MS } = options;
  // Lines of several processes may come together in one place.
  const log = options.log.with({ process: applicationName });
  const parsed = parseDatabaseUrl(databaseUrl);
  const { connectionString } = parsed;
  const connectionLimit = parsed.connectionLimit ?? DEFAULT_CONNECTIONS;
  const poolTimeoutMs = parsed.poolTimeoutMs ?? DEFAULT_WAIT_MS;
  const pool = new pg.Pool({
    connectionString,
    max: connectionLimit,
    connectionTimeoutMillis: poolTimeoutMs,
    application_name: applicationName,
    Client: DatabaseClient,
    onConnect: async (client) => {
      if (!(client instanceof DatabaseClient)) return;
      client.answerWithin(Math.min(poolTimeoutMs, answerDeadlineMs));
      await client.query(SESSION);
      client.answerWithin(answerDeadlineMs);
    },
    types,
  });
  const clients = new Set<pg.PoolClient>();
  // An idle connection that dies is replaced at the next query; unhandled, it would end the process.
  pool.on('error', (error) => log.debug('db.idle_connection_lost', { error }));
  // So would one that dies in a transaction between two statements; there the next statement fails.
  pool.on('connect', (client) => {
    client.on('error', () => {});
    clients.add(client);
  });
  pool.on('remove', (client) => clients.delete(client));
  const isOld = (client: pg.PoolClient) => client instanceof DatabaseClient && client.isLetGo;
  const renew = () => {
    for (const client of clients) if (client instanceof DatabaseClient) client.letGo();
    // The idle ones are taken out by the pool's own door: it would hand out one that was closed behind its back.
    for (let idle = pool.idleCount; idle > 0; idle -= 1) {
      pool.connect().then(
        (client) => client.release(isOld(client)),
        () => {},
      );
    }
  };
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    log(event) {
      if (event.queryDurationMillis < slowMs) return;
      log.warn('db.slow_query', {
        durationMs: Math.round(event.queryDurationMillis),
        sql: event.query.sql.slice(0, LOGGED_SQL_CHARS),
      });
    },
  });
  const end = async () => {
    await db.destroy();
    // A query builder that never asked anything leaves its pool alone.
    if (!pool.ending) await pool.end();
  };
  return { db, pg: pool, renew, end };
}
