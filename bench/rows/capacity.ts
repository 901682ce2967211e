/** How many lines a second one worker sustains, searched upwards, and how it behaves above that. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LoadReport } from '../../simulators/twitch/load.ts';
import { ms, thousands } from '../figures.ts';
import type { Child } from '../lab/child.ts';
import type { Metrics } from '../lab/metrics.ts';
import { addChannels, COMMAND } from '../lab/seed.ts';
import { startSink } from '../lab/sink.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 500;
const STEPS = [5_000, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000, 128_000];
const STEP_SECONDS = 6;
const OVERLOAD_SECONDS = 8;
const P99_MAX_MS = 1000;
/** A step that fails once may have met a neighbour on the machine. */
const TRIES = 2;
/** Each channel has its own hundred talkers: what is said twice within seconds is one event. */
const CROWD = { chatters: 20_000, chattersPerChannel: 100, commandShare: 0.01, commands: [COMMAND] };

export const capacity: readonly Row[] = [
  {
    name: 'capacity-sink',
    measure: (lab) =>
      lab.inWorld({ speaksBy: 'irc' }, async (world) => {
        await using sink = await startSink();
        return search(world, sink.url, 'to an endpoint that answers at once', 40_000);
      }),
  },
  {
    name: 'capacity-api',
    measure: (lab) =>
      lab.inWorld({ speaksBy: 'irc' }, async (world) => {
        const api = await world.startApi();
        return search(world, api.url, 'to our own API', 20_000);
      }),
  },
];

async function search(world: World, creditsUrl: string, to: string, budget: number): Promise<Figure[]> {
  await addChannels(world, CHANNELS);
  const worker = await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: creditsUrl });
  await world.joined(CHANNELS);
  await world.twitch.load({ ...CROWD, linesPerSecond: 2000, seconds: 3 });
  let held: LoadReport | null = null;
  let failedAt: number | null = null;
  let failedFor = 'nothing';
  for (const linesPerSecond of STEPS) {
    const report = await attempt(world, linesPerSecond);
    failedFor = shortcomings(report, linesPerSecond);
    if (failedFor !== '') {
      failedAt = linesPerSecond;
      break;
    }
    held = report;
  }
  const lines = held?.linesPerSecond ?? 0;
  const figure: Figure = {
    what: `lines/s of one worker, zero lost replies, p99 < 1 s, credits ${to}`,
    measured: `${thousands(lines)}/s (p99 ${ms(held?.latencyMs.p99 ?? null)})`,
    budget: `≥ ${thousands(budget)}/s`,
    isMet: lines >= budget * 0.99,
    note: `1 % commands by irc; ${failedAt === null ? 'no step failed' : `${thousands(failedAt)}/s failed: ${failedFor}`}`,
    values: { linesPerSecond: lines, p99Ms: held?.latencyMs.p99 ?? null, failedAtLinesPerSecond: failedAt },
  };
  return [figure, await overload(world, worker, (failedAt ?? lines) * 1.5)];
}

async function attempt(world: World, linesPerSecond: number): Promise<LoadReport> {
  for (let tries = 1; ; tries += 1) {
    const report = await world.twitch.load({ ...CROWD, linesPerSecond, seconds: STEP_SECONDS });
    if (tries === TRIES || shortcomings(report, linesPerSecond) === '') return report;
  }
}

function shortcomings(report: LoadReport, wished: number): string {
  const { lost, connectionLosses, heldBack, linesPerSecond, latencyMs } = report;
  return [
    lost > 0 ? `${lost} replies lost` : '',
    connectionLosses > 0 ? 'connection lost' : '',
    heldBack > 0 ? `reader too far behind` : '',
    (latencyMs.p99 ?? Number.POSITIVE_INFINITY) >= P99_MAX_MS ? `p99 ${ms(latencyMs.p99)}` : '',
    linesPerSecond < 0.97 * wished ? `the simulator wrote ${thousands(linesPerSecond)}/s only` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** More than it can take: lines may be passed over, and are counted; the connection stays. */
async function overload(world: World, worker: Child, linesPerSecond: number): Promise<Figure> {
  const before = await worker.metrics();
  const report = await world.twitch.load({ ...CROWD, linesPerSecond, seconds: OVERLOAD_SECONDS, graceMs: 10_000 });
  const after = await settled(worker);
  const grown = (name: string, label = '') => Math.round(after.sum(name, label) - before.sum(name, label));
  const lines = 'memalerts_chat_lines_total';
  const shed = grown(lines, 'fate="shed"');
  const creditsDropped = grown('memalerts_credits_events_total', 'fate="dropped"');
  const unaccounted = report.sent - report.unheard - grown(lines, 'fate="read"');
  return {
    what: `  the same at ${thousands(report.linesPerSecond)} lines/s: connection kept, what is passed over counted`,
    measured: `${report.connectionLosses} connections lost`,
    budget: '0 lost, shed and counted',
    isMet: report.connectionLosses === 0 && report.heldBack === 0,
    note:
      `lines not credited ${thousands(shed)}, credits not relayed ${thousands(creditsDropped)}, replies lost ${report.lost}, ` +
      `p99 ${ms(report.latencyMs.p99)}, largest backlog ${Math.round(report.maxBacklogBytes / 1_048_576)} MiB, ` +
      `lines unaccounted for ${thousands(unaccounted)}`,
    values: {
      linesPerSecond: report.linesPerSecond,
      connectionLosses: report.connectionLosses,
      shed,
      creditsDropped,
      lost: report.lost,
      p99Ms: report.latencyMs.p99,
      unaccounted,
    },
  };
}

/** Figures of a worker that has read everything it was sent. */
async function settled(worker: Child): Promise<Metrics> {
  for (let known = await worker.metrics(); ; ) {
    await pause(300);
    const now = await worker.metrics();
    if (now.sum('memalerts_chat_lines_total') === known.sum('memalerts_chat_lines_total')) return now;
    known = now;
  }
}
