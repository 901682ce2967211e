import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import { listen } from './listen.ts';
import { createPool } from './pool.ts';

const CONNECTIONS = 3;
const PATIENCE = { timeout: 10_000, interval: 10 };

/** A server of its own, because what is switched here holds for all of it. */
async function demotableServer() {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'memalerts-demoted-'));
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  const admin = new pg.Client({ connectionString: server.url });
  onTestFinished(async () => {
    await admin.end();
    await server.stop('crash');
    await rm(dataDir, { recursive: true, force: true });
  });
  await admin.connect();
  const takesWrites = async (value: 'off' | 'on') => {
    await admin.query(`alter system set default_transaction_read_only = ${value === 'on' ? 'off' : 'on'}`);
    await admin.query('select pg_reload_conf()');
  };
  return { url: server.url, demote: () => takesWrites('off'), promote: () => takesWrites('on') };
}

test('no connection to a former primary is kept, also none that only reads: the keep-alive of LISTEN finds out', async () => {
  const server = await demotableServer();
  const pool = createPool(server.url, { applicationName: 'demoted-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const pids = async () => {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.pg.connect()));
    const answers = await Promise.all(clients.map((client) => client.query('select pg_backend_pid() as pid')));
    for (const client of clients) client.release();
    return answers.map(({ rows }) => rows[0].pid as number);
  };
  const clock = new ManualClock();
  const listener = listen(
    server.url,
    { hint() {}, listening() {}, cannotWrite: () => pool.renew() },
    { applicationName: 'demoted-test', clock, random: () => 0, log: silentLog() },
  );
  onTestFinished(() => listener.close());
  listener.holdWorkerLock(1);
  await vi.waitFor(() => expect(listener.holdsWorkerLock).toBe(true), PATIENCE);

  const before = await pids();
  await server.demote();
  // A server tells its processes one after the other.
  await vi.waitFor(
    async () => {
      await clock.advance(15_000);
      expect(listener.trouble).toBe('cannot_write');
    },
    { timeout: 10_000, interval: 1000 },
  );
  expect([listener.isHealthy, listener.isConnected, listener.holdsWorkerLock]).toEqual([false, false, false]);
  const after = await pids();
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);

  await server.promote();
  await vi.waitFor(
    async () => {
      await clock.advance(1000);
      expect([listener.trouble, listener.isHealthy, listener.holdsWorkerLock]).toEqual([null, true, true]);
    },
    { timeout: 20_000, interval: 500 },
  );
}, 60_000);
