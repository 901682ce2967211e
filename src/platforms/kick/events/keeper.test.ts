import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { addKickChannel, kickDeps, simulatedKick } from '../../../../test/support/kick-world.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { createPool } from '../../../db/pool.ts';
import type { ReadChannel, ReaderState } from '../../worker-side.ts';
import { createKickApi } from '../api/client.ts';
import { Keeper } from './keeper.ts';
import { type Ensured, Subscriptions } from './subscriptions.ts';

const PATH = '/public/v1/events/subscriptions';
const SYNC_MS = 30_000;
const soon = { timeout: 10_000, interval: 5 };

/** Knows whether a look is under way. */
class WatchedSubscriptions extends Subscriptions {
  looks = 0;
  running = 0;

  override async ensure(...asked: Parameters<Subscriptions['ensure']>): Promise<Ensured> {
    this.looks += 1;
    this.running += 1;
    try {
      return await super.ensure(...asked);
    } finally {
      this.running -= 1;
    }
  }
}

async function world(streamers: number) {
  const clock = new ManualClock(new Date());
  const sim = await simulatedKick(clock);
  const { url } = await createTestDatabase({ forTest: true });
  const { db, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const deps = kickDeps(sim.env(), clock);
  const credentials = { owner: async () => 'none' as const, renewed: async () => 'none' as const };
  const subscriptions = new WatchedSubscriptions({
    ...deps,
    db,
    credentials,
    api: createKickApi(deps, deps.settings as never),
  });
  const states = new Map<string, ReaderState>();
  const keeper = new Keeper({
    ...deps,
    db,
    subscriptions,
    syncMs: SYNC_MS,
    state: (channelId, state) => states.set(channelId, state),
  });
  onTestFinished(() => keeper.close());
  const channels: ReadChannel[] = [];
  for (let index = 0; index < streamers; index += 1) {
    const { channelId, slug, broadcasterId } = await addKickChannel(db, sim, `pine${index}`);
    channels.push({ channelId, slug, target: broadcasterId } as unknown as ReadChannel);
  }
  return {
    ...deps,
    sim,
    db,
    keeper,
    channels,
    subscriptions,
    kinds: () => [...states.values()].map(({ kind }) => kind),
    lists: () => sim.calls.filter(({ method, path }) => method === 'GET' && path.startsWith(PATH)).length,
    told: (event: string) => lines(deps.lines, event),
  };
}

function lines(all: readonly string[], event: string): number {
  return all.filter((line) => line.includes(event)).length;
}

test('while Kick does not answer looks do not pile up, and it is told once for all channels', async () => {
  const { sim, clock, keeper, channels, lists, kinds, told } = await world(5);
  sim.faults.http({ kind: 'answer', status: 503, path: PATH, method: 'GET', times: 10_000 });
  keeper.setChannels(channels);
  await vi.waitFor(() => expect(lists()).toBe(5), soon);
  sim.faults.clear();
  sim.faults.http({ kind: 'ignored', path: PATH, method: 'GET', times: 10_000 });
  for (let sync = 0; sync < 20; sync += 1) await clock.advance(SYNC_MS);
  await vi.waitFor(() => expect(lists()).toBeGreaterThan(5), soon);
  expect(told('kick_chatbot.events_subscription_list_failed')).toBe(1);
  expect(kinds()).toEqual(Array(5).fill('connecting'));
  sim.faults.clear();
  const asked = lists();
  await vi.waitFor(async () => {
    await clock.advance(SYNC_MS);
    expect(kinds()).toEqual(Array(5).fill('live'));
  }, soon);
  // One that was under way for each channel, one that found it well, and the next after a while.
  expect(lists() - asked).toBeLessThanOrEqual(15);
});

test('what stays wrong is looked at less and less often, at last as often as what is well', async () => {
  const { sim, clock, keeper, channels, subscriptions, kinds } = await world(1);
  sim.faults.subscriptions({ chatMax: 0 });
  keeper.setChannels(channels);
  await vi.waitFor(() => expect(kinds()).toEqual(['degraded']), soon);
  const looksPerHalfHour: number[] = [];
  for (let halfHour = 0; halfHour < 2; halfHour += 1) {
    const before = subscriptions.looks;
    for (let sync = 0; sync < 60; sync += 1) {
      await clock.advance(SYNC_MS);
      await vi.waitFor(() => expect(subscriptions.running).toBe(0), soon);
    }
    looksPerHalfHour.push(subscriptions.looks - before);
  }
  expect(looksPerHalfHour).toEqual([6, 3]);
});

test('what is taken away while a channel is given to another copy is found missing a little later', async () => {
  const { sim, db, clock, keeper, channels, lists, kinds } = await world(1);
  const [channel] = channels as [ReadChannel];
  for (const event of ['chat.message.sent', 'livestream.status.updated'] as const) {
    sim.subscriptions.add(channel.target, event);
  }
  keeper.setChannels(channels);
  await vi.waitFor(() => expect(kinds()).toEqual(['live']), soon);
  sim.subscriptions.removeAll('chat.message.sent');
  await db.deleteFrom('PlatformEventSubscription').execute();
  for (let sync = 0; sync < 5; sync += 1) await clock.advance(SYNC_MS);
  await vi.waitFor(() => expect(lists()).toBe(2), soon);
  await vi.waitFor(
    () =>
      expect(sim.subscriptions.all().map(({ event }) => event)).toEqual(expect.arrayContaining(['chat.message.sent'])),
    soon,
  );
});
