import { createServer, connect as openSocket, type Socket } from 'node:net';
import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { type Hint, parseHint } from './hint.ts';
import { type Listener, listen, WORKER_LOCK_SPACE } from './listen.ts';

const { url } = await createTestDatabase();
const log = createLogger({ level: 'error', clock: systemClock });
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(databaseUrl = url, clock: Clock = systemClock) {
  const hints: Hint[] = [];
  let connections = 0;
  const events = { hint: (hint: Hint) => void hints.push(hint), listening: () => void connections++ };
  const listener = listen(databaseUrl, events, { applicationName: 'listen-test', clock, random: () => 0, log });
  cleanups.push(() => listener.close());
  const connected = (times: number) => vi.waitFor(() => expect(connections).toBe(times), { timeout: 10_000 });
  return { listener, hints, connected };
}

async function query(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text, values);
  } finally {
    await client.end();
  }
}

const killListeners = () =>
  query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listen-test'`);

async function isLockFree(startNumber: number): Promise<boolean> {
  return (await query('select pg_try_advisory_lock($1, $2) as free', [WORKER_LOCK_SPACE, startNumber])).rows[0].free;
}

const lockHeld = (listener: Listener) => vi.waitFor(() => expect(listener.holdsWorkerLock).toBe(true));

test('a hint reaches the listener with its kind, provider and channel', async () => {
  const { listener, hints, connected } = start();
  await connected(1);
  expect(listener.isHealthy).toBe(true);
  await query(`select pg_notify('memalerts', 'outbox:twitch:c1')`);
  await vi.waitFor(() => expect(hints).toEqual([{ kind: 'outbox', provider: 'twitch', channelId: 'c1' }]));
});

test('a terminated connection comes back, says so, and hints flow again', async () => {
  const { hints, connected } = start();
  await connected(1);
  await killListeners();
  await connected(2);
  await query(`select pg_notify('memalerts', 'commands:*')`);
  await vi.waitFor(() => expect(hints).toEqual([{ kind: 'commands', provider: null, channelId: null }]));
});

test('the worker lock is held while the connection lives, taken again after a reconnect and freed by close', async () => {
  const { listener, connected } = start();
  await connected(1);
  listener.holdWorkerLock(71);
  await lockHeld(listener);
  expect(await isLockFree(71)).toBe(false);
  await killListeners();
  await connected(2);
  await lockHeld(listener);
  expect(await isLockFree(71)).toBe(false);
  await listener.close();
  expect(listener).toMatchObject({ isHealthy: false, holdsWorkerLock: false });
  await vi.waitFor(async () => expect(await isLockFree(71)).toBe(true));
});

test('a lock asked for before the database is there is taken with the first connection', async () => {
  const { listener, connected } = start();
  listener.holdWorkerLock(72);
  await connected(1);
  expect(listener.holdsWorkerLock).toBe(true);
});

test('a connection that has gone silent is found by the keepalive and replaced', async () => {
  const proxy = await muteableProxy();
  const clock = new ManualClock();
  const { listener, connected } = start(proxy.url, clock);
  await connected(1);
  proxy.mute();
  await clock.advance(15_000);
  expect(listener.isHealthy).toBe(true);
  await clock.advance(5_000);
  expect(listener.isHealthy).toBe(false);
  proxy.unmute();
  await clock.advance(200);
  await connected(2);
  expect(listener.isHealthy).toBe(true);
});

test('an idle listener asks the database once in 15 seconds', async () => {
  const clock = new ManualClock();
  const { connected } = start(url, clock);
  await connected(1);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(14_999);
  expect(clock.pendingTimers).toBe(1);
});

test('payloads are read with any channel id, and foreign ones are passed over', () => {
  expect(parseHint('live:kick:a:b')).toEqual({ kind: 'live', provider: 'kick', channelId: 'a:b' });
  expect(parseHint('settings:*:c')).toEqual({ kind: 'settings', provider: null, channelId: 'c' });
  expect(parseHint('message:kick:c\n1,2')).toEqual({
    kind: 'message',
    provider: 'kick',
    channelId: 'c',
    rowIds: ['1', '2'],
  });
  for (const foreign of ['', 'hello', ':x', 'x:']) expect(parseHint(foreign)).toBeNull();
});

/** Stands between client and server and, when mute, swallows what either says on the connections it has. */
async function muteableProxy() {
  const target = new URL(url);
  const muted = new Set<Socket>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = openSocket(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => !muted.has(from) && to.write(bytes));
      from.on('close', () => !muted.has(from) && to.destroy());
      from.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const through = new URL(url);
  through.host = `127.0.0.1:${address.port}`;
  return {
    url: through.href,
    mute: () => {
      for (const socket of sockets) muted.add(socket);
    },
    unmute: () => muted.clear(),
  };
}
