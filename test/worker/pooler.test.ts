import { expect, test, vi } from 'vitest';
import { readinessOf } from '../../src/engine/worker/readiness.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { deafLine } from '../support/deaf-line.ts';
import { pooler } from '../support/pooler.ts';
import { PATIENCE, workerWorld } from '../support/worker-world.ts';

test('behind a pooler in transaction mode a worker is not ready, says what works, takes no channel and sends nothing', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.queue(channelId, 'hello');
  const line = await pooler(world.databaseUrl, 'transaction');
  const { worker, log } = world.startWorker({ env: { DATABASE_URL: line.url } });
  const look = () => readinessOf(worker, systemClock);
  await vi.waitFor(() => expect(look().reasons).toContain('transaction_pooler'), PATIENCE);
  // It looks again and again: each time later, up to ten seconds apart.
  const { connections } = line;
  await vi.waitFor(() => expect(line.connections).toBeGreaterThan(connections), { ...PATIENCE, timeout: 45_000 });
  expect(look()).toMatchObject({ ready: false, channels: { held: 0 } });
  expect(log.filter(({ event }) => event === 'db.transaction_pooler')).toMatchObject([
    { fix: expect.stringContaining('session mode') },
  ]);
  expect((await world.pg.query('select from "BotChannelLease"')).rowCount).toBe(0);
  expect(await world.outbox(channelId)).toMatchObject([{ status: 'pending' }]);
});

test('without notifications a message is sent after one poll all the same, and the worker is ready with a warning', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  const line = await deafLine(world.databaseUrl);
  line.swallow();
  const { worker } = world.startWorker({ env: { DATABASE_URL: line.url, CHATBOT_OUTBOX_POLL_MS: '250' } });
  await world.joined('northpine');
  await vi.waitFor(() => {
    expect(readinessOf(worker, systemClock)).toMatchObject({ ready: true, warnings: ['notifications_lost'] });
  }, PATIENCE);
  for (const text of ['one', 'two']) {
    await world.queue(channelId, text);
    await vi.waitFor(() => expect(world.said('northpine')).toContain(text), { timeout: 5000, interval: 5 });
  }
});
