import { expect, test, vi } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { createTestDatabase } from '../support/database.ts';
import { startWorkerProcess } from '../support/processes.ts';
import { slowLine } from '../support/slow-line.ts';

const LONG = { timeout: 20_000, interval: 20 };
const RELAY = { CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9' };

test.for([
  ['DATABASE_URL', { ...RELAY }],
  ['DATABASE_URL', { ...RELAY, DATABASE_URL: '   ' }],
  ['CHATBOT_BACKEND_BASE_URLS', { DATABASE_URL: 'postgres://127.0.0.1/none' }],
  ['CHATBOT_BACKEND_BASE_URLS', { DATABASE_URL: 'postgres://127.0.0.1/none', CHATBOT_BACKEND_BASE_URLS: 'localhost' }],
  ['CREDENTIALS_ENCRYPTION_KEY', { ...RELAY, DATABASE_URL: 'postgres://127.0.0.1/none', NODE_ENV: 'production' }],
  [
    'CREDENTIALS_ENCRYPTION_KEY',
    { ...RELAY, DATABASE_URL: 'postgres://127.0.0.1/none', CREDENTIALS_ENCRYPTION_KEY: 'c2hvcnQ=' },
  ],
] as const)('without a usable %s the worker ends with code 1 and one line that names it: %o', async ([key, env]) => {
  const worker = await startWorkerProcess(env);
  await vi.waitFor(() => expect(worker.isRunning).toBe(false), LONG);
  expect(await worker.kill('SIGTERM')).toBe(1);
  const told = worker.lines.map((line) => JSON.parse(line));
  expect(told).toMatchObject([{ level: 'error', event: 'chatbot.missing_env', key }]);
  expect(told[0].problem).toContain(key);
});

test('on a database without tables the worker says once how to make them, idles, and begins when they are there', async () => {
  const { url } = await createTestDatabase({ empty: true, forTest: true });
  const worker = await startWorkerProcess({ ...RELAY, DATABASE_URL: url, CHAT_BOT_LOGIN: 'somebody' });
  await vi.waitFor(() => expect(worker.lines.join()).toContain('chatbot.schema_missing'), LONG);
  expect(await worker.readiness()).toBe(503);
  await migrate(url);
  await worker.ready();
  expect(worker.lines.filter((line) => line.includes('chatbot.schema_missing'))).toHaveLength(1);
  expect(await worker.kill('SIGTERM')).toBe(0);
}, 60_000);

test('a database nobody answers at is waited for, and said once', async () => {
  const worker = await startWorkerProcess({ ...RELAY, DATABASE_URL: 'postgres://127.0.0.1:9/none' });
  await vi.waitFor(() => expect(worker.lines.join()).toContain('chatbot.database_unavailable'), LONG);
  await vi.waitFor(async () => expect(await worker.readiness()).toBe(503), LONG);
  expect(worker.isRunning).toBe(true);
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(worker.lines.filter((line) => line.includes('database_unavailable'))).toHaveLength(1);
});

test('without a sender the worker stays up, says so once, and ends with code 0 when it is told to', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const worker = await startWorkerProcess({ ...RELAY, DATABASE_URL: url });
  await vi.waitFor(() => expect(worker.lines.join()).toContain('chatbot.no_sender'), LONG);
  await worker.ready();
  const answer = await fetch(`${worker.url}/readyz`);
  expect(await answer.json()).toMatchObject({ warnings: ['no_sender'], sender: { kind: 'none', reason: 'no_bot' } });
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(worker.lines.filter((line) => line.includes('no_sender'))).toHaveLength(1);
});

test('a worker told to stop while its database is mute waits for no answer, and ends with code 0', async () => {
  const database = await createTestDatabase({ forTest: true });
  const line = await slowLine(database.url);
  const env = { ...RELAY, DATABASE_URL: line.url, CHAT_BOT_LOGIN: 'somebody', CHATBOT_SHUTDOWN_GRACE_MS: '200' };
  const worker = await startWorkerProcess(env);
  await worker.ready();
  line.hold();
  // The line stays held: a process that waited for an answer would never end.
  expect(await worker.kill('SIGTERM')).toBe(0);
}, 60_000);
