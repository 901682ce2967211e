/** What a worker costs while nobody writes. */
import { setTimeout as pause } from 'node:timers/promises';
import { addChannels } from '../lab/seed.ts';
import { type StatementCounter, startStatementCounter } from '../lab/statement-counter.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

/** Longer than every timer of the safety net. */
const WATCHED_MS = 65_000;
/** A worker that has just joined its channels is still busy. It is idle once it makes few statements for this long. */
const CALM_MS = 10_000;
const CALM_STATEMENTS = 8;
const STATEMENTS_PER_SECOND = 0.5;
const CPU_PERCENT = 0.5;
const MEMORY_MIB = new Map([
  [1000, 120],
  [5000, 160],
]);

export const idle: Row = {
  name: 'idle',
  measure: async (lab) => {
    // Side by side: two workers that do nothing do not disturb each other.
    const figures = await Promise.all(
      [...MEMORY_MIB.keys()].map((channels) => lab.inWorld({}, (world) => measure(world, channels))),
    );
    return figures.flat();
  },
};

async function measure(world: World, channels: number): Promise<Figure[]> {
  await addChannels(world, channels);
  await using counter = await startStatementCounter(world.databaseUrl);
  const worker = await world.startWorker({ DATABASE_URL: counter.databaseUrl });
  await world.joined(channels);
  await calm(counter);
  const before = { statements: counter.statements, ...(await read(worker)) };
  const startMs = performance.now();
  await pause(WATCHED_MS);
  const seconds = (performance.now() - startMs) / 1000;
  const after = await read(worker);
  const perSecond = (counter.statements - before.statements) / seconds;
  const cpuPercent = (100 * (after.cpuSeconds - before.cpuSeconds)) / seconds;
  const { residentMib } = after;
  const memoryBudget = MEMORY_MIB.get(channels) ?? 0;
  return [
    {
      what: `idle with ${channels} channels: statements/s, CPU`,
      measured: `${perSecond.toFixed(2)}/s, ${cpuPercent.toFixed(2)} %`,
      budget: '≤ 0.5/s, ≤ 0.5 %',
      isMet: perSecond <= STATEMENTS_PER_SECOND && cpuPercent <= CPU_PERCENT,
      note: `over ${Math.round(seconds)} s, the worker's own statements`,
      values: { statementsPerSecond: perSecond, cpuPercent },
    },
    {
      what: `idle with ${channels} channels: memory`,
      measured: `${Math.round(residentMib)} MiB`,
      budget: `≤ ${memoryBudget} MiB`,
      isMet: residentMib <= memoryBudget,
      values: { residentMib },
    },
  ];
}

async function read(worker: Awaited<ReturnType<World['startWorker']>>) {
  const { cpuSeconds, residentMib } = await worker.metrics();
  return { cpuSeconds, residentMib };
}

async function calm(counter: StatementCounter): Promise<void> {
  let before: number;
  do {
    before = counter.statements;
    await pause(CALM_MS);
  } while (counter.statements - before > CALM_STATEMENTS);
}
