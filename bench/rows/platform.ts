/** What every platform is measured by: a viewer's wait for an answer, a streamer's `say`, and a worker's memory. */
import { setTimeout as pause } from 'node:timers/promises';
import { summarize } from '../../simulators/world/latency.ts';
import type { PlatformDescription } from '../../src/platforms/platform.ts';
import { ms } from '../figures.ts';
import { signIn } from '../lab/caller.ts';
import type { PlatformWorld } from '../lab/platform-world.ts';
import { epochMs, until } from '../lab/until.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 100;
const LOAD = { linesPerSecond: 200, seconds: 10, commandShare: 0.1 };
const WARM_UP = { ...LOAD, seconds: 3 };
const MESSAGES = 300;
const WARM_UP_MESSAGES = 50;
const BETWEEN_MS = 15;
const MANY_CHANNELS = 1000;
/** A worker that has just joined its channels still has garbage of it. */
const SETTLE_MS = 20_000;
// The budget of docs/design.md#performance-budget is for the platform with the shortest way; calls of the others carry more.
const BUDGET_MS = { p50: 10, p99: 50 };
const BUDGET_MIB = 160;

/** @returns a row that is called like the platform */
export function platformRow({ id, title }: PlatformDescription): Row {
  return {
    name: id,
    measure: async (lab) => [
      ...(await lab.inPlatformWorld(id, (world) => latencies(world, id, title))),
      await lab.inPlatformWorld(id, (world) => memory(world, title)),
    ],
  };
}

async function latencies(world: PlatformWorld, provider: string, title: string): Promise<Figure[]> {
  const channels = await world.addChannels(CHANNELS);
  const api = await world.startApi();
  await world.startWorker(api.url);
  await world.read(channels);
  await world.load(channels, WARM_UP);
  const { latencyMs, commands, replied, extra } = await world.load(channels, LOAD);
  const callers = await signIn(world, api.url, channels);
  const ear = await world.listen();
  const saidAtMs = new Map<string, number>();
  for (let number = 0; number < WARM_UP_MESSAGES + MESSAGES; number += 1) {
    const message = `said ${number}`;
    saidAtMs.set(message, epochMs());
    await callers[number % callers.length]?.call('POST', '/streamer/bot/say', { message, provider });
    await pause(BETWEEN_MS);
  }
  await until(30, 'everything said was heard', () => ear.messages.length >= WARM_UP_MESSAGES + MESSAGES);
  ear.stop();
  const waits = ear.messages.map(({ text, arrivedAtMs }) => arrivedAtMs - (saidAtMs.get(text.trim()) ?? Number.NaN));
  const say = summarize(waits.slice(WARM_UP_MESSAGES));
  const lost = commands - replied;
  const note = `${CHANNELS} channels, ${LOAD.linesPerSecond} lines/s, ${commands} commands; lost ${lost}, extra ${extra}`;
  return [
    {
      ...latencyFigure(`${title}: chat line → reply, p50 / p99`, latencyMs, lost === 0 && extra === 0),
      note,
    },
    { ...latencyFigure(`${title}: say → platform, idle channel, p50 / p99`, say, true), note: `${MESSAGES} messages` },
  ];
}

function latencyFigure(what: string, { p50, p99 }: { p50: number | null; p99: number | null }, isRight: boolean) {
  return {
    what,
    measured: `${ms(p50)} / ${ms(p99)}`,
    budget: `≤ ${BUDGET_MS.p50} / ≤ ${BUDGET_MS.p99} ms`,
    isMet: isRight && p50 !== null && p99 !== null && p50 <= BUDGET_MS.p50 && p99 <= BUDGET_MS.p99,
    values: { p50Ms: p50, p99Ms: p99 },
  };
}

async function memory(world: PlatformWorld, title: string): Promise<Figure> {
  const channels = await world.addChannels(MANY_CHANNELS);
  const worker = await world.startWorker((await world.startApi()).url);
  await world.read(channels);
  await pause(SETTLE_MS);
  const { residentMib } = await worker.metrics();
  return {
    what: `${title}: memory with ${MANY_CHANNELS} channels, each with a command`,
    measured: `${Math.round(residentMib)} MiB`,
    budget: `≤ ${BUDGET_MIB} MiB`,
    isMet: residentMib <= BUDGET_MIB,
    values: { residentMib },
  };
}
