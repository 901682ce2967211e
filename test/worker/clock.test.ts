import { expect, test, vi } from 'vitest';
import { readinessOf } from '../../src/engine/worker/readiness.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { PATIENCE, workerWorld } from '../support/worker-world.ts';

test('a worker whose clock is 10 s off that of the database is ready, and warns of it from its start', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const clock = new ShiftedClock();
  clock.setWall(15_000);
  const { worker, log } = world.startWorker({ clock });
  await vi.waitFor(() => {
    expect(readinessOf(worker, clock)).toMatchObject({ ready: true, reasons: [], warnings: ['clock_ahead'] });
  }, PATIENCE);
  expect(log.filter(({ event }) => event === 'chatbot.clock_ahead')).toMatchObject([{ measuredBy: 'database' }]);
});

test('a worker warns of its clock when fresh lines look half a minute old, or come from the future, and stops when they do not', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const clock = new ShiftedClock();
  const { worker } = world.startWorker({ clock });
  await world.joined('northpine');
  const warnings = () => readinessOf(worker, clock).warnings;
  const hear = async (lines: number) => {
    const heard = worker.pipeline.stats().lines + lines;
    for (let index = 0; index < lines; index += 1) world.sim.say('northpine', 'mira_k', 'hello');
    await vi.waitFor(() => expect(worker.pipeline.stats().lines).toBe(heard), PATIENCE);
  };
  await hear(20);
  expect(warnings()).toEqual([]);
  clock.setWall(40_000);
  await hear(20);
  expect(warnings()).toEqual(['clock_ahead']);
  // A minute passes, and the clock is set too far back.
  clock.shift(60_000);
  clock.setWall(-115_000);
  await hear(20);
  expect(warnings()).toEqual(['clock_behind']);
  clock.shift(60_000);
  clock.setWall(-45_000);
  await hear(20);
  expect(warnings()).toEqual([]);
});
