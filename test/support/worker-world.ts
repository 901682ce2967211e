/** Whole workers in this process against a simulated Twitch and a real database; nothing in between is replaced. */
import { onTestFinished, vi } from 'vitest';
import type { TwitchSimulatorOptions } from '../../simulators/twitch/options.ts';
import { startTwitchSimulator, type TwitchSimulator } from '../../simulators/twitch/simulator.ts';
import { createPool, type Db } from '../../src/db/pool.ts';
import { twitch } from '../../src/platforms/twitch/index.ts';
import { createTestDatabase } from './database.ts';
import { startTestWorker, type WorkerChoice } from './running-worker.ts';
import { silentLog } from './silent-log.ts';

export const BOT_LOGIN = 'memalerts_bot';
const HELIX_SCOPES = ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'];
const IRC_SCOPES = ['chat:read', 'chat:edit'];

export interface WorldOptions extends TwitchSimulatorOptions {
  /** A migrated database to use; one of its own when absent. */
  readonly databaseUrl?: string;
  /** How the bot speaks; by Helix unless told otherwise. */
  readonly speaksBy?: 'helix' | 'irc';
}

export type WorkerWorld = Awaited<ReturnType<typeof workerWorld>>;

/** The simulator has no limits unless the options name some. */
export async function workerWorld({ speaksBy = 'helix', databaseUrl: given, ...options }: WorldOptions = {}) {
  const databaseUrl = given ?? (await createTestDatabase({ forTest: true })).url;
  const sim = await startTwitchSimulator({ limits: 'off', ...options });
  onTestFinished(() => sim.stop());
  const pool = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db } = pool;
  sim.addPerson(BOT_LOGIN);
  await linkDefaultBot(db, sim, speaksBy === 'helix' ? HELIX_SCOPES : IRC_SCOPES);

  return {
    databaseUrl,
    /** Of a worker process of this world. */
    processEnv: environment(databaseUrl, sim),
    sim,
    db,
    pg: pool.pg,
    /** Channels of streamers with the bot switched on. @returns ids by slug */
    async channels(...slugs: string[]): Promise<Record<string, string>> {
      const ids: Record<string, string> = {};
      for (const slug of slugs) ids[slug] = await addChannel(db, sim, slug);
      return ids;
    },
    addCommand: (channelId: string, trigger: string, response: string, more: Partial<CommandColumns> = {}) =>
      addCommand(db, channelId, trigger, response, more),
    async queue(channelId: string, ...messages: string[]): Promise<void> {
      const { twitchLogin } = await db
        .selectFrom('ChatBotSubscription')
        .select('twitchLogin')
        .where('channelId', '=', channelId)
        .executeTakeFirstOrThrow();
      for (const message of messages) {
        await db.insertInto('ChatBotOutboxMessage').values({ channelId, twitchLogin, message }).execute();
      }
    },
    outbox: (channelId: string) =>
      db.selectFrom('ChatBotOutboxMessage').selectAll().where('channelId', '=', channelId).orderBy('seq').execute(),
    /** What the bot has said there as people see it, oldest first. */
    said: (slug: string) =>
      sim
        .messagesIn(slug)
        .filter(({ transport }) => transport !== 'script')
        .map(({ text }) => text.replace(/ [\u034f\ufe0f]$/u, '')),
    /** Resolves when the bot reads these channels. */
    async joined(...slugs: string[]): Promise<void> {
      for (const slug of slugs) {
        await vi.waitFor(() => {
          if (!sim.readersOf(slug).includes(BOT_LOGIN)) throw new Error(`nobody reads ${slug}`);
        }, PATIENCE);
      }
    },
    startWorker: (choice: WorkerChoice = {}) => startTestWorker(twitch, environment(databaseUrl, sim), choice),
  };
}

export const PATIENCE = { timeout: 15_000, interval: 5 };

interface CommandColumns {
  enabled: boolean;
  onlyWhenLive: boolean;
  allowedUsers: string;
  allowedRoles: string;
}

async function addChannel(db: Db, sim: TwitchSimulator, slug: string): Promise<string> {
  const { id: twitchChannelId } = sim.addChannel(slug);
  const { id } = await db
    .insertInto('Channel')
    .values({ slug, name: slug, twitchChannelId })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db.insertInto('ChatBotSubscription').values({ channelId: id, twitchLogin: slug, enabled: true }).execute();
  return id;
}

async function addCommand(
  db: Db,
  channelId: string,
  trigger: string,
  response: string,
  more: Partial<CommandColumns>,
): Promise<string> {
  const { id } = await db
    .insertInto('ChatBotCommand')
    .values({ channelId, trigger, triggerNormalized: trigger.toLowerCase(), response, ...more })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** @returns the account's id */
export async function linkAccount(
  db: Db,
  sim: TwitchSimulator,
  login: string,
  scopes: readonly string[],
): Promise<string> {
  const token = sim.issueToken(login, scopes);
  const { id: userId } = await db
    .insertInto('User')
    .values({ displayName: login })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { id } = await db
    .insertInto('ExternalAccount')
    .values({
      userId,
      provider: 'twitch',
      providerAccountId: sim.person(login).id,
      login,
      displayName: login,
      accessToken: token.access,
      refreshToken: token.refresh,
      scopes: scopes.join(' '),
      tokenExpiresAt: new Date(Date.now() + 3_600_000),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function linkDefaultBot(db: Db, sim: TwitchSimulator, scopes: readonly string[]): Promise<void> {
  const externalAccountId = await linkAccount(db, sim, BOT_LOGIN, scopes);
  await db.insertInto('GlobalTwitchBotCredential').values({ externalAccountId, enabled: true }).execute();
}

/** No limits, and nobody who listens to credits. */
function environment(databaseUrl: string, sim: TwitchSimulator): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
    TWITCH_JOINS_PER_10S: '0',
    TWITCH_SEND_PER_30S: '0',
    TWITCH_SEND_PRIVILEGED_PER_30S: '0',
    TWITCH_CHANNEL_SEND_PER_S: '0',
    ...sim.env(),
  };
}
