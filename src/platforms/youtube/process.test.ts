import { expect, onTestFinished, test, vi } from 'vitest';
import { simulate } from '../../../simulators/youtube/simulated-platform.ts';
import * as rows from '../../../test/conformance/rows.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { startWorkerProcess } from '../../../test/support/processes.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import { youtube } from './index.ts';

const RUNNER = 'src/bots/youtubeChatbotRunner.ts';
const RELAY = { CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9' };
const LONG = { timeout: 30_000, interval: 20 };

test.for([
  ['DATABASE_URL', { ...RELAY }],
  ['CHATBOT_BACKEND_BASE_URLS', { DATABASE_URL: 'postgres://127.0.0.1/none' }],
  ['YOUTUBE_GRPC_TARGET', { ...RELAY, DATABASE_URL: 'postgres://127.0.0.1/none', YOUTUBE_GRPC_TARGET: 'no port' }],
] as const)(
  'without a usable %s the worker ends with code 1 and one line that names it',
  { timeout: 60_000 },
  async ([key, env]) => {
    const worker = await startWorkerProcess(env, RUNNER);
    await vi.waitFor(() => expect(worker.isRunning).toBe(false), LONG);
    expect(await worker.kill('SIGTERM')).toBe(1);
    expect(worker.lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'error', event: 'youtube_chatbot.missing_env', key },
    ]);
  },
);

test('the process reads and speaks with nothing but its environment, and tells operators how long the units last', {
  timeout: 60_000,
}, async () => {
  const sim = await simulate({ limits: 'real' });
  onTestFinished(() => sim.stop());
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const channelId = await rows.addChannel(pool.db, youtube, 'northpine', sim.addStreamer('northpine'));
  await rows.linkDefaultBot(pool.db, youtube, sim.linkBot('memalerts_bot'));
  await rows.addCommand(pool.db, channelId, '!hi', 'hello', {});
  const worker = await startWorkerProcess({ ...RELAY, DATABASE_URL: url, ...sim.env }, RUNNER);
  await vi.waitFor(() => expect(sim.isRead('northpine')).toBe(true), LONG);
  sim.say('northpine', 'mira_k', '!hi');
  await vi.waitFor(() => expect(sim.said('northpine')).toMatchObject([{ text: 'hello' }]), LONG);
  await worker.ready();
  const readiness = (await (await fetch(`${worker.url}/readyz`)).json()) as { platform: { quota: unknown } };
  // One look for the stream, one opening, one message.
  expect(readiness.platform.quota).toMatchObject({ unitsMax: 10_000, unitsLeft: 9974, hoursLeft: expect.any(Number) });
  const started = worker.lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'youtube_chatbot.started');
  expect(started).toMatchObject({ syncMs: 20_000, outboxPollMs: 1000, commandsRefreshMs: 30_000 });
  expect(await worker.kill('SIGTERM')).toBe(0);
});
