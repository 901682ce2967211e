/** The connection pool, the query builder on it, and what PostgreSQL's errors mean to us. */
import type { Socket } from 'node:net';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from '../lib/logger.ts';
import type { Database } from './tables.ts';

export type Db = Kysely<Database>;

export interface Pool {
  readonly db: Db;
  /** For statements whose text is prepared once and whose parameters are arrays: the engine's hot ones. */
  readonly pg: pg.Pool;
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

// Compiling a plan pays off in no statement of ours. Plans themselves are left to the server: kept ones (forced) were made
// while tables were small, and delivering a backlog became thirty times slower as it grew.
const SESSION = '-c TimeZone=UTC -c jit=off';
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
  const { applicationName, slowMs, log, answerDeadlineMs = ANSWER_DEADLINE_MS } = options;
  const { connectionString, connectionLimit, poolTimeoutMs } = parseDatabaseUrl(databaseUrl);
  const pool = new pg.Pool({
    connectionString,
    max: connectionLimit,
    connectionTimeoutMillis: poolTimeoutMs,
    application_name: applicationName,
    options: SESSION,
    types,
  });
  // An idle connection that dies is replaced at the next query; unhandled, it would end the process.
  pool.on('error', (error) => log.debug('db.idle_connection_lost', { error }));
  // So would one that dies in a transaction between two statements; there the next statement fails.
  pool.on('connect', (client) => {
    client.on('error', () => {});
    endWhenMute(client.connection, answerDeadlineMs);
  });
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
  return { db, pg: pool, end: () => db.destroy() };
}

/** A network can lose a connection without a word; whoever asked would wait until the system gives up, a quarter of an hour. */
function endWhenMute(connection: pg.Connection, deadlineMs: number): void {
  const stream = connection.stream as Socket;
  let bytesAnswered = stream.bytesWritten;
  // Before the client hears of it, and asks the next question.
  connection.prependListener('readyForQuery', () => {
    bytesAnswered = stream.bytesWritten;
  });
  stream.setTimeout(deadlineMs, () => {
    // In a transaction that waits for something else nothing is asked.
    if (stream.bytesWritten !== bytesAnswered) stream.destroy();
  });
}

interface ParsedDatabaseUrl {
  readonly connectionString: string;
  readonly connectionLimit: number;
  readonly poolTimeoutMs: number;
}

/** @throws Error with a sentence for the operator when the URL cannot be used */
export function parseDatabaseUrl(databaseUrl: string): ParsedDatabaseUrl {
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new Error('DATABASE_URL has to be a postgres:// URL');
  }
  const take = (name: string) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value;
  };
  const schema = take('schema');
  if (schema !== null && schema !== 'public') throw new Error(`DATABASE_URL: schema has to be public, not ${schema}`);
  const limit = Number.parseInt(take('connection_limit') ?? '', 10);
  const timeoutSeconds = Number.parseInt(take('pool_timeout') ?? '', 10);
  for (const name of ['pgbouncer', 'connect_timeout', 'socket_timeout', 'statement_cache_size']) take(name);
  return {
    connectionString: url.href,
    connectionLimit: limit > 0 ? limit : DEFAULT_CONNECTIONS,
    poolTimeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : DEFAULT_WAIT_MS,
  };
}

/** A table or column that the migrations would create is not there. */
export function isMissingSchema(error: unknown): boolean {
  return ['42P01', '42703'].includes(codeOf(error));
}

/** A row with that key exists. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** Text with a character no column takes, such as NUL. */
export function isUnstorableText(error: unknown): boolean {
  return ['22021', '22P05'].includes(codeOf(error));
}

const UNAVAILABLE_CODES = new Set([
  '57P01',
  '57P02',
  '57P03',
  '53300',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);
// The driver gives these no code.
const UNAVAILABLE_TEXT =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/;

/** The database cannot be reached, or went away under a statement. Nothing is wrong with the statement itself. */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (code.startsWith('08') || UNAVAILABLE_CODES.has(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  return error instanceof Error && code === '' && UNAVAILABLE_TEXT.test(error.message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
