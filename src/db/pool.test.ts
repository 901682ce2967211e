import { createServer } from 'node:net';
import { Writable } from 'node:stream';
import { sql } from 'kysely';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { slowLine } from '../../test/support/slow-line.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { isMissingSchema, isUnavailable } from './failures.ts';
import { createPool, type Pool } from './pool.ts';

const { url } = await createTestDatabase();
const empty = await createTestDatabase({ empty: true });
let lines: string[] = [];
const pools: Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  lines = [];
  vi.unstubAllEnvs();
});

function open(databaseUrl = url, slowMs = 10_000, more: { answerDeadlineMs?: number } = {}): Pool {
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLogger({ level: 'debug', clock: systemClock, output, errorOutput: output });
  const pool = createPool(databaseUrl, { applicationName: 'pool-test', slowMs, log, ...more });
  pools.push(pool);
  return pool;
}

const failureOf = (query: Promise<unknown>) =>
  query.then(
    () => expect.fail('it was to fail'),
    (error: unknown) => error,
  );

test('a missing table and a missing column are a missing schema, and not an outage', async () => {
  const table = await failureOf(open(empty.url).db.selectFrom('Channel').selectAll().execute());
  const column = await failureOf(sql`select nothing from "Channel"`.execute(open().db));
  for (const error of [table, column]) {
    expect(isMissingSchema(error)).toBe(true);
    expect(isUnavailable(error)).toBe(false);
  }
});

test('the end closes every connection, also of a pool that the query builder never used', async () => {
  const pool = createPool(url, { applicationName: 'pool-test', slowMs: 10_000, log: silentLog() });
  await pool.pg.query('select 1');
  await pool.end();
  expect(pool.pg.ended).toBe(true);
  expect(pool.pg.totalCount).toBe(0);
});

test('a refused connection, a terminated one and an exhausted pool are an outage, and not a missing schema', async () => {
  const refused = await failureOf(sql`select 1`.execute(open(await unusedPort()).db));
  const killed = await failureOf(sql`select pg_terminate_backend(pg_backend_pid())`.execute(open().db));
  const busy = open(withParameters('connection_limit=1&pool_timeout=1'));
  const holder = await busy.pg.connect();
  const exhausted = await failureOf(sql`select 1`.execute(busy.db));
  holder.release();
  for (const error of [refused, killed, exhausted]) {
    expect(isUnavailable(error)).toBe(true);
    expect(isMissingSchema(error)).toBe(false);
  }
});

test('an idle connection that dies is handled by the pool and logged, and the next query gets a new one', async () => {
  const pool = open();
  const before = await backendOf(pool);
  await sql`select pg_terminate_backend(${before})`.execute(open().db);
  await vi.waitFor(() => expect(pool.pg.totalCount).toBe(0));
  expect(lines.filter((line) => line.includes('db.idle_connection_lost'))).toHaveLength(1);
  expect(await backendOf(pool)).not.toBe(before);
});

test('a connection that answers no more is an outage, however it is used, and the next query gets a new one', async () => {
  const line = await slowLine(url);
  const pool = open(line.url, 10_000, { answerDeadlineMs: 200 });
  const before = await Promise.all([backendOf(pool), backendOf(pool), backendOf(pool)]);
  line.hold();
  const failures = await Promise.all([
    failureOf(pool.pg.query('select 1')),
    failureOf(sql`select 1`.execute(pool.db)),
    failureOf(pool.db.transaction().execute(async (tx) => await sql`select 1`.execute(tx))),
  ]);
  for (const error of failures) expect(isUnavailable(error)).toBe(true);
  line.flow();
  expect(before).not.toContain(await backendOf(pool));
});

test('a transaction may wait for something else longer than for an answer', async () => {
  const pool = open(url, 10_000, { answerDeadlineMs: 50 });
  const pids = await pool.db.transaction().execute(async (tx) => {
    const pid = () => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx).then(({ rows }) => rows[0]?.pid);
    const before = await pid();
    await systemClock.sleep(200);
    return [before, await pid()];
  });
  expect(pids[0]).toBe(pids[1]);
});

test('a query waits for a connection as long as pool_timeout says', async () => {
  const pool = open(withParameters('connection_limit=1&pool_timeout=30'));
  expect(pool.pg.options.connectionTimeoutMillis).toBe(30_000);
});

test('a slow statement is logged with its text and without its values', async () => {
  await sql`select pg_sleep(0.05), ${'hush-hush'}::text`.execute(open(url, 20).db);
  const slow = lines.filter((line) => line.includes('db.slow_query'));
  expect(slow).toHaveLength(1);
  expect(slow[0]).toContain('pg_sleep');
  expect(JSON.parse(slow[0] ?? '')).toMatchObject({ process: expect.stringMatching(/\w/) });
  expect(slow[0]).not.toContain('hush-hush');
});

test('times, days and big integers come back as they went in, whatever the time zone of the host', async () => {
  vi.stubEnv('TZ', 'Asia/Tokyo');
  expect(new Date().getTimezoneOffset()).toBe(-540);
  const { db } = open();
  const at = new Date('2026-03-29T01:30:00.123Z');
  const { rows } = await sql`
    select ${at}::timestamp as at, ${at}::timestamp = '2026-03-29 01:30:00.123' as "isUtc",
      date '2026-03-29' as day, 9007199254740991::bigint as big
  `.execute(db);
  expect(rows[0]).toEqual({ at, isUtc: true, day: '2026-03-29', big: Number.MAX_SAFE_INTEGER });
});

async function backendOf(pool: Pool): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(pool.db);
  return rows[0]?.pid ?? 0;
}

const withParameters = (parameters: string) => `${url}${url.includes('?') ? '&' : '?'}${parameters}`;

async function unusedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `postgres://nobody@127.0.0.1:${address.port}/none`;
}
