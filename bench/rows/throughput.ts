/** How fast a backlog of queued messages leaves, by each way of speaking. */
import { median, thousands } from '../figures.ts';
import { everyMessageEnded, queue } from '../lab/outbox.ts';
import { addChannels, type BenchChannel, type SpeaksBy } from '../lab/seed.ts';
import { epochMs, until } from '../lab/until.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 50;
const MESSAGES = 1000;
const RUNS = 7;
const BUDGET_PER_SECOND = { irc: 4000, helix: 1500 };

export const throughput: Row = {
  name: 'throughput',
  measure: async (lab) => {
    const figures: Figure[] = [];
    for (const speaksBy of ['irc', 'helix'] as const) {
      figures.push(await lab.inWorld({ speaksBy }, (world) => measure(world, speaksBy)));
    }
    return figures;
  },
};

async function measure(world: World, speaksBy: SpeaksBy): Promise<Figure> {
  const channels = await addChannels(world, CHANNELS);
  await world.startWorker();
  await world.joined(CHANNELS);
  await deliver(world, channels, 'warm-up');
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run += 1) rates.push(await deliver(world, channels, `run${run}`));
  const perSecond = median(rates);
  const budget = BUDGET_PER_SECOND[speaksBy];
  return {
    what: `1 000 queued messages over 50 channels by ${speaksBy}, limits off`,
    measured: `${thousands(perSecond)}/s`,
    budget: `≥ ${thousands(budget)}/s`,
    isMet: perSecond >= budget,
    note: `median of ${RUNS} runs, ${thousands(Math.min(...rates))} to ${thousands(Math.max(...rates))}/s; from the commit to the last arrival`,
    values: { messagesPerSecond: perSecond },
  };
}

/** @returns messages per second */
async function deliver(world: World, channels: readonly BenchChannel[], prefix: string): Promise<number> {
  const ear = await world.twitch.listen();
  await queue(world, channels, MESSAGES, { prefix });
  const startMs = epochMs();
  await until(60, 'the backlog was delivered', () => ear.messages.length >= MESSAGES, 20);
  ear.stop();
  const lastMs = ear.messages.at(-1)?.arrivedAtMs ?? Number.NaN;
  await everyMessageEnded(world, 10);
  return MESSAGES / ((lastMs - startMs) / 1000);
}
