import { expect, onTestFinished, test, vi } from 'vitest';
import { simulate } from '../../../simulators/youtube/simulated-platform.ts';
import { LeapingClock } from '../../../test/conformance/leaping-clock.ts';
import * as rows from '../../../test/conformance/rows.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { startTestWorker } from '../../../test/support/running-worker.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import { youtube } from './index.ts';

const STREAMER = 'northpine';

/** A streamer who is not live, a bot, and no worker yet. */
async function world() {
  const clock = new LeapingClock();
  const sim = await simulate({ clock, limits: 'off' });
  onTestFinished(() => sim.stop());
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db, pg } = pool;
  const channelId = await rows.addChannel(db, youtube, STREAMER, sim.addStreamer(STREAMER));
  await rows.linkDefaultBot(db, youtube, sim.linkBot('memalerts_bot'));
  sim.abilities.stream?.end(STREAMER);
  return {
    sim,
    clock,
    start: () =>
      startTestWorker(
        youtube,
        { DATABASE_URL: url, CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9', ...sim.env },
        { clock },
      ),
    queue: (...messages: string[]) => rows.queueMessages(db, youtube, channelId, messages),
    fates: () => rows.outboxFates(db, youtube, channelId),
    leapUntil: (check: () => unknown) => clock.leapUntil(check, 300_000, () => pg.query('select 1')),
  };
}

test('a message fails after three live checks in a row found no stream, with the error of the contract', async () => {
  const { clock, start, queue, fates, leapUntil } = await world();
  start();
  await queue('anybody there?');
  const queuedAtMs = clock.monotonicMs();
  await leapUntil(async () => expect((await fates())[0]?.status).toBe('failed'));
  expect(await fates()).toMatchObject([{ status: 'failed', attempts: 3, lastError: 'No active live chat' }]);
  const tookMs = clock.monotonicMs() - queuedAtMs;
  expect(tookMs).toBeGreaterThan(39_000);
  expect(tookMs).toBeLessThan(120_000);
});

test('a message that waits for a stream is sent as soon as the stream is found', async () => {
  const { sim, start, queue, fates, leapUntil } = await world();
  start();
  await queue('here it comes');
  await vi.waitFor(async () => expect((await fates())[0]?.attempts).toBe(1), { timeout: 15_000 });
  sim.abilities.stream?.begin(STREAMER);
  await leapUntil(() => expect(sim.said(STREAMER).map(({ text }) => text)).toEqual(['here it comes']));
  await vi.waitFor(async () => expect(await fates()).toMatchObject([{ status: 'sent', lastError: null }]));
});

test('a message queued before the worker starts costs no attempt until the first live check of the channel', async () => {
  const { sim, start, queue, fates } = await world();
  sim.abilities.stream?.begin(STREAMER);
  await queue('first', 'second');
  start();
  const settled = async () => expect((await fates()).map(({ status }) => status)).toEqual(['sent', 'sent']);
  await vi.waitFor(settled, { timeout: 15_000 });
  expect(await fates()).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
});
