/** How many new chatters a second our own API stores while one worker reads them, and what becomes of the others. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LoadReport } from '../../simulators/twitch/load.ts';
import { ms, thousands } from '../figures.ts';
import type { Child } from '../lab/child.ts';
import { addChannels, COMMAND } from '../lab/seed.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 500;
const STEP_SECONDS = 8;
/** Up to here nobody may be lost. */
const NONE_LOST_UP_TO = 16_000;
const STORED_PER_SECOND_MIN = 20_000;
const STEPS = [8_000, NONE_LOST_UP_TO, 32_000];
/** Numbers of authors, far enough apart that no step meets those of another. */
const AUTHORS_PER_STEP = 1_000_000;
const WARM_UP = { linesPerSecond: 2000, seconds: 3 };

export const credits: Row = {
  name: 'credits',
  measure: (lab) =>
    lab.inWorld({ speaksBy: 'irc' }, async (world) => {
      await addChannels(world, CHANNELS);
      const api = await world.startApi();
      const worker = await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: api.url });
      await world.joined(CHANNELS);
      await load(world, 1, WARM_UP);
      await settledCredits(world, worker);
      const figures: Figure[] = [];
      for (const [index, linesPerSecond] of STEPS.entries()) {
        figures.push(await step(world, worker, index + 2, linesPerSecond));
      }
      return figures;
    }),
};

async function step(world: World, worker: Child, number: number, wished: number): Promise<Figure> {
  const before = await countStored(world);
  const metricsBefore = await worker.metrics();
  const startMs = performance.now();
  const report = await load(world, number, { linesPerSecond: wished, seconds: STEP_SECONDS });
  const loadSeconds = (performance.now() - startMs) / 1000;
  const storedPerSecond = ((await countStored(world)) - before) / loadSeconds;
  const metrics = await settledCredits(world, worker);
  const grown = (name: string, label: string) => Math.round(metrics.sum(name, label) - metricsBefore.sum(name, label));
  const stored = (await countStored(world)) - before;
  const shed = grown('memalerts_chat_lines_total', 'fate="shed"');
  const dropped = grown('memalerts_credits_events_total', 'fate="dropped"');
  const sent = report.sent - report.unheard;
  const lost = sent - stored;
  const unaccounted = lost - shed - dropped;
  const mayShed = wished > NONE_LOST_UP_TO;
  return {
    what: `credits of ${thousands(report.linesPerSecond)} lines/s, each by somebody new, ${CHANNELS} channels, to our own API`,
    measured: mayShed ? `${thousands(storedPerSecond)}/s stored` : `${thousands(lost)} of ${thousands(sent)} lost`,
    budget: mayShed ? `≥ ${thousands(STORED_PER_SECOND_MIN)}/s stored, the rest counted` : '0 lost',
    isMet: unaccounted === 0 && (mayShed ? storedPerSecond >= STORED_PER_SECOND_MIN : lost === 0),
    note:
      `stored ${thousands(stored)} of ${thousands(sent)}, ${thousands(storedPerSecond)}/s while the load ran; ` +
      `lines not credited ${thousands(shed)}, credits not relayed ${thousands(dropped)}, unaccounted for ` +
      `${thousands(unaccounted)}; replies lost ${report.lost}, p99 ${ms(report.latencyMs.p99)}`,
    values: {
      linesPerSecond: report.linesPerSecond,
      sent,
      stored,
      storedPerSecond,
      lost,
      shed,
      dropped,
      unaccounted,
      repliesLost: report.lost,
      p99Ms: report.latencyMs.p99,
    },
  };
}

function load(world: World, step: number, pace: { linesPerSecond: number; seconds: number }): Promise<LoadReport> {
  const crowd = { newChattersFrom: step * AUTHORS_PER_STEP, commandShare: 0.01, commands: [COMMAND] };
  return world.twitch.load({ ...crowd, ...pace });
}

async function countStored({ pg }: World): Promise<number> {
  const { rows } = await pg.query<{ stored: number }>(`select count(*)::int as stored from "CreditsChatter"`);
  return rows[0]?.stored ?? 0;
}

/** Figures of a worker that has read everything it was sent and relayed what it could. */
async function settledCredits(world: World, worker: Child) {
  for (let known = ''; ; ) {
    await pause(1000);
    const metrics = await worker.metrics();
    const counts = [metrics.sum('memalerts_chat_lines_total'), metrics.sum('memalerts_credits_events_total')];
    const now = `${counts} ${await countStored(world)}`;
    if (now === known) return metrics;
    known = now;
  }
}
