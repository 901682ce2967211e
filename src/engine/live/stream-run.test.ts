import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advanceRun, type StreamRun } from './stream-run.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000);
const MINUTE = 60_000;

function play(breakCreditMinutes: number, ...events: [minute: number, isLive: boolean][]): StreamRun {
  let run: StreamRun | null = null;
  for (const [minute, isLive] of events) run = advanceRun(run, isLive, at(minute), breakCreditMinutes) ?? run;
  if (run === null) throw new Error('nothing was played');
  return run;
}

test('a break within the credit goes on with the same run and is not counted', () => {
  const run = play(60, [0, true], [30, false], [90, true], [100, false]);
  expect(run).toMatchObject({ status: 'offline', onlineMs: 40 * MINUTE, startedAt: at(0), offlineAt: at(100) });
});

test('a longer break begins a new run from nothing', () => {
  const first = play(60, [0, true], [30, false]);
  const second = advanceRun(first, true, at(91), 60);
  expect(second).toMatchObject({ status: 'online', onlineMs: 0, startedAt: at(91), segmentStartedAt: at(91) });
  expect(second?.runId).not.toBe(first.runId);
});

test('without a credit any measurable break begins a new run', () => {
  expect(play(0, [0, true], [30, false], [31, true]).startedAt).toEqual(at(31));
  expect(play(0, [0, true], [30, false], [30, true]).startedAt).toEqual(at(0));
});

test('repeated words change nothing: the first offline time stays', () => {
  const run = play(60, [0, true], [30, false]);
  expect(advanceRun(run, false, at(40), 60)).toBeNull();
  expect(advanceRun(play(60, [0, true]), true, at(5), 60)).toBeNull();
});

test('a channel never seen live has a run of nothing', () => {
  expect(play(60, [5, false])).toMatchObject({ status: 'offline', onlineMs: 0, offlineAt: at(5) });
});

test('a start that is learned late, and lies before the end, continues at that end', () => {
  expect(play(60, [0, true], [30, false], [10, true])).toMatchObject({
    segmentStartedAt: at(30),
    onlineMs: 30 * MINUTE,
  });
});

test('whatever order the moments come in, online time never shrinks below nothing nor exceeds the time that passed', () => {
  const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { minLength: 1 });
  fc.assert(
    fc.property(events, fc.integer({ min: 0, max: 1440 }), (played, credit) => {
      const run = play(credit, ...played);
      const moments = played.map(([minute]) => minute);
      const passed = (Math.max(...moments) - Math.min(...moments)) * MINUTE;
      expect(run.onlineMs).toBeGreaterThanOrEqual(0);
      expect(run.onlineMs).toBeLessThanOrEqual(passed);
      expect(run.segmentStartedAt !== null).toBe(run.status === 'online');
    }),
  );
});
