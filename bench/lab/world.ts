/** One simulated Twitch, one database with its streamers, and the processes that serve them. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import manifest from '../../package.json' with { type: 'json' };
import { createPool } from '../../src/db/pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { type Child, startChild } from './child.ts';
import { BOT_LOGIN, linkBot, type SpeaksBy } from './seed.ts';
import { type Simulator, startTwitchSimulator } from './simulator.ts';
import { until } from './until.ts';

export interface WorldOptions {
  readonly speaksBy?: SpeaksBy;
  /** Twitch's own limits, kept by the platform and by the worker; `off` unless told otherwise. */
  readonly limits?: 'off' | 'real';
}

export interface World {
  readonly twitch: Simulator;
  readonly pg: pg.Pool;
  readonly databaseUrl: string;
  readonly jwtSecret: string;
  /** @returns a worker that reads and speaks already */
  startWorker(env?: Readonly<Record<string, string>>): Promise<Child>;
  startApi(env?: Readonly<Record<string, string>>): Promise<Child>;
  /** Resolves when `count` channels are read. */
  joined(count: number): Promise<void>;
}

export interface Place {
  readonly databaseUrl: string;
  /** Prefix of the files that hold the output of the processes. */
  readonly files: string;
  /** Folder of the built product. */
  readonly programs: string;
}

const NO_LIMITS = {
  TWITCH_JOINS_PER_10S: '0',
  TWITCH_SEND_PER_30S: '0',
  TWITCH_SEND_PRIVILEGED_PER_30S: '0',
  TWITCH_CHANNEL_SEND_PER_S: '0',
};
/** What the start script hands to Node. */
export const WORKER_FLAGS = manifest.scripts['start:chatbot'].split(' ').filter((word) => word.startsWith('--'));
export const PUBLIC_HOST = 'bots.memalerts.example';
const JOIN_SECONDS = 60;

export async function openWorld(
  stack: AsyncDisposableStack,
  { databaseUrl, files, programs }: Place,
  { speaksBy = 'helix', limits = 'off' }: WorldOptions,
): Promise<World> {
  const { simulator: twitch, child } = await startTwitchSimulator(`${files}-simulator.log`, limits);
  stack.defer(() => child.end());
  const log = createLogger({ level: 'error', clock: systemClock });
  const pool = createPool(databaseUrl, { applicationName: 'bench', slowMs: 60_000, log });
  stack.defer(() => pool.end());
  await twitch.control('addPerson', { login: BOT_LOGIN });
  await linkBot(pool.pg, twitch, speaksBy);

  const jwtSecret = randomBytes(32).toString('hex');
  const common = { ...twitch.env, DATABASE_URL: databaseUrl, LOG_LEVEL: 'info' };
  let workers = 0;
  return {
    twitch,
    pg: pool.pg,
    databaseUrl,
    jwtSecret,
    async startWorker(env = {}) {
      const port = await freePort();
      workers += 1;
      const worker = startChild({
        file: `${programs}/bots/chatbotRunner.js`,
        flags: WORKER_FLAGS,
        url: `http://127.0.0.1:${port}`,
        outputFile: `${files}-worker${workers}.log`,
        env: {
          ...common,
          ...(limits === 'off' ? NO_LIMITS : {}),
          CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
          CHATBOT_HEALTH_PORT: String(port),
          ...env,
        },
      });
      stack.defer(() => worker.end());
      await worker.ready();
      return worker;
    },
    async startApi(env = {}) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      await twitch.control('mapHost', { host: PUBLIC_HOST, target: url });
      const api = startChild({
        file: `${programs}/api/main.js`,
        url,
        outputFile: `${files}-api.log`,
        env: { ...common, ...apiEnvironment(port, jwtSecret), ...env },
      });
      stack.defer(() => api.end());
      await api.ready();
      return api;
    },
    async joined(count) {
      const isReading = async () => (await twitch.joinedAtMs()).size === count;
      await until(JOIN_SECONDS, `${count} channels are read`, isReading, 20);
    },
  };
}

export function apiEnvironment(port: number, jwtSecret: string): Record<string, string> {
  return {
    PORT: String(port),
    HOST: '127.0.0.1',
    JWT_SECRET: jwtSecret,
    API_USER_REQUESTS_PER_MIN: '0',
    API_ANON_REQUESTS_PER_15MIN: '0',
    SAY_PER_30S: '0',
    TWITCH_CALLBACK_URL: `http://127.0.0.1:${port}/auth/twitch/callback`,
    TWITCH_WEBHOOK_CALLBACK_URL: `https://${PUBLIC_HOST}/webhooks/twitch/eventsub`,
    TWITCH_EVENTSUB_SECRET: randomBytes(32).toString('hex'),
  };
}
