/** One simulated platform without limits, steered by the words all of them know, and the processes that serve it. */
import { randomBytes } from 'node:crypto';
import type { LoadReport } from '../../simulators/world/load.ts';
import type { LinkedAccount, StreamerChannel } from '../../simulators/world/simulated-platform.ts';
import { createPool, type Pool } from '../../src/db/pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { platforms } from '../../src/platforms/all.ts';
import { addChannel, addCommand, linkDefaultBot } from '../../test/conformance/rows.ts';
import { type Child, startChild } from './child.ts';
import { type BenchChannel, BOT_LOGIN, COMMAND } from './seed.ts';
import { type Ear, listen, startSimulator, tell } from './simulator.ts';
import { until } from './until.ts';
import { apiEnvironment, type Place, PUBLIC_HOST, WORKER_FLAGS } from './world.ts';

export interface PlatformWorld {
  readonly pg: Pool['pg'];
  readonly jwtSecret: string;
  /** Streamers with the command and the bot switched on. */
  addChannels(count: number): Promise<BenchChannel[]>;
  startApi(): Promise<Child>;
  startWorker(apiUrl: string): Promise<Child>;
  /** Resolves when all of them are read. */
  read(channels: readonly BenchChannel[]): Promise<void>;
  load(channels: readonly BenchChannel[], wish: object): Promise<LoadReport>;
  /** What only this platform's simulator can be told. @throws Error with its words when it refuses */
  control(action: string, input: unknown): Promise<unknown>;
  listen(): Promise<Ear>;
}

interface Streamer {
  readonly name: string;
  readonly channel: StreamerChannel;
}

const JOIN_SECONDS = 120;
/** Of an API whichever platforms it serves. */
const REQUIRED = { TWITCH_CLIENT_ID: 'bench', TWITCH_CLIENT_SECRET: 'bench' };

export async function openPlatformWorld(
  stack: AsyncDisposableStack,
  { databaseUrl, files, programs }: Place,
  id: string,
): Promise<PlatformWorld> {
  const platform = platforms.find((each) => each.id === id);
  if (platform === undefined) throw new Error(`no platform is called ${id}`);
  const { started, child } = await startSimulator(id, `${files}-simulator.log`, 'off');
  stack.defer(() => child.end());
  const log = createLogger({ level: 'error', clock: systemClock });
  const pool = createPool(databaseUrl, { applicationName: 'bench', slowMs: 60_000, log });
  stack.defer(() => pool.end());
  const stage = (action: string, input: unknown) => tell(`${started.urls.stage}/${action}`, input);
  await linkDefaultBot(pool.db, platform, (await stage('linkBot', { name: BOT_LOGIN })) as LinkedAccount);

  const jwtSecret = randomBytes(32).toString('hex');
  const common = { ...REQUIRED, ...started.env, DATABASE_URL: databaseUrl, LOG_LEVEL: 'info', DOMAIN: PUBLIC_HOST };
  const start = async (file: string, name: string, port: number, env: Readonly<Record<string, string>>) => {
    const process = startChild({
      file: `${programs}/${file}`,
      flags: name === 'api' ? [] : WORKER_FLAGS,
      url: `http://127.0.0.1:${port}`,
      outputFile: `${files}-${name}.log`,
      env: { ...common, ...env },
    });
    stack.defer(() => process.end());
    await process.ready();
    return process;
  };
  return {
    pg: pool.pg,
    jwtSecret,
    async addChannels(count) {
      const streamers = (await stage('addStreamers', { count, prefix: 'streamer' })) as Streamer[];
      const channels: BenchChannel[] = [];
      for (const { name, channel } of streamers) {
        const channelId = await addChannel(pool.db, platform, name, channel);
        await addCommand(pool.db, channelId, COMMAND.text, COMMAND.reply, {});
        channels.push({ id: channelId, login: name });
      }
      await pool.pg.query('vacuum analyze');
      return channels;
    },
    async startApi() {
      const port = await freePort();
      await stage('mapHost', { host: PUBLIC_HOST, target: `http://127.0.0.1:${port}` });
      return start('api/main.js', 'api', port, apiEnvironment(port, jwtSecret));
    },
    async startWorker(apiUrl) {
      const port = await freePort();
      const file = id === 'twitch' ? 'bots/chatbotRunner.js' : `bots/${id}ChatbotRunner.js`;
      return start(file, 'worker', port, { CHATBOT_BACKEND_BASE_URLS: apiUrl, CHATBOT_HEALTH_PORT: String(port) });
    },
    read: (channels) =>
      until(
        JOIN_SECONDS,
        `${channels.length} channels are read`,
        async () => {
          const streamers = channels.map(({ login }) => login);
          return ((await stage('isRead', { streamers })) as { isRead: boolean }).isRead;
        },
        50,
      ),
    load: (channels, wish) =>
      stage('load', {
        streamers: channels.map(({ login }) => login),
        command: COMMAND,
        ...wish,
      }) as Promise<LoadReport>,
    control: (action, input) => tell(`${started.urls.control}/${action}`, input),
    listen: () => listen(`${started.urls.stage}/messages`),
  };
}
