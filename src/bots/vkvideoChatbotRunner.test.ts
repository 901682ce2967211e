import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { startWorkerProcess } from '../../test/support/processes.ts';

const FILE = 'src/bots/vkvideoChatbotRunner.ts';
const LONG = { timeout: 20_000, interval: 20 };
const ON = { VKVIDEO_CHAT_BOT_ENABLED: ' Yes ' };
const RELAY = { CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9' };

/** What a worker that ends by itself said, and with which code. */
async function end(env: Readonly<Record<string, string>>) {
  const worker = await startWorkerProcess(env, FILE);
  await vi.waitFor(() => expect(worker.isRunning).toBe(false), LONG);
  return { code: await worker.kill('SIGTERM'), lines: worker.lines.map((line) => JSON.parse(line)) };
}

test.for([{}, { VKVIDEO_CHAT_BOT_ENABLED: '0' }])(
  'with %j it is off, says so, needs nothing else, and ends with code 0',
  async (env) => {
    const { code, lines } = await end(env);
    expect(lines).toMatchObject([{ level: 'info', event: 'vkvideo_chatbot.disabled' }]);
    expect(code).toBe(0);
  },
);

test.for([
  ['CHATBOT_BACKEND_BASE_URLS', { DATABASE_URL: 'postgres://127.0.0.1/none' }],
  ['DATABASE_URL', RELAY],
] as const)('without %s it ends with code 1 and one line that names it', async ([key, env]) => {
  const { code, lines } = await end({ ...ON, ...env });
  expect(lines).toMatchObject([{ level: 'error', event: 'vkvideo_chatbot.missing_env', key }]);
  expect(code).toBe(1);
});

test('a word that switches neither on nor off is refused by name, and is not taken for off', async () => {
  const { code, lines } = await end({
    ...RELAY,
    DATABASE_URL: 'postgres://127.0.0.1/none',
    VKVIDEO_CHAT_BOT_ENABLED: 'perhaps',
  });
  expect(lines).toMatchObject([{ event: 'vkvideo_chatbot.missing_env', key: 'VKVIDEO_CHAT_BOT_ENABLED' }]);
  expect(code).toBe(1);
});

test('switched on it starts without any account, warns of stubs it cannot read, and stops on a signal', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const worker = await startWorkerProcess(
    { ...ON, ...RELAY, DATABASE_URL: url, VKVIDEO_ROLE_STUBS_JSON: '{broken' },
    FILE,
  );
  await worker.ready();
  const events = worker.lines.map((line) => JSON.parse(line));
  const timers = { syncMs: 30_000, outboxPollMs: 1000, commandsRefreshMs: 30_000 };
  expect(events).toContainEqual(expect.objectContaining({ event: 'vkvideo_chatbot.started', ...timers }));
  expect(events.find(({ event }) => event === 'vkvideo_chatbot.config')?.warning).toContain('VKVIDEO_ROLE_STUBS_JSON');
  expect(await worker.kill('SIGTERM')).toBe(0);
});
