import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { startWorkerProcess } from '../../test/support/processes.ts';

const FILE = 'src/bots/trovoChatbotRunner.ts';
const LONG = { timeout: 20_000, interval: 20 };
const RELAY = { CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9' };

/** What a worker that ends by itself said, and with which code. */
async function end(env: Readonly<Record<string, string>>) {
  const worker = await startWorkerProcess(env, FILE);
  await vi.waitFor(() => expect(worker.isRunning).toBe(false), LONG);
  return { code: await worker.kill('SIGTERM'), lines: worker.lines.map((line) => JSON.parse(line)) };
}

test.for(['0', ' FALSE ', 'off'])(
  'switched off by %j it says so, needs nothing else, and ends with code 0',
  async (off) => {
    const { code, lines } = await end({ TROVO_CHAT_BOT_ENABLED: off });
    expect(lines).toMatchObject([{ level: 'info', event: 'trovo_chatbot.disabled_by_env' }]);
    expect(code).toBe(0);
  },
);

test.for([
  ['CHATBOT_BACKEND_BASE_URLS', { DATABASE_URL: 'postgres://127.0.0.1/none' }],
  ['DATABASE_URL', RELAY],
] as const)('without %s it ends with code 1 and one line that names it', async ([key, env]) => {
  const { code, lines } = await end(env);
  expect(lines).toMatchObject([{ level: 'error', event: 'trovo_chatbot.missing_env', key }]);
  expect(code).toBe(1);
});

test('a word that is no switch leaves it on, with a warning; it starts without any account', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const worker = await startWorkerProcess({ ...RELAY, DATABASE_URL: url, TROVO_CHAT_BOT_ENABLED: 'no' }, FILE);
  await worker.ready();
  const events = worker.lines.map((line) => JSON.parse(line));
  expect(events).toContainEqual(
    expect.objectContaining({
      event: 'trovo_chatbot.started',
      syncMs: 30_000,
      outboxPollMs: 1000,
      commandsRefreshMs: 30_000,
    }),
  );
  expect(events.find(({ event }) => event === 'trovo_chatbot.config')?.warning).toContain('TROVO_CHAT_BOT_ENABLED');
  expect(await worker.kill('SIGTERM')).toBe(0);
});
