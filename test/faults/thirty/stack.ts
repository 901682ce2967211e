/** One installation for all faults: a PostgreSQL of its own, simulated platforms, the API and every worker as processes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { vi } from 'vitest';
import type {
  LinkedAccount,
  SimulatedPlatform,
  StreamerChannel,
} from '../../../simulators/world/simulated-platform.ts';
import { issueSession, type UserRole } from '../../../src/accounts/sessions.ts';
import { startEmbeddedPostgres } from '../../../src/db/embedded.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { createPool } from '../../../src/db/pool.ts';
import type { ChannelId, UserId } from '../../../src/lib/brand.ts';
import { createTokenSeal } from '../../../src/lib/token-seal.ts';
import { platforms } from '../../../src/platforms/all.ts';
import type { PlatformDescription } from '../../../src/platforms/platform.ts';
import * as rows from '../../conformance/rows.ts';
import { type Answer, JWT_SECRET, send } from '../../support/api-world.ts';
import { onDatabase } from '../../support/database-url.ts';
import { type RunningProcess, startApiProcess, startWorkerProcess } from '../../support/processes.ts';
import { silentLog } from '../../support/silent-log.ts';
import type { FaultyChannel, PlatformId } from './fault.ts';

export type Environment = Readonly<Record<string, string>>;
export type Stack = Awaited<ReturnType<typeof startStack>>;

export const IDS: readonly PlatformId[] = ['twitch', 'youtube', 'vkvideo', 'trovo', 'kick'];
export const BOT = 'memalerts_bot';
/** Where platforms that call us believe the API to be. */
export const HOST = 'bots.memalerts.example';
/** Who is let in by a password; everybody else is trusted. */
export const PASSWORD_ROLE = 'app';
const PASSWORD = 'right';
/** Twitch lets an account into this many chats where it is no moderator. */
const CROWD = 100;
const KEY = Buffer.alloc(32, 1).toString('base64');
const SHIFTED_TIME = new URL('./shifted-time.ts', import.meta.url).href;
const PATIENCE = { timeout: 30_000, interval: 50 };
const NO_LIMITS_BUT_JOINED = {
  messagesPer30s: 0,
  privilegedMessagesPer30s: 0,
  channelMessagesPerS: 0,
  joinsPer10s: 0,
  loginsPer10s: 0,
  helixPointsPerMin: 0,
  helixMessagesPerMin: 0,
  joinedChannels: CROWD,
};

/** Every part is put on `cleanup` as soon as it has started. Resolves when the chats of all healthy channels are read. */
export async function startStack(cleanup: AsyncDisposableStack) {
  const onEnd = (end: () => Promise<void>) => cleanup.defer(end);
  const server = await startDatabase(cleanup);
  const simulators = new Map(
    await Promise.all(IDS.map(async (id) => [id, await startSimulator(id, cleanup)] as const)),
  );
  const pool = createPool(server.url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onEnd(() => pool.end());
  const { db } = pool;
  const seal = createTokenSeal([Buffer.from(KEY, 'base64')]);
  const sealed = <A extends LinkedAccount | null>(account: A): A =>
    account && {
      ...account,
      accessToken: seal.seal(account.accessToken),
      refreshToken: account.refreshToken && seal.seal(account.refreshToken),
    };

  const sim = (id: PlatformId): SimulatedPlatform => {
    const found = simulators.get(id);
    if (found === undefined) throw new Error(`there is no simulated ${id}`);
    return found;
  };
  /** What only this platform's simulator understands. @throws Error with its words when it refuses */
  const control = async (id: PlatformId, action: string, input: unknown = {}): Promise<unknown> => {
    const response = await fetch(`${sim(id).urls.control}/${action}`, { method: 'POST', body: JSON.stringify(input) });
    const answer = (await response.json()) as { error?: string } | null;
    if (!response.ok) throw new Error(`the simulated ${id} refuses ${action}: ${answer?.error}`);
    return answer;
  };

  for (const id of IDS) await rows.linkDefaultBot(db, description(id), sealed(sim(id).linkBot(BOT)));
  await control('twitch', 'setLimits', { limits: NO_LIMITS_BUT_JOINED });

  const session = async (role: UserRole, userId: UserId, channelId: ChannelId | null) =>
    issueSession({ userId, role, channelId }, JWT_SECRET, 3600, new Date());
  /** A streamer with the bot switched on; broadcasting unless `prepare` says otherwise. */
  const addChannel = async (
    id: PlatformId,
    slug: string,
    prepare: (streamer: StreamerChannel) => Promise<StreamerChannel | undefined> = async () => undefined,
  ): Promise<FaultyChannel> => {
    const streamer = sim(id).addStreamer(slug);
    if (id === 'twitch') await control(id, 'setRole', { channel: slug, person: BOT, role: 'moderator' });
    const given = (await prepare(streamer)) ?? streamer;
    const account = sealed(given.account);
    const channelId = (await rows.addChannel(db, description(id), slug, { ...given, account })) as ChannelId;
    const { rows: users } = await pool.pg.query<{ id: UserId }>(
      `update "User" set role = 'streamer' where "channelId" = $1 returning id`,
      [channelId],
    );
    return { channelId, slug, token: await session('streamer', users[0]?.id as UserId, channelId) };
  };

  const healthy = new Map<PlatformId, FaultyChannel>();
  for (const id of IDS) healthy.set(id, await addChannel(id, `well_at_${id}`));
  const crowd = (await control('twitch', 'addChannels', { count: CROWD, prefix: 'crowd' })) as { id: string }[];
  await pool.pg.query(CROWD_ROWS, [crowd.map(({ id }) => id)]);
  const { rows: owners } = await pool.pg.query<{ id: UserId }>(
    `insert into "User" ("displayName", role) values ('Owner', 'admin') returning id`,
  );
  const owner = { token: await session('admin', owners[0]?.id as UserId, null) };

  const common: Environment = {
    ...Object.assign({}, ...IDS.flatMap((id) => [callback(id), sim(id).env])),
    DATABASE_URL: server.url,
    CREDENTIALS_ENCRYPTION_KEY: KEY,
    HOST: '127.0.0.1',
    DOMAIN: HOST,
    JWT_SECRET,
    TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
    API_USER_REQUESTS_PER_MIN: '0',
    API_ANON_REQUESTS_PER_15MIN: '0',
    SAY_PER_30S: '0',
    YOUTUBE_DAILY_QUOTA_UNITS: '10000',
    YOUTUBE_CHATBOT_LIVE_CHECK_SECONDS: '5',
  };
  const api = await startApiProcess(common, undefined, onEnd);
  await api.ready();
  const env: Environment = { ...common, PORT: new URL(api.url).port, CHATBOT_BACKEND_BASE_URLS: api.url };
  for (const id of ['twitch', 'kick'] as const) sim(id).mapHost?.(HOST, api.url);

  const workers = new Map<PlatformId, RunningProcess>();
  /** In the place of the one that runs. Resolves when it is ready. */
  const startWorker = async (id: PlatformId, more: Environment = {}): Promise<void> => {
    await workers.get(id)?.kill('SIGTERM');
    const shifted = { NODE_OPTIONS: `--import ${SHIFTED_TIME}` };
    const worker = await startWorkerProcess({ ...env, ...shifted, ...more }, fileOf(id), onEnd);
    workers.set(id, worker);
    await worker.ready();
  };
  await Promise.all(IDS.map((id) => startWorker(id)));
  await vi.waitFor(() => {
    for (const id of IDS) if (!sim(id).isRead(`well_at_${id}`)) throw new Error(`nobody reads well_at_${id}`);
  }, PATIENCE);

  return {
    /** Of every process, and of the doctor on their machine. */
    env,
    pg: pool.pg,
    apiUrl: api.url,
    owner,
    sim,
    control,
    addChannel,
    /** The channel of a platform that no fault is meant for. */
    well(id: PlatformId): FaultyChannel {
      const found = healthy.get(id);
      if (found === undefined) throw new Error(`no channel is well at ${id}`);
      return found;
    },
    ask: (who: { token: string }, method: string, route: string, body?: unknown): Promise<Answer> =>
      send(Number(env.PORT), method, route, { body, headers: { cookie: `token=${who.token}` } }),
    startWorker,
    worker(id: PlatformId): RunningProcess {
      const found = workers.get(id);
      if (found === undefined) throw new Error(`no worker of ${id} was started`);
      return found;
    },
    /** A database of the same server without any table. */
    emptyDatabaseUrl: server.emptyUrl,
    /** Every process of the installation. */
    async stopAll(): Promise<void> {
      await Promise.all([api, ...workers.values()].map((process) => process.kill('SIGTERM')));
    },
    until: <T>(check: () => T | Promise<T>) => vi.waitFor(check, PATIENCE),
  };
}

const CROWD_ROWS = `
  with channel as (
    insert into "Channel" (slug, name, "twitchChannelId")
    select 'crowd' || n - 1, 'crowd' || n - 1, id from unnest($1::text[]) with ordinality as of (id, n)
    returning id, slug
  )
  insert into "ChatBotSubscription" ("channelId", "twitchLogin", enabled) select id, slug, true from channel`;

/** Migrated; with a role that needs a password, as installations have one. */
async function startDatabase(cleanup: AsyncDisposableStack): Promise<{ url: string; emptyUrl: string }> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'memalerts-thirty-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  cleanup.defer(() => server.stop('crash'));
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  try {
    await admin.query(`create role ${PASSWORD_ROLE} login password '${PASSWORD}'`);
    const { rows: files } = await admin.query<{ hba_file: string }>('show hba_file');
    const rules = files[0]?.hba_file ?? '';
    await writeFile(rules, `host all ${PASSWORD_ROLE} all scram-sha-256\n${await readFile(rules, 'utf8')}`);
    await admin.query('select pg_reload_conf()');
    await admin.query('create database empty');
  } finally {
    await admin.end();
  }
  await migrate(server.url);
  return { url: server.url, emptyUrl: onDatabase(server.url, 'empty') };
}

async function startSimulator(id: PlatformId, cleanup: AsyncDisposableStack): Promise<SimulatedPlatform> {
  const { simulate } = await import(`../../../simulators/${id}/simulated-platform.ts`);
  const simulator: SimulatedPlatform = await simulate({ limits: 'off' });
  cleanup.defer(() => simulator.stop());
  return simulator;
}

function description(id: PlatformId): PlatformDescription {
  const found = platforms.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no platform ${id}`);
  return found;
}

/** Where a browser comes back to from a consent page. */
function callback(id: PlatformId): Environment {
  const route = id === 'twitch' ? 'callback' : 'link/callback';
  return { [`${id.toUpperCase()}_CALLBACK_URL`]: `https://${HOST}/auth/${id}/${route}` };
}

/** The worker of Twitch was the first one: its file name has no platform in it. */
function fileOf(id: PlatformId): string {
  return id === 'twitch' ? 'src/bots/chatbotRunner.ts' : `src/bots/${id}ChatbotRunner.ts`;
}
