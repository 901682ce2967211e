import { setTimeout as realDelay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LeapingClock } from './leaping-clock.ts';

const nothing = async () => {};

test('timers fire in order at a leap, also those that are set on the way, and cancelled ones do not', async () => {
  const clock = new LeapingClock();
  const fired: string[] = [];
  clock.setTimer(3000, () => fired.push('third'));
  clock.setTimer(1000, () => {
    fired.push('first');
    clock.setTimer(1000, () => fired.push('second'));
  });
  clock.setTimer(2500, () => fired.push('never')).cancel();
  const startMs = clock.monotonicMs();
  const before = clock.now().getTime();
  await clock.leapUntil(() => expect(fired).toContain('third'), 60_000, nothing);
  expect(fired).toEqual(['first', 'second', 'third']);
  expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(2999);
  expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(2999);
});

test('without a leap timers fire in real time, and one that a leap brought closer fires once', async () => {
  const clock = new LeapingClock();
  let fired = 0;
  const fire = () => {
    fired += 1;
  };
  clock.setTimer(5, fire);
  await realDelay(50);
  expect(fired).toBe(1);
  clock.setTimer(1005, fire);
  await clock.leapUntil(() => expect(fired).toBe(2), 60_000, nothing);
  await realDelay(50);
  expect(fired).toBe(2);
});

test('a check that never passes ends with what it said last', async () => {
  const clock = new LeapingClock();
  const check = () => {
    throw new Error('not yet');
  };
  await expect(clock.leapUntil(check, 5000, nothing)).rejects.toThrow('not yet');
});
