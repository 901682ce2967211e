import { expect, test } from 'vitest';
import { nextPacificMidnight, pacificDay } from './pacific-day.ts';

test.for([
  ['2026-11-22T07:59:59Z', '2026-11-21', '2026-11-22T08:00:00Z'],
  ['2026-11-22T08:00:00Z', '2026-11-22', '2026-11-23T08:00:00Z'],
  ['2026-07-01T06:59:59Z', '2026-06-30', '2026-07-01T07:00:00Z'],
  // Clocks go forward in the night of 8 March: a day of 23 hours.
  ['2026-03-08T08:00:00Z', '2026-03-08', '2026-03-09T07:00:00Z'],
  // And back in that of 1 November: one of 25.
  ['2026-11-01T07:00:00Z', '2026-11-01', '2026-11-02T08:00:00Z'],
  ['2026-12-31T23:00:00Z', '2026-12-31', '2027-01-01T08:00:00Z'],
] as const)('at %s it is %s in Los Angeles, until %s', ([at, day, midnight]) => {
  expect(pacificDay(new Date(at))).toBe(day);
  expect(nextPacificMidnight(new Date(at))).toEqual(new Date(midnight));
});
