import { expect, test } from 'vitest';
import { channelOf, STREAMER, trovoWorld } from '../../../test/support/trovo-world.ts';

test('a running stream began when the channel says, an ended one ended when it says', async () => {
  const { sim, streamer, side, clock } = await trovoWorld();
  const channel = streamer(STREAMER);
  const poll = async () => (await side.liveStatus?.poll([channel]))?.get(channel.channelId);
  expect(await poll()).toEqual({ isLive: false, at: clock.now() });

  const startedAt = new Date(clock.now().getTime() - 60_000);
  sim.goLive(STREAMER, { startedAt, isAnnounced: false });
  expect(await poll()).toEqual({ isLive: true, at: startedAt });
  await clock.advance(10_000);
  const endedAt = clock.now();
  sim.goOffline(STREAMER, { isAnnounced: false });
  await clock.advance(30_000);
  expect(await poll()).toEqual({ isLive: false, at: endedAt });
});

test('a channel that cannot be asked about keeps its state and harms no other; an outage is one line', async () => {
  const { sim, streamer, side, events } = await trovoWorld();
  const channels = [streamer(STREAMER), channelOf('nobody', '999999'), streamer('southoak')];
  sim.goLive('southoak');
  const facts = await side.liveStatus?.poll(channels);
  expect([...(facts ?? new Map())].map(([channelId, { isLive }]) => [channelId, isLive])).toEqual([
    [STREAMER, false],
    ['southoak', true],
  ]);
  await sim.faults.refuse();
  for (let round = 1; round <= 3; round += 1) expect((await side.liveStatus?.poll(channels))?.size).toBe(0);
  expect(events().filter((event) => event === 'trovo_chatbot.live_poll_failed')).toHaveLength(2);
});

test('of more channels than the budget of calls carries, each has its turn', async () => {
  const { sim, side } = await trovoWorld();
  const channels = Array.from({ length: 450 }, (_, index) => {
    sim.addPerson(`s${index}`);
    return channelOf(`s${index}`, sim.room(`s${index}`).id);
  });
  const first = await side.liveStatus?.poll(channels);
  expect(first?.size).toBe(300);
  const second = await side.liveStatus?.poll(channels);
  const asked = new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])]);
  expect(asked.size).toBe(450);
});

test('channels that an outage left unanswered are the first to be asked when it is over', async () => {
  const { sim, side } = await trovoWorld();
  const channels = Array.from({ length: 450 }, (_, index) => {
    sim.addPerson(`s${index}`);
    return channelOf(`s${index}`, sim.room(`s${index}`).id);
  });
  await sim.faults.refuse();
  expect((await side.liveStatus?.poll(channels))?.size).toBe(0);
  await sim.faults.accept();
  const facts = await side.liveStatus?.poll(channels);
  expect([...(facts?.keys() ?? [])]).toEqual(
    expect.arrayContaining(channels.slice(0, 300).map((one) => one.channelId)),
  );
});
