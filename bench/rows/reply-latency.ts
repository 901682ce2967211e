/** How long a viewer waits for an answer in ordinary traffic, the outbox row included. */
import { median, ms } from '../figures.ts';
import { fates } from '../lab/outbox.ts';
import { addChannels, COMMAND, type SpeaksBy } from '../lab/seed.ts';
import { startSink } from '../lab/sink.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 500;
const LINES_PER_SECOND = 1000;
const RUNS = 3;
const BUDGET_MS = { p50: 4, p99: 25 };

export const replyLatency: Row = {
  name: 'reply-latency',
  measure: async (lab) => {
    const figures: Figure[] = [];
    for (const speaksBy of ['irc', 'helix'] as const) {
      figures.push(await lab.inWorld({ speaksBy }, (world) => measure(world, speaksBy)));
    }
    return figures;
  },
};

async function measure(world: World, speaksBy: SpeaksBy): Promise<Figure> {
  await addChannels(world, CHANNELS);
  await using sink = await startSink();
  await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: sink.url });
  await world.joined(CHANNELS);
  const load = { linesPerSecond: LINES_PER_SECOND, commandShare: 0.01, commands: [COMMAND] };
  await world.twitch.load({ ...load, seconds: 4 });
  const reports = [];
  for (let run = 0; run < RUNS; run += 1) reports.push(await world.twitch.load({ ...load, seconds: 10 }));
  const p50 = median(reports.map(({ latencyMs }) => latencyMs.p50 ?? Number.POSITIVE_INFINITY));
  const p99 = median(reports.map(({ latencyMs }) => latencyMs.p99 ?? Number.POSITIVE_INFINITY));
  const lost = reports.reduce((sum, report) => sum + report.lost, 0);
  const recorded = await fates(world);
  const unrecorded = [...recorded].filter(([fate]) => fate !== 'sent').reduce((sum, [, rows]) => sum + rows, 0);
  return {
    what: `chat line → reply by ${speaksBy}, 1 000 lines/s, 500 channels, p50 / p99`,
    measured: `${ms(p50)} / ${ms(p99)}`,
    budget: '≤ 4 / ≤ 25 ms',
    isMet: p50 <= BUDGET_MS.p50 && p99 <= BUDGET_MS.p99 && lost === 0 && unrecorded === 0,
    note: `1 % commands, ${RUNS} runs of 10 s; lost ${lost}, rows not sent ${unrecorded}`,
    values: { p50Ms: p50, p99Ms: p99, lost, unrecorded },
  };
}
