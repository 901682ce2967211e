/** Everything the demo runs on: database, simulated platforms, API and workers, each a process of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../src/cli/commands.ts';
import { withValues } from '../src/cli/env-file.ts';
import { allVariables } from '../src/config.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded.ts';
import { createPool, type Pool } from '../src/db/pool.ts';
import { systemClock } from '../src/lib/clock.ts';
import { freePort } from '../src/lib/free-port.ts';
import { createLogger } from '../src/lib/logger.ts';
import { createTokenSeal, parseSealKeys, type TokenSeal } from '../src/lib/token-seal.ts';
import { type Processes, startProcesses } from './processes.ts';
import { type SimulatedChat, startSimulators } from './simulators.ts';

export interface Stack {
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly seal: TokenSeal;
  /** By platform. */
  readonly chats: ReadonlyMap<string, SimulatedChat>;
  readonly apiUrl: string;
  /** Variables of all processes together, for `memalerts doctor`. */
  readonly variablesFile: string;
  /** Address of each platform's worker, which serves `/readyz` and `/metrics`. */
  readonly workerUrls: ReadonlyMap<string, string>;
  /** Resolves when the workers are ready. They need accounts to speak with, so they start after those were linked. */
  startWorkers(): Promise<void>;
}

/** A public name, as a platform wants it for webhooks; the simulator is told where it leads. */
const PUBLIC_HOST = 'bots.memalerts.example';

/** Each part is put on `cleanup` as soon as it has started. */
export async function startStack(cleanup: AsyncDisposableStack, { showsLogs = false } = {}): Promise<Stack> {
  // What is put on `cleanup` first goes last: the database outlives whoever uses it.
  const database = await reserveDatabase(cleanup);
  const processes = startProcesses(cleanup, showsLogs);
  const [databaseUrl, chats, apiPort] = await Promise.all([
    database.start(),
    startSimulators(cleanup, processes),
    freePort(),
  ]);
  const workerPorts = await Promise.all([...chats.keys()].map(async (id) => [id, await freePort()] as const));
  const pool = createPool(databaseUrl, {
    applicationName: 'memalerts-demo',
    slowMs: 10_000,
    log: createLogger({ level: 'error', clock: systemClock }),
  });
  cleanup.defer(() => pool.end());

  // Browsers come back from a consent page to a name, because Kick accepts no IP address here.
  const apiUrl = `http://localhost:${apiPort}`;
  const callbacks = callbackUrls(apiUrl, [...chats.keys()]);
  const workerUrls = new Map(workerPorts.map(([id, port]) => [id, `http://127.0.0.1:${port}`]));
  const key = randomBytes(32).toString('base64');
  const common = { ...nothingElse(), DATABASE_URL: databaseUrl, CREDENTIALS_ENCRYPTION_KEY: key, LOG_LEVEL: 'info' };
  for (const chat of chats.values()) await chat.stage('mapHost', { host: PUBLIC_HOST, target: apiUrl });
  await chats.get('kick')?.control('setApplication', { redirectUris: [callbacks.KICK_CALLBACK_URL] });
  await chats.get('vkvideo')?.control('setRedirectUri', { redirectUri: callbacks.VKVIDEO_CALLBACK_URL });
  const forApi = {
    ...common,
    ...Object.fromEntries([...chats.values()].flatMap(({ env }) => Object.entries(env))),
    ...callbacks,
    PORT: String(apiPort),
    HOST: '127.0.0.1',
    DOMAIN: PUBLIC_HOST,
    // There is no panel yet: whoever signs in lands on a page of the API itself.
    WEB_URL: apiUrl,
    // The public name leads here for the simulators alone; OBS and browsers open this machine.
    OVERLAY_URL: apiUrl,
    JWT_SECRET: randomBytes(32).toString('hex'),
    TWITCH_WEBHOOK_CALLBACK_URL: `https://${PUBLIC_HOST}/webhooks/twitch/eventsub`,
    TWITCH_EVENTSUB_SECRET: randomBytes(32).toString('hex'),
  };
  await startApi(processes, apiUrl, forApi);
  const forAll = { ...forApi, CHATBOT_BACKEND_BASE_URLS: apiUrl };
  const variablesFile = await writeVariablesFile(cleanup, forAll);

  return {
    databaseUrl,
    pool,
    seal: createTokenSeal(parseSealKeys(key)),
    chats,
    apiUrl,
    variablesFile,
    workerUrls,
    async startWorkers() {
      const starting = workerPorts.map(([id, port]) =>
        processes.start(workerName(id), workerFile(id), `${workerUrls.get(id)}/readyz`, {
          ...common,
          ...chats.get(id)?.env,
          ...callbacks,
          CHATBOT_BACKEND_BASE_URLS: apiUrl,
          CHATBOT_HEALTH_PORT: String(port),
        }),
      );
      await Promise.all(starting);
    },
  };
}

/** The addresses that are registered with the application of each platform. */
function callbackUrls(apiUrl: string, ids: readonly string[]): Readonly<Record<string, string>> {
  const pathOf = (id: string) => (id === 'twitch' ? 'callback' : 'link/callback');
  return Object.fromEntries(
    ids.map((id) => [`${id.toUpperCase()}_CALLBACK_URL`, `${apiUrl}/auth/${id}/${pathOf(id)}`]),
  );
}

function workerName(id: string): string {
  return id === 'twitch' ? 'worker' : `${id} worker`;
}

/** The worker of Twitch was the first one: its file name has no platform in it. */
function workerFile(id: string): string {
  return id === 'twitch' ? 'src/bots/chatbotRunner.ts' : `src/bots/${id}ChatbotRunner.ts`;
}

function startApi(processes: Processes, apiUrl: string, env: Readonly<Record<string, string>>): Promise<void> {
  return processes.start('API', 'src/api/main.ts', `${apiUrl}/readyz`, env);
}

/** A database that is gone afterwards. `start` migrates it and returns its URL. */
async function reserveDatabase(cleanup: AsyncDisposableStack): Promise<{ start(): Promise<string> }> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'memalerts-demo-'));
  let starting: Promise<EmbeddedPostgres> | null = null;
  cleanup.defer(async () => {
    // A start that is under way cannot be called off, and would leave its folder behind.
    const server = await starting?.catch(() => null);
    await server?.stop('crash');
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    async start() {
      starting = startEmbeddedPostgres({ dataDir, durable: false });
      const { url } = await starting;
      await runCommand(['migrate'], { DATABASE_URL: url });
      return url;
    },
  };
}

/** Every variable of the product, blank: neither the shell's nor those of a `.env` reach the demo. */
function nothingElse(): Record<string, string> {
  return Object.fromEntries(
    allVariables().flatMap(({ variables }) => variables.map(({ name }) => [name, ''] as const)),
  );
}

/**
 * For the operator's commands that look at a running installation: readable by its owner alone, and gone with the demo.
 *
 * @returns its path
 */
async function writeVariablesFile(
  cleanup: AsyncDisposableStack,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'memalerts-demo-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'demo.env');
  const set = new Map(Object.entries(values).filter(([, value]) => value !== ''));
  const empty = Object.keys(nothingElse()).map((name) => `${name}=\n`);
  await writeFile(file, withValues(empty.join(''), set), { mode: 0o600 });
  return file;
}
