import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const limits = { firstMs: 1_000, longestMs: 30_000 };

test('waits double with each failure up to the longest, for ever', () => {
  const longest = [1, 2, 3, 4, 5, 6, 5_000].map((failures) => backoffMs(failures, limits, () => 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test('a wait is never under half nor over the whole of its step, whatever chance says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, chance) => {
        const whole = backoffMs(failures, limits, () => 1);
        const wait = backoffMs(failures, limits, () => chance);
        expect(wait).toBeGreaterThanOrEqual(whole / 2);
        expect(wait).toBeLessThanOrEqual(whole);
      },
    ),
  );
});
