import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { type Clock, systemClock } from './clock.ts';

test('advancing fires timers in due order, also those set on the way, and none that was cancelled', async () => {
  const clock = new ManualClock();
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.monotonicMs()]);

  clock.setTimer(30, note('late'));
  clock.setTimer(10, () => {
    note('early')();
    clock.setTimer(5, note('chained'));
  });
  clock.setTimer(12, note('cancelled')).cancel();
  clock.setTimer(31, note('beyond'));
  await clock.advance(30);

  expect(fired).toEqual([
    ['early', 10],
    ['chained', 15],
    ['late', 30],
  ]);
  expect(clock.pendingTimers).toBe(1);
  expect(clock.now()).toEqual(new Date('2026-01-01T00:00:00.030Z'));
});

test('a loop that sleeps runs once per interval while time advances', async () => {
  const clock = new ManualClock();
  const wokenAt: number[] = [];
  const loop = async () => {
    for (;;) {
      await clock.sleep(10);
      wokenAt.push(clock.monotonicMs());
    }
  };
  void loop();
  await clock.advance(35);
  expect(wokenAt).toEqual([10, 20, 30]);
});

test.each<[string, Clock]>([
  ['manual', new ManualClock()],
  ['system', systemClock],
])('an aborted sleep rejects at once and leaves no timer (%s clock)', async (_name, clock) => {
  const stop = new AbortController();
  const asleep = clock.sleep(60_000, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(asleep).rejects.toThrow('stopped');
  await expect(clock.sleep(60_000, stop.signal)).rejects.toThrow('stopped');
  if (clock instanceof ManualClock) expect(clock.pendingTimers).toBe(0);
});
