import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { Overload } from './overload.ts';

function watched() {
  const clock = new ManualClock();
  const load = { busyShare: 0 };
  const changes: boolean[] = [];
  const overload = new Overload({
    clock,
    busyShare: () => load.busyShare,
    changed: (isBehind) => changes.push(isBehind),
  });
  return {
    clock,
    load,
    changes,
    overload,
    /** Chat that arrives so late, for so long. */
    async chat(lateMs: number, forMs: number): Promise<void> {
      for (let elapsed = 0; elapsed < forMs; elapsed += 50) {
        overload.line(clock.now().getTime() - lateMs);
        await clock.advance(50);
      }
    },
  };
}

test('lines that come later and later while there is nothing but work mean to be behind, until they are caught up', async () => {
  const { chat, load, overload, changes } = watched();
  await chat(200, 1000);
  load.busyShare = 1;
  await chat(900, 1000);
  expect(overload.isBehind).toBe(true);
  await chat(600, 2000);
  expect(overload.isBehind).toBe(true);
  await chat(300, 500);
  expect(overload.isBehind).toBe(false);
  expect(changes).toEqual([true, false]);
});

test('neither a late platform, nor a wrong clock, nor hard work alone, nor one pause is an overload', async () => {
  const late = watched();
  await late.chat(200, 1000);
  await late.chat(5000, 5000);
  const wrongClock = watched();
  wrongClock.load.busyShare = 1;
  await wrongClock.chat(-7000, 5000);
  const paused = watched();
  paused.load.busyShare = 1;
  await paused.chat(100, 1000);
  await paused.chat(3000, 250);
  await paused.chat(100, 1000);
  expect([...late.changes, ...wrongClock.changes, ...paused.changes]).toEqual([]);
});

test('a chat that falls silent is watched no longer', async () => {
  const { clock, chat, load, overload } = watched();
  await chat(0, 500);
  load.busyShare = 1;
  await chat(2000, 1500);
  expect(overload.isBehind).toBe(true);
  await clock.advance(1000);
  expect(overload.isBehind).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});
