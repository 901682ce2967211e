/**
 * `pnpm bench`: measures what the performance budget promises, each figure beside its budget.
 * `--only say,idle` measures some rows, `--json FILE` also writes the figures for machines,
 * `--platform NAME` measures what every platform is measured by, on that one (`all`: on each);
 * `--profile FOLDER` leaves a CPU profile of every process there.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { platforms } from '../src/platforms/all.ts';
import { profileInto } from './lab/child.ts';
import { openLab } from './lab/lab.ts';
import { printFigures, printHead, printSummary } from './report.ts';
import type { Figure, Row } from './row.ts';
import { capacity } from './rows/capacity.ts';
import { credits } from './rows/credits.ts';
import { creditsFarDatabase } from './rows/credits-far-database.ts';
import { guest } from './rows/guest.ts';
import { idle } from './rows/idle.ts';
import { kills } from './rows/kills.ts';
import { limits } from './rows/limits.ts';
import { outage } from './rows/outage.ts';
import { platformRow } from './rows/platform.ts';
import { rejoin } from './rows/rejoin.ts';
import { replyLatency } from './rows/reply-latency.ts';
import { requests } from './rows/requests.ts';
import { say } from './rows/say.ts';
import { takeover } from './rows/takeover.ts';
import { throughput } from './rows/throughput.ts';
import { toggles } from './rows/toggles.ts';
import { webhook } from './rows/webhook.ts';

const ROWS: readonly Row[] = [
  replyLatency,
  ...capacity,
  credits,
  creditsFarDatabase,
  say,
  requests,
  guest,
  throughput,
  limits,
  toggles,
  rejoin,
  idle,
  outage,
  kills,
  takeover,
  webhook,
];
/** What one platform promises beyond what all do. */
const OWN_ROWS: Readonly<Record<string, readonly Row[]>> = { kick: [webhook] };

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    platform: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});
if (options.profile !== undefined) profileInto(options.profile);

await using cleanup = new AsyncDisposableStack();
const interrupted = Promise.withResolvers<number>();
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isInterrupted = true;
    interrupted.resolve(130);
  });
}

process.exitCode = await Promise.race([run().catch(failure), interrupted.promise]);
await cleanup.disposeAsync();
process.exit();

/** @returns 1 when something could not be measured; a missed budget is a figure, not a failure */
async function run(): Promise<number> {
  const rows = options.platform === undefined ? chosenRows(options.only) : platformRows(options.platform);
  const lab = await openLab(cleanup);
  const figures: (Figure & { readonly row: string })[] = [];
  const failures: string[] = [];
  printHead();
  for (const { name, measure } of rows) {
    try {
      const measured = await measure(lab);
      printFigures(measured);
      figures.push(...measured.map((figure) => ({ row: name, ...figure })));
    } catch (error) {
      if (isInterrupted) return 130;
      failures.push(name);
      console.log(`${name} could not be measured: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  printSummary(figures, failures);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ figures, failures }, null, 2)}\n`);
  return failures.length === 0 ? 0 : 1;
}

function chosenRows(only: string | undefined): readonly Row[] {
  if (only === undefined) return ROWS;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined) {
    throw new Error(`no row is called ${unknown}; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  }
  return ROWS.filter(({ name }) => names.includes(name));
}

function platformRows(name: string): readonly Row[] {
  const chosen = platforms.filter(({ id }) => name === 'all' || id === name);
  if (chosen.length > 0) return chosen.flatMap((platform) => [platformRow(platform), ...(OWN_ROWS[platform.id] ?? [])]);
  throw new Error(`no platform is called ${name}; there are ${platforms.map(({ id }) => id).join(', ')}, all`);
}

function failure(error: unknown): number {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
}
