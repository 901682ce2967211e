import { expect, onTestFinished, test, vi } from 'vitest';
import { simulate } from '../../../simulators/youtube/simulated-platform.ts';
import * as rows from '../../../test/conformance/rows.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { startTestWorker } from '../../../test/support/running-worker.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import { youtube } from './index.ts';

const PATIENCE = { timeout: 15_000, interval: 5 };
const STREAMER = 'northpine';

async function world() {
  const sim = await simulate({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db } = pool;
  const channelId = await rows.addChannel(db, youtube, STREAMER, sim.addStreamer(STREAMER));
  const bot = sim.linkBot('old_bot');
  const start = () =>
    startTestWorker(youtube, {
      DATABASE_URL: url,
      CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
      ...sim.env,
      YOUTUBE_BOT_REFRESH_TOKEN: bot.refreshToken ?? '',
    });
  return { sim, db, channelId, start, said: () => sim.said(STREAMER) };
}

test('without a default bot the sender of the environment speaks, refreshes its token once, and never answers itself', async () => {
  const { sim, db, channelId, start, said } = await world();
  await rows.addCommand(db, channelId, '!loop', '!mark', {});
  await rows.addCommand(db, channelId, '!mark', 'marked', {});
  start();
  await vi.waitFor(() => expect(sim.isRead(STREAMER)).toBe(true), PATIENCE);
  await rows.queueMessages(db, youtube, channelId, ['first', 'second']);
  await vi.waitFor(() => expect(said().map(({ text }) => text)).toEqual(['first', 'second']), PATIENCE);
  sim.say(STREAMER, 'mira_k', '!loop');
  await vi.waitFor(() => expect(said().at(-1)?.text).toBe('!mark'), PATIENCE);
  sim.say(STREAMER, 'mira_k', '!mark');
  await vi.waitFor(() => expect(said().at(-1)?.text).toBe('marked'), PATIENCE);
  expect(said().map(({ author, text }) => [author, text])).toEqual(
    ['first', 'second', '!mark', 'marked'].map((text) => ['old_bot', text]),
  );
  expect(sim.renewals()).toBe(1);
});

test('a default bot in the database is used before the sender of the environment', async () => {
  const { sim, db, channelId, start, said } = await world();
  await rows.linkDefaultBot(db, youtube, sim.linkBot('new_bot'));
  start();
  await rows.queueMessages(db, youtube, channelId, ['hello']);
  await vi.waitFor(() => expect(said()).toMatchObject([{ author: 'new_bot', text: 'hello' }]), PATIENCE);
});
