import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { recordingLog } from '../../test/support/recording-log.ts';
import { SetClock } from '../../test/support/set-clock.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { slowLine } from '../../test/support/slow-line.ts';
import { ClockWatch } from './clock-watch.ts';
import { createPool } from './pool.ts';

const PATIENCE = { timeout: 10_000, interval: 5 };
const FIVE_MINUTES = 300_000;

async function watchWorld({ offsetMs = 0 } = {}) {
  const database = await createTestDatabase({ forTest: true });
  const line = await slowLine(database.url);
  const { pg: pool } = createPool(line.url, { applicationName: 'clock-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const clock = new SetClock();
  clock.set(offsetMs);
  const { log, lines } = recordingLog();
  const watch = new ClockWatch({ pg: pool, clock, log, logPrefix: '' });
  /** The one timer is set when the question has been answered, or has failed. */
  const asked = () => vi.waitFor(() => expect(clock.pendingTimers).toBe(1), PATIENCE);
  await asked();
  return {
    watch,
    clock,
    line,
    pool,
    database,
    told: () => lines.map(({ level, event, measuredBy }) => [level, event, measuredBy]),
    lines,
    /** Time passes until the next question, with a clock that is off by so much. */
    async askAfter(ms: number, next: { offsetMs: number }) {
      clock.set(next.offsetMs);
      await clock.advance(ms);
      await asked();
      return watch.warnings;
    },
    /** So many lines of this age as our clock sees it. */
    async hear(count: number, ageMs: number) {
      for (let heard = 0; heard < count; heard += 1) watch.line(clock.now().getTime() - ageMs);
      return watch.warnings;
    },
    asked,
  };
}

test('a clock 10 s off that of the database is warned about at the start and every five minutes, until it is right', async () => {
  const { watch, lines, told, askAfter } = await watchWorld({ offsetMs: 15_000 });
  expect(watch.warnings).toEqual(['clock_ahead']);
  expect(await askAfter(FIVE_MINUTES - 1, { offsetMs: 0 })).toEqual(['clock_ahead']);
  expect(await askAfter(1, { offsetMs: 0 })).toEqual([]);
  expect(await askAfter(FIVE_MINUTES, { offsetMs: -15_000 })).toEqual(['clock_behind']);
  expect(await askAfter(FIVE_MINUTES, { offsetMs: -20_000 })).toEqual(['clock_behind']);
  expect(await askAfter(FIVE_MINUTES, { offsetMs: 20_000 })).toEqual(['clock_ahead']);
  expect(await askAfter(FIVE_MINUTES, { offsetMs: 9_000 })).toEqual([]);
  expect(told()).toEqual([
    ['warn', 'clock_ahead', 'database'],
    ['info', 'clock_ahead_over', 'database'],
    ['warn', 'clock_behind', 'database'],
    ['warn', 'clock_ahead', 'database'],
    ['info', 'clock_behind_over', 'database'],
    ['info', 'clock_ahead_over', 'database'],
  ]);
  expect(lines[0]?.fix).toContain('NTP');
  expect(Math.abs(Number(lines[0]?.offsetMs) - 15_000)).toBeLessThan(5000);
});

test('the clock is compared as it stood in the middle of the round trip', async () => {
  const { watch, clock, line, askAfter, asked } = await watchWorld();
  const ask = async (way: { offsetMs: number; tripMs: number }) => {
    line.hold();
    clock.set(way.offsetMs);
    await clock.advance(FIVE_MINUTES);
    await vi.waitFor(() => expect(line.asked).toBe(1), PATIENCE);
    clock.tick(way.tripMs);
    line.flow();
    await asked();
    return watch.warnings;
  };
  // By its end alone this were a warning, and by its start alone the next; a machine that is busy gets another try.
  expect(await ask({ offsetMs: 7_000, tripMs: 4500 })).toEqual([]);
  await vi.waitFor(async () => expect(await ask({ offsetMs: -10_100, tripMs: 4500 })).toEqual([]), PATIENCE);
  // An answer this late could be off by seconds: it counts for nothing, and the next comes soon.
  expect(await ask({ offsetMs: 15_000, tripMs: 5100 })).toEqual([]);
  expect(await askAfter(30_000, { offsetMs: 15_000 })).toEqual(['clock_ahead']);
});

test('a database that does not answer changes nothing, and is asked again in half a minute', async () => {
  const { database, told, askAfter, clock } = await watchWorld({ offsetMs: 15_000 });
  await database.drop();
  expect(await askAfter(FIVE_MINUTES, { offsetMs: 0 })).toEqual(['clock_ahead']);
  expect(await askAfter(30_000, { offsetMs: 0 })).toEqual(['clock_ahead']);
  expect([told().length, clock.pendingTimers]).toEqual([1, 1]);
});

test('a stopped watch asks nothing more', async () => {
  const { watch, clock, line, pool } = await watchWorld();
  line.hold();
  await clock.advance(FIVE_MINUTES);
  await vi.waitFor(() => expect(line.asked).toBe(1), PATIENCE);
  watch.stop();
  line.flow();
  // The question that was under way has its answer.
  await vi.waitFor(() => expect(pool.idleCount).toBe(1), PATIENCE);
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
});

test('fresh lines whose median age is 30 s say that the clock is ahead, -10 s that it is behind, until the last 20 are usual', async () => {
  const { hear, clock, lines, told } = await watchWorld();
  expect(await hear(19, 40_000)).toEqual([]);
  expect(await hear(1, 40_000)).toEqual(['clock_ahead']);
  // Ages that swing around the limit do not fill the log: a warning stays for a minute.
  expect(await hear(20, 0)).toEqual(['clock_ahead']);
  await clock.advance(60_000);
  expect(await hear(1, 0)).toEqual([]);
  expect(await hear(100, 29_000)).toEqual([]);
  expect(await hear(20, -9_000)).toEqual([]);
  expect(await hear(20, 0)).toEqual([]);
  expect(await hear(10, -15_000)).toEqual([]);
  expect(await hear(1, -15_000)).toEqual(['clock_behind']);
  await clock.advance(60_000);
  expect(await hear(8, 0)).toEqual(['clock_behind']);
  expect(await hear(2, 0)).toEqual([]);
  expect(told()).toEqual([
    ['warn', 'clock_ahead', 'lines'],
    ['info', 'clock_ahead_over', 'lines'],
    ['warn', 'clock_behind', 'lines'],
    ['info', 'clock_behind_over', 'lines'],
  ]);
  expect(Math.abs(Number(lines[0]?.offsetMs) - 40_000)).toBeLessThan(2000);
});

test('database and lines that say the same are one warning, told once, and it goes when both are right', async () => {
  const { hear, askAfter, told } = await watchWorld({ offsetMs: 40_000 });
  expect(await hear(20, 40_000)).toEqual(['clock_ahead']);
  expect(await askAfter(FIVE_MINUTES, { offsetMs: 0 })).toEqual(['clock_ahead']);
  expect(await hear(20, 0)).toEqual([]);
  expect(told()).toEqual([
    ['warn', 'clock_ahead', 'database'],
    ['info', 'clock_ahead_over', 'lines'],
  ]);
});
