import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { PacedWishes } from './paced-wishes.ts';

function world() {
  const clock = new ManualClock();
  const fulfilled: [string, number][] = [];
  const fulfil = (key: string) => void fulfilled.push([key, clock.monotonicMs()]);
  return { clock, fulfilled, wishes: new PacedWishes<string>({ clock, distanceMs: 30_000, fulfil }) };
}

test('a wish is fulfilled at once, and any number that come too soon once more when its time has come', async () => {
  const { clock, fulfilled, wishes } = world();
  wishes.want('a');
  for (let second = 0; second < 40; second += 1) {
    wishes.want('a');
    await clock.advance(1000);
  }
  expect(fulfilled).toEqual([
    ['a', 0],
    ['a', 30_000],
  ]);
  await clock.advance(60_000);
  expect(fulfilled).toHaveLength(3);
});

test('wishes for different things do not wait for each other', () => {
  const { fulfilled, wishes } = world();
  wishes.want('a');
  wishes.want('b');
  expect(fulfilled.map(([key]) => key)).toEqual(['a', 'b']);
});

test('a stop leaves nothing planned', async () => {
  const { clock, fulfilled, wishes } = world();
  wishes.want('a');
  wishes.want('a');
  wishes.stop();
  await clock.advance(60_000);
  expect(fulfilled).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});
