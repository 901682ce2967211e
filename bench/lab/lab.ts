/** Where scenarios are measured: one durable PostgreSQL, and for each scenario a world of its own. */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openPlatformWorld, type PlatformWorld } from './platform-world.ts';
import { openWorld, type Place, type World, type WorldOptions } from './world.ts';

export interface Lab {
  /** Runs one scenario in a fresh world, which is gone afterwards however it ends. */
  inWorld<T>(options: WorldOptions, scenario: (world: World) => Promise<T>): Promise<T>;
  /** The same for what is measured alike on every platform. */
  inPlatformWorld<T>(platform: string, scenario: (world: PlatformWorld) => Promise<T>): Promise<T>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TEMPLATE = 'bench_template';

/** Everything that is started is put on `cleanup`. */
export async function openLab(cleanup: AsyncDisposableStack): Promise<Lab> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'memalerts-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const programs = build(cleanup);
  const dataDir = path.join(folder, 'postgres');
  // Durable: what the figures promise includes writing to disk.
  const server = await startEmbeddedPostgres({ dataDir, durable: true });
  cleanup.defer(() => server.stop());
  const onServer = (statement: string) => run(server.url, statement);
  await onServer(`create database ${TEMPLATE}`);
  await migrate(databaseUrl(server.url, TEMPLATE));
  let worlds = 0;
  const inPlace = async <T>(scenario: (stack: AsyncDisposableStack, place: Place) => Promise<T>): Promise<T> => {
    worlds += 1;
    const name = `bench_${worlds}`;
    await onServer(`create database ${name} template ${TEMPLATE}`);
    const stack = new AsyncDisposableStack();
    // A scenario that was interrupted is cleaned up with everything else.
    cleanup.defer(() => stack.disposeAsync());
    try {
      stack.defer(() => onServer(`drop database if exists ${name} with (force)`));
      const files = path.join(folder, name);
      return await scenario(stack, { databaseUrl: databaseUrl(server.url, name), files, programs });
    } finally {
      await stack.disposeAsync();
    }
  };
  return {
    inWorld: (options, scenario) => inPlace(async (stack, place) => scenario(await openWorld(stack, place, options))),
    inPlatformWorld: (platform, scenario) =>
      inPlace(async (stack, place) => scenario(await openPlatformWorld(stack, place, platform))),
  };
}

/** API and worker as operators run them: sources would bring their compiler into every process. @returns the folder */
function build(cleanup: AsyncDisposableStack): string {
  // Inside the repository, so that what is built finds its packages.
  const home = path.join(ROOT, 'node_modules/.cache', `bench-${process.pid}`);
  cleanup.defer(() => rm(home, { recursive: true, force: true }));
  const programs = path.join(home, 'dist');
  execFileSync(process.execPath, ['scripts/build.ts', programs], { cwd: ROOT, stdio: 'pipe' });
  copyFileSync(path.join(ROOT, 'package.json'), path.join(home, 'package.json'));
  return programs;
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = name;
  return url.href;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
