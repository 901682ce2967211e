import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { deafLine } from '../../test/support/deaf-line.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { pooler } from '../../test/support/pooler.ts';
import { recordingLog } from '../../test/support/recording-log.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Hint } from './hint.ts';
import { listen, WORKER_LOCK_SPACE } from './listen.ts';
import { migrate } from './migrate.ts';
import { createPool } from './pool.ts';

const { url } = await createTestDatabase();
const PATIENCE = { timeout: 10_000, interval: 10 };
const START_NUMBER = 4711;
const WELL = { isHealthy: true, isConnected: true, holdsWorkerLock: true, trouble: null };

function start(databaseUrl: string, clock: Clock = systemClock) {
  const { log, lines } = recordingLog();
  const hints: Hint[] = [];
  let reloads = 0;
  const events = { hint: (hint: Hint) => void hints.push(hint), listening: () => void reloads++ };
  const listener = listen(databaseUrl, events, { applicationName: 'pooler-test', clock, random: () => 0, log });
  listener.holdWorkerLock(START_NUMBER);
  onTestFinished(() => listener.close());
  const state = () => {
    const { isHealthy, isConnected, holdsWorkerLock, trouble } = listener;
    return { isHealthy, isConnected, holdsWorkerLock, trouble };
  };
  const told = (event: string) => lines.filter((line) => line.event === event);
  return { state, hints, told, reloads: () => reloads };
}

async function query(text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

const locks = async () =>
  (await query(`select from pg_locks where locktype = 'advisory' and classid = ${WORKER_LOCK_SPACE}`)).rowCount;

test('a pooler in transaction mode is recognised: no lock is taken, one line says what works, and the process goes on', async () => {
  const clock = new ManualClock();
  const line = await pooler(url, 'transaction');
  const { state, told } = start(line.url, clock);
  for (let round = 1; round <= 3; round += 1) {
    // A look takes two connections, and is over when both have ended.
    await vi.waitFor(() => expect([line.connections, line.open]).toEqual([2 * round, 0]), PATIENCE);
    expect(state()).toEqual({
      isHealthy: false,
      isConnected: false,
      holdsWorkerLock: false,
      trouble: 'transaction_pooler',
    });
    // Until it looks again, and no further: what it then asks has a deadline.
    while (line.connections === 2 * round) {
      await clock.advance(500);
      await systemClock.sleep(100);
    }
  }
  expect(told('db.transaction_pooler')).toMatchObject([
    { level: 'error', fix: expect.stringContaining('session mode') },
  ]);
  expect(await locks()).toBe(0);
});

test('a schema is not migrated through a pooler in transaction mode, whose locks are worth nothing', async () => {
  await expect(migrate((await pooler(url, 'transaction')).url)).rejects.toThrow('session mode');
});

test('a pooler in session mode needs no setting of its own: hints arrive, the lock is held, times are UTC', async () => {
  const { url: through } = await pooler(url, 'session');
  await query(
    `do $$ begin execute format('alter database %I set timezone = ''Asia/Tokyo''', current_database()); end $$`,
  );
  const { state, hints } = start(through);
  await vi.waitFor(() => expect(state()).toEqual(WELL), PATIENCE);
  await query(`select pg_notify('memalerts', 'commands:*')`);
  await vi.waitFor(() => expect(hints).toHaveLength(1));
  const pool = createPool(through, { applicationName: 'pooler-test', slowMs: 60_000, log: recordingLog().log });
  onTestFinished(() => pool.end());
  const { rows } = await pool.pg.query(`select current_setting('TimeZone') as zone, current_setting('jit') as jit`);
  expect(rows).toEqual([{ zone: 'UTC', jit: 'off' }]);
  expect(await migrate(through)).toEqual([]);
});

test('notifications that get lost are told once within 20 s and polled for, and hints are believed again when they come', async () => {
  const clock = new ManualClock();
  const line = await deafLine(url);
  const { state, told, reloads } = start(line.url, clock);
  await vi.waitFor(() => expect(state()).toEqual(WELL), PATIENCE);
  line.swallow();
  await clock.advance(15_000);
  await vi.waitFor(() => expect(line.swallowed).toBe(1), PATIENCE);
  let seconds = 15;
  await vi.waitFor(
    async () => {
      await clock.advance(1000);
      seconds += 1;
      expect(state().trouble).toBe('notifications_lost');
    },
    { ...PATIENCE, interval: 500 },
  );
  expect(seconds).toBeLessThanOrEqual(20);
  expect(state()).toMatchObject({ isHealthy: false, isConnected: true, holdsWorkerLock: true });
  expect(told('db.notifications_lost')).toMatchObject([{ level: 'warn', fix: expect.stringContaining('pooler') }]);
  line.pass();
  await clock.advance(15_000);
  await vi.waitFor(() => expect(state()).toEqual(WELL), PATIENCE);
  // What was told meanwhile is read.
  expect(reloads()).toBe(2);
});
