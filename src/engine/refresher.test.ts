import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { ChannelId } from '../lib/brand.ts';
import { Refresher } from './refresher.ts';

const [A, B, C] = ['a', 'b', 'c'] as ChannelId[];

function world() {
  const clock = new ManualClock();
  const asked: (string[] | null)[] = [];
  const failures: boolean[] = [];
  let gate = Promise.resolve();
  let open = () => {};
  let error: Error | null = null;
  const refresher = new Refresher({
    clock,
    random: () => 0.999,
    async refresh(channelIds) {
      asked.push(channelIds && [...channelIds]);
      await gate;
      if (error) throw error;
    },
    failed: (_error, isFirst) => failures.push(isFirst),
  });
  return {
    clock,
    asked,
    failures,
    refresher,
    hold() {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      open = held.resolve;
    },
    release: () => open(),
    fail(reason: Error | null) {
      error = reason;
    },
  };
}

test('wishes of one tick share a reload, and those that come during one share the next', async () => {
  const { refresher, asked, hold, release } = world();
  hold();
  for (const id of [A, B, A]) refresher.want(id ?? null);
  await new Promise(setImmediate);
  for (const id of [C, B]) refresher.want(id ?? null);
  release();
  await refresher.settled();
  expect(asked).toEqual([
    ['a', 'b'],
    ['c', 'b'],
  ]);
});

test('a wish for everything swallows the single ones', async () => {
  const { refresher, asked } = world();
  for (const id of [A, null, B]) refresher.want(id ?? null);
  await refresher.settled();
  expect(asked).toEqual([null]);
});

test('what could not be reloaded is tried again later and later, told as one outage, and nothing is forgotten', async () => {
  const { refresher, asked, failures, fail, clock } = world();
  fail(new Error('gone'));
  refresher.want(A ?? null);
  await refresher.settled();
  refresher.want(B ?? null);
  await clock.advance(499);
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  expect(asked).toEqual([['a'], ['a', 'b']]);
  expect(refresher.isFailing).toBe(true);
  fail(null);
  await clock.advance(1000);
  expect(asked).toHaveLength(3);
  expect(failures).toEqual([true, false]);
  expect(refresher.isFailing).toBe(false);
  await clock.advance(60_000);
  expect(asked).toHaveLength(3);
});
