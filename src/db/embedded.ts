/** A real PostgreSQL server out of an npm package, for the demo, trials and tests: started here, gone with this process. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../lib/free-port.ts';
import { type Place, preparePlace } from './embedded-place.ts';

interface EmbeddedOptions {
  /** Where the data lives; made when it is not there. */
  dataDir: string;
  /** True: survives a power cut. False: several times faster, and the data goes when this process goes. */
  durable: boolean;
  /** A free one when absent. */
  port?: number;
}

/** A running server; it listens on 127.0.0.1 only, on the same port for its whole life. */
export interface EmbeddedPostgres {
  /** The superuser's URL of the database `postgres`. */
  readonly url: string;
  /** Ends the server; `crash` gives it no time to finish anything. The data of a server that is not durable stays too. */
  stop(how?: 'orderly' | 'crash'): Promise<void>;
  /** Starts a stopped server again, on its data and its port. */
  start(): Promise<void>;
}

const SUPERUSER = 'memalerts';
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH };

const DURABLE = ['max_wal_size=1GB'];
const NOT_DURABLE = ['fsync=off', 'full_page_writes=off', 'max_wal_size=4GB'];
const ALWAYS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=', // a socket's path may not be longer than 107 bytes, a data directory's may
  'max_connections=200',
  'shared_buffers=128MB',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
];

/**
 * Starts a server on a free port and returns once it answers.
 *
 * It ends with this process, however this process ends, `kill -9` included. As root it runs as another user, because
 * PostgreSQL refuses root.
 */
export async function startEmbeddedPostgres({
  dataDir,
  durable,
  port: wantedPort,
}: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const place = await preparePlace(dataDir);
  if (!existsSync(path.join(place.dataDir, 'PG_VERSION'))) await initialise(place, durable);
  const port = wantedPort ?? (await freePort());
  const launch = () => launchServer(place, port, durable);
  let server = await launch();
  return {
    url: urlOf(port),
    stop: (how = 'orderly') => endServer(server, how === 'crash' ? 'SIGQUIT' : 'SIGINT'),
    async start() {
      server = await launch();
    },
  };
}

function urlOf(port: number): string {
  return `postgres://${SUPERUSER}@127.0.0.1:${port}/postgres`;
}

/** Builds the cluster apart and moves it in with PG_VERSION last, so that an interrupted start leaves nothing half done. */
async function initialise({ dataDir, native, owner }: Place, durable: boolean): Promise<void> {
  const draft = path.join(dataDir, '.draft');
  await rm(draft, { recursive: true, force: true });
  const flags = [
    '--auth=trust',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--no-instructions',
  ];
  await promisify(execFile)(
    path.join(native, 'bin/initdb'),
    ['-D', draft, '-U', SUPERUSER, ...flags, ...(durable ? [] : ['--no-sync'])],
    { ...owner, cwd: dataDir, env: ENVIRONMENT },
  );
  const parts = (await readdir(draft)).filter((name) => name !== 'PG_VERSION');
  for (const name of [...parts, 'PG_VERSION']) await rename(path.join(draft, name), path.join(dataDir, name));
  await rm(draft, { recursive: true });
}

interface ServerProcess {
  child: ChildProcess;
  /** Held open for as long as this process lives; its end is how the server learns that we are gone. */
  lifeline: Writable;
}

// The shell becomes the server and leaves a grandchild that waits on the lifeline (descriptor 3): a line means the
// server was ended on purpose, an end of file that its owner died.
const WITH_LIFELINE = `
doomed=$1; shift
( (
  read -r _ <&3 && exit
  kill -INT $$
  [ -n "$doomed" ] || exit
  while [ -e "$doomed/postmaster.pid" ] && kill -0 $$; do sleep 1; done
  rm -rf "$doomed"
) </dev/null >/dev/null 2>&1 & )
exec "$@" 3<&-
`;

async function launchServer({ dataDir, native, owner }: Place, port: number, durable: boolean): Promise<ServerProcess> {
  const settings = [`port=${port}`, ...ALWAYS, ...(durable ? DURABLE : NOT_DURABLE)].flatMap((text) => ['-c', text]);
  const command = [path.join(native, 'bin/postgres'), '-D', dataDir, ...settings];
  const logFile = path.join(dataDir, 'server.log');
  const log = openSync(logFile, 'w');
  const child = spawn('/bin/sh', ['-c', WITH_LIFELINE, 'postgres', durable ? '' : dataDir, ...command], {
    ...owner,
    cwd: dataDir,
    env: ENVIRONMENT,
    detached: true, // a Ctrl-C meant for us must not end the server before we are done with it
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  const lifeline = child.stdio[3];
  if (!(lifeline instanceof Writable)) throw new Error('the server has no lifeline');
  lifeline.on('error', () => {}); // the watcher may be gone first
  child.once('exit', () => lifeline.end('\n'));
  child.unref();
  if ('unref' in lifeline && typeof lifeline.unref === 'function') lifeline.unref();

  await answers(port, child, logFile);
  return { child, lifeline };
}

async function answers(port: number, child: ChildProcess, logFile: string): Promise<void> {
  const giveUpAt = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: urlOf(port) });
    client.on('error', () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      const isDead = child.exitCode !== null || child.signalCode !== null;
      if (isDead || performance.now() > giveUpAt) {
        throw new Error(`PostgreSQL did not start: ${(await readFile(logFile, 'utf8')).slice(-2_000)}`, {
          cause: error,
        });
      }
      await delay(25);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

async function endServer({ child }: ServerProcess, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const impatient = setTimeout(() => child.kill('SIGQUIT'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(impatient);
}
