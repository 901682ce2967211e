/** How soon a signed delivery is answered, doubled, late and forged ones among them, and what becomes of each line. */
import type { LoadReport, LoadRequest } from '../../simulators/kick/load.ts';
import { ms } from '../figures.ts';
import type { PlatformWorld } from '../lab/platform-world.ts';
import { COMMAND } from '../lab/seed.ts';
import { until } from '../lab/until.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 10;
const LOAD: LoadRequest = {
  deliveries: 1000,
  perSecond: 100,
  duplicatedShare: 0.2,
  delayedShare: 0.1,
  forgedShare: 0.01,
  /** Older than what is answered, younger than what is refused as a replay. */
  delayedByMs: 120_000,
  command: COMMAND,
  graceMs: 30_000,
};
const WARM_UP: LoadRequest = { ...LOAD, deliveries: 300 };
const P99_BUDGET_MS = 50;

export const webhook: Row = {
  name: 'webhook',
  measure: (lab) => lab.inPlatformWorld('kick', measure),
};

async function measure(world: PlatformWorld): Promise<Figure[]> {
  const channels = await world.addChannels(CHANNELS);
  const worker = await world.startWorker((await world.startApi()).url);
  await world.read(channels);
  await world.control('load', WARM_UP);
  const expired = async () => (await worker.metrics()).sum('memalerts_chat_lines_total', 'fate="expired"');
  const before = await expired();
  const report = (await world.control('load', LOAD)) as LoadReport;
  await until(10, 'every line left the inbox', async () => (await waiting(world)) === 0, 50);
  return [latencyFigure(report), fateFigure(report, (await expired()) - before)];
}

function latencyFigure({ latencyMs: { p50, p99, max }, perSecond }: LoadReport): Figure {
  return {
    what: 'Kick: webhook delivery → answer, p50 / p99',
    measured: `${ms(p50)} / ${ms(p99)}`,
    budget: `p99 ≤ ${P99_BUDGET_MS} ms`,
    isMet: p99 !== null && p99 <= P99_BUDGET_MS,
    note: `${LOAD.deliveries} signed deliveries at ${perSecond}/s beside the echoes of our answers, each on disk before its answer; slowest ${ms(max)}`,
    values: { p50Ms: p50, p99Ms: p99, maxMs: max },
  };
}

function fateFigure({ posted, statuses, answered, extra }: LoadReport, expired: number): Figure {
  const copies = posted.sameId + posted.newId;
  const taken = (statuses.sameId[200] ?? 0) + (statuses.newId[200] ?? 0);
  const refused = statuses.forged[403] ?? 0;
  const isRight =
    answered === posted.fresh &&
    extra === 0 &&
    expired === posted.delayed &&
    refused === posted.forged &&
    taken === copies;
  return {
    what: 'Kick: of these answered / expired / refused',
    measured: `${answered} / ${expired} / ${refused}`,
    budget: `${posted.fresh} / ${posted.delayed} / ${posted.forged}`,
    isMet: isRight,
    note: `${taken} of ${copies} copies answered with 200 and without effect; answers too many: ${extra}`,
    values: { answered, expired, refused, extra, copies: taken },
  };
}

async function waiting({ pg }: PlatformWorld): Promise<number> {
  const { rows } = await pg.query<{ count: number }>(
    `select count(*) as count from "WebhookInbox" where status = 'pending'`,
  );
  return rows[0]?.count ?? 0;
}
