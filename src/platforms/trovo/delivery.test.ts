import { expect, test } from 'vitest';
import { simulate } from '../../../simulators/trovo/simulated-platform.ts';
import type { Simulate } from '../../../simulators/world/simulated-platform.ts';
import { BOT, conformanceWorld, room, STREAMER } from '../../../test/conformance/world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { trovo } from './index.ts';

const { url: databaseUrl } = await createTestDatabase();

/** Trovo's rules apply, and ours that keep to them. */
const withLimits: Simulate = (options) => simulate({ ...options, limits: 'real' });

test('a token that runs out under five queued messages is renewed once, and all five arrive once, in order', async () => {
  const world = await room({ platform: trovo, simulate, databaseUrl });
  const texts = ['one', 'two', 'three', 'four', 'five'];
  world.ability('expireTokens')(BOT);
  await world.queue(world.channelId, ...texts);
  await world.leapUntil(() => expect(world.said(STREAMER)).toEqual(texts));
  await world.leapUntil(async () => {
    for (const fate of await world.fates(world.channelId)) {
      expect(fate).toMatchObject({ status: 'sent', attempts: 1, platformMessageId: null });
    }
  });
  expect(world.sim.renewals()).toBe(1);
});

test('a repeated text refused as spam goes out once it may, in its place, within its attempts', async () => {
  const world = await room({ platform: trovo, simulate: withLimits, databaseUrl });
  const texts = ['same', 'same', 'other'];
  await world.queue(world.channelId, ...texts);
  await world.leapUntil(async () =>
    expect((await world.fates(world.channelId))[1]).toMatchObject({
      status: 'pending',
      attempts: 1,
      lastError: expect.stringContaining('Make the bot a moderator'),
    }),
  );
  const refusedAtMs = world.clock.monotonicMs();
  expect(world.said(STREAMER)).toEqual(['same']);
  await world.leapUntil(() => expect(world.said(STREAMER)).toEqual(texts));
  expect(world.clock.monotonicMs() - refusedAtMs).toBeGreaterThan(25_000);
  await world.until(async () =>
    expect((await world.fates(world.channelId)).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['sent', 1],
      ['sent', 2],
      ['sent', 1],
    ]),
  );
});

test('over many channels the bot keeps to one message a second, so that none is refused', async () => {
  const world = await conformanceWorld({ platform: trovo, simulate: withLimits, databaseUrl });
  const names = [STREAMER, 'southoak'];
  const ids = await Promise.all(names.map((name) => world.addStreamer(name)));
  await world.startWorker();
  for (const channelId of ids) await world.queue(channelId, 'first', 'second');
  // In real time: a clock that leaps lets a second pass while a message is on its way.
  for (const name of names) await world.until(() => expect(world.said(name)).toEqual(['first', 'second']));
  await world.until(async () => {
    for (const channelId of ids) {
      for (const fate of await world.fates(channelId)) expect(fate).toMatchObject({ status: 'sent', attempts: 1 });
    }
  });
});
