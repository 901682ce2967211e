/** Runs simulated platforms as a process: one line of JSON with their addresses, then until SIGTERM or SIGINT. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Simulate, SimulatedPlatform } from './world/simulated-platform.ts';
import { openStage } from './world/stage.ts';

/** Names of the folders that hold a simulated platform. The folder `world` holds what they share. */
const ids = globSync('*/simulated-platform.ts', { cwd: import.meta.dirname })
  .map((file) => path.dirname(file))
  .filter((folder) => folder !== 'world')
  .sort();

const { values } = parseArgs({
  options: {
    /** Comma list; all of them when absent. */
    only: { type: 'string', default: ids.join(',') },
    /** `off` lets everybody be as fast as the machine. */
    limits: { type: 'string', default: 'real' },
    ...Object.fromEntries(
      ids.flatMap((id) => [`${id}-port`, `${id}-control-port`]).map((name) => [name, { type: 'string' as const }]),
    ),
  },
});

interface Running {
  readonly id: string;
  readonly platform: SimulatedPlatform;
  readonly stage: Awaited<ReturnType<typeof openStage>>;
}

const running = await Promise.all(values.only.split(',').map(start));
const addresses = running.map(({ id, platform: { urls, env }, stage }) => [
  id,
  { urls: { ...urls, stage: stage.url }, env },
]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(addresses))}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void Promise.all(running.flatMap(({ platform, stage }) => [platform.stop(), stage.close()])).then(() =>
      process.exit(0),
    );
  });
}

async function start(id: string): Promise<Running> {
  const { simulate } = (await import(`./${id}/simulated-platform.ts`)) as { simulate: Simulate };
  const platform = await simulate({
    limits: values.limits === 'off' ? 'off' : 'real',
    port: portOf(`${id}-port`),
    controlPort: portOf(`${id}-control-port`),
  });
  return { id, platform, stage: await openStage(platform) };
}

function portOf(option: string): number {
  return Number((values as Record<string, string | undefined>)[option] ?? 0);
}
