/** Accounts, a simulated Twitch that rotates refresh tokens, and as many processes as a test wants to ask at once. */
import { Writable } from 'node:stream';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { startTwitchSimulator } from '../../simulators/twitch/simulator.ts';
import { type CredentialDeps, type Credentials, createCredentialSource } from '../../src/accounts/credentials.ts';
import { StoredSenders } from '../../src/accounts/senders-stored.ts';
import { loadConfig } from '../../src/config.ts';
import { listen } from '../../src/db/listen.ts';
import { createPool, type Db } from '../../src/db/pool.ts';
import { readDesired } from '../../src/engine/channels/desired.ts';
import type { ChannelId, ExternalAccountId } from '../../src/lib/brand.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createHttpClient, type HttpClient } from '../../src/lib/http.ts';
import { createLogger, type Logger } from '../../src/lib/logger.ts';
import { createTokenSeal, type TokenSeal } from '../../src/lib/token-seal.ts';
import type { CommonDeps } from '../../src/platforms/platform.ts';
import { twitch } from '../../src/platforms/twitch/index.ts';
import { createTestDatabase } from './database.ts';
import { ManualClock } from './manual-clock.ts';
import { presentOnly } from './present.ts';
import { silentLog } from './silent-log.ts';

export const BOT = 'memalerts_bot';
export const BOT_SCOPES = ['chat:read', 'chat:edit', 'user:write:chat'];
export const HOUR_MS = 3_600_000;
const TOKEN_PATH = '/oauth2/token';
const HTTP_TIMEOUT_MS = 400;

export const sealKey = (fill: number) => Buffer.alloc(32, fill);

export interface Process {
  readonly credentials: ReturnType<typeof presentOnly>;
  /** The same, with the reason where there is no credential. */
  readonly source: Credentials;
  /** What people are told about senders. */
  readonly senders: StoredSenders;
  /** Its own way to the database. */
  readonly db: Db;
  readonly log: LogLine[];
  /** How often another shared sender was told of, the first included. */
  readonly changes: () => number;
  readonly events: (name: string) => LogLine[];
}

interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

interface ProcessOptions {
  /** The way to the database; the test's own when absent. */
  readonly databaseUrl?: string;
  readonly seal?: TokenSeal;
  readonly env?: Readonly<Record<string, string>>;
  /** Hears the database's hints, as workers do; otherwise the test invalidates. */
  readonly hears?: boolean;
  readonly announces?: boolean;
}

interface AccountOptions {
  readonly login: string;
  /** Of the stored expiry; null: unknown. */
  readonly livesMs?: number | null;
  readonly scopes?: readonly string[];
  readonly userId?: string;
  readonly sealed?: boolean;
  readonly refreshToken?: null;
  readonly createdAt?: Date;
}

export type CredentialsWorld = Awaited<ReturnType<typeof credentialsWorld>>;

export async function credentialsWorld({ rotates = true } = {}) {
  const { url: databaseUrl } = await createTestDatabase({ forTest: true });
  const clock = new ManualClock();
  const sim = await startTwitchSimulator({ clock, limits: 'off', rotateRefreshTokens: rotates });
  onTestFinished(() => sim.stop());
  const { db, ...pool } = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const seal = createTokenSeal([sealKey(1)]);
  const secrets = new Set<string>();
  const printed: string[] = [];
  // The promise of every test: whatever went wrong, no token was written into a log.
  onTestFinished(() => {
    const all = printed.join('');
    for (const secret of secrets) expect(all.includes(secret), 'a token in the log').toBe(false);
  });

  const row = (id: string) =>
    db.selectFrom('ExternalAccount').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const account = async (options: AccountOptions): Promise<ExternalAccountId> => {
    const { login, livesMs = HOUR_MS, scopes = BOT_SCOPES, sealed = true } = options;
    sim.addPerson(login);
    const token = sim.issueToken(login, scopes, livesMs === null ? {} : { seconds: livesMs / 1000 });
    for (const secret of [token.access, token.refresh]) if (secret) secrets.add(secret);
    const stored = (text: string) => (sealed ? seal.seal(text) : text);
    const account = await db
      .insertInto('ExternalAccount')
      .values({
        userId: options.userId ?? (await addUser(db, { displayName: login })),
        provider: 'twitch',
        providerAccountId: sim.person(login).id,
        login,
        accessToken: stored(token.access),
        refreshToken: options.refreshToken === null ? null : stored(token.refresh ?? ''),
        scopes: scopes.join(' '),
        tokenExpiresAt: livesMs === null ? null : new Date(clock.now().getTime() + livesMs),
        ...(options.createdAt === undefined ? {} : { createdAt: options.createdAt }),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return account.id as ExternalAccountId;
  };
  /** The newest default bot. */
  const defaultBot = async (externalAccountId: ExternalAccountId, enabled = true) => {
    await db.insertInto('GlobalTwitchBotCredential').values({ externalAccountId, enabled }).execute();
  };

  return {
    databaseUrl,
    clock,
    sim,
    db,
    seal,
    row,
    /** Opened tokens of an account as stored. */
    async tokens(id: string) {
      const { accessToken, refreshToken } = await row(id);
      return { access: seal.open(accessToken ?? ''), refresh: seal.open(refreshToken ?? '') };
    },
    account,
    /** The default bot, linked. */
    async linkedBot(options: Partial<AccountOptions> = {}) {
      const id = await account({ login: BOT, ...options });
      await defaultBot(id);
      return id;
    },
    /** What linking the account again writes. */
    async relink(id: ExternalAccountId, login: string, scopes: readonly string[] = BOT_SCOPES) {
      const token = sim.issueToken(login, scopes);
      for (const secret of [token.access, token.refresh]) if (secret) secrets.add(secret);
      await db
        .updateTable('ExternalAccount')
        .set({
          accessToken: seal.seal(token.access),
          refreshToken: seal.seal(token.refresh ?? ''),
          scopes: scopes.join(' '),
          tokenExpiresAt: new Date(clock.now().getTime() + 4 * HOUR_MS),
          brokenAt: null,
          brokenReason: null,
        })
        .where('id', '=', id)
        .execute();
      return token;
    },
    user: (columns: Parameters<typeof addUser>[1]) => addUser(db, columns),
    knownSecret: (secret: string) => void secrets.add(secret),
    defaultBot,
    async override(
      channelId: ChannelId,
      externalAccountId: ExternalAccountId,
      { entitled = true, enabled = true } = {},
    ) {
      await db.insertInto('TwitchBotIntegration').values({ channelId, externalAccountId, enabled }).execute();
      if (entitled)
        await db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();
    },
    async channel(slug: string): Promise<ChannelId> {
      const { id } = await db
        .insertInto('Channel')
        .values({ slug, name: slug })
        .returning('id')
        .executeTakeFirstOrThrow();
      await db.insertInto('ChatBotSubscription').values({ channelId: id, twitchLogin: slug, enabled: true }).execute();
      return id as ChannelId;
    },
    /** Who speaks in the channel, by the whole chain from the tables on; people are told the same. */
    async speaks({ credentials, senders }: Pick<Process, 'credentials' | 'senders'>, channelId: ChannelId) {
      const [desired] = await readDesired(db, twitch, [channelId], clock.now());
      if (desired === undefined) throw new Error('the channel is not desired');
      const sender = await credentials.senderFor(desired);
      const { kind, login } = await senders.effective(channelId);
      expect({ kind, login }).toEqual({ kind: sender?.kind ?? 'none', login: sender?.login ?? null });
      return sender && { login: sender.login, kind: sender.kind };
    },
    async process(options: ProcessOptions = {}): Promise<Process> {
      const log: LogLine[] = [];
      const output = new Writable({
        write(chunk, _encoding, done) {
          printed.push(String(chunk));
          log.push(JSON.parse(String(chunk)));
          done();
        },
      });
      const common: CommonDeps = {
        settings: settingsOf(databaseUrl, { ...sim.env(), ...options.env }),
        clock,
        http: noting(secrets, createHttpClient(HTTP_TIMEOUT_MS)),
        log: createLogger({ level: 'debug', clock, output, errorOutput: output }),
        random: () => 0.5,
      };
      const own = createPool(options.databaseUrl ?? databaseUrl, {
        applicationName: 'process',
        slowMs: 60_000,
        log: common.log,
      });
      onTestFinished(() => own.end());
      const deps: CredentialDeps = {
        ...common,
        db: own.db,
        seal: options.seal ?? seal,
        platform: twitch,
        oauth: twitch.oauth(common),
        legacySender: async (db) => twitch.legacySender?.({ ...common, db }) ?? null,
        announces: options.announces ?? true,
      };
      const source = createCredentialSource(deps);
      const credentials = presentOnly(source);
      let changes = 0;
      credentials.onDefaultSenderChanged(() => {
        changes += 1;
      });
      if (options.hears) await hearHints(databaseUrl, common.log, source);
      const events = (name: string) => log.filter(({ event }) => event === name);
      return { credentials, source, senders: new StoredSenders(deps), db: own.db, log, events, changes: () => changes };
    },
    /** The table takes no change, as on a full disk. */
    async refuseUpdates(table: 'ExternalAccount' | 'User') {
      await sql`create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'disk full'; end $$`.execute(db);
      await sql`create trigger refuse before update on ${sql.table(table)} for each row execute function refuse()`.execute(
        db,
      );
    },
    async acceptUpdates() {
      await sql`drop function refuse cascade`.execute(db);
    },
    /** Passes when a statement has waited for a lock far longer than the 20 ms that its session allows. */
    async waitsPatiently() {
      const patient = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        and clock_timestamp() - query_start > interval '200 milliseconds'`;
      await expect.poll(async () => (await patient.execute(db)).rows).toHaveLength(1);
    },
    /** Calls of the token endpoint so far. */
    refreshes: () => sim.calls.filter(({ path }) => path === TOKEN_PATH).length,
    tokenFault: (fault: TokenFault) => sim.faults.http({ ...fault, path: TOKEN_PATH }),
    /** Lets time pass until the work is done, and only while something waits for it: answers of the database take real time. */
    async passing<T>(work: Promise<T>, stepMs = 100): Promise<T> {
      let isDone = false;
      const done = () => {
        isDone = true;
      };
      work.then(done, done);
      while (!isDone) {
        if (clock.pendingTimers > 0) await clock.advance(stepMs);
        await systemClock.sleep(2);
      }
      return work;
    },
  };
}

type TokenFault =
  | { kind: 'answer'; status: number; body?: unknown; times?: number }
  | { kind: 'slow'; delayMs: number; times?: number }
  | { kind: 'lost' | 'ignored' | 'cut' | 'truncated'; times?: number };

async function addUser(
  db: Db,
  columns: {
    displayName: string;
    channelId?: ChannelId;
    twitchUserId?: string;
    twitchAccessToken?: string;
    twitchRefreshToken?: string;
  },
): Promise<string> {
  const { id } = await db.insertInto('User').values(columns).returning('id').executeTakeFirstOrThrow();
  return id;
}

function settingsOf(databaseUrl: string, env: Record<string, string>) {
  const base = { DATABASE_URL: databaseUrl, CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9' };
  const loaded = loadConfig('twitch', { ...base, ...env });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.platform('twitch');
}

/** The same client; remembers the tokens it was handed. */
function noting(secrets: Set<string>, http: HttpClient): HttpClient {
  return async (url, request) => {
    const answer = await http(url, request);
    for (const [, secret = ''] of answer.text.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)) secrets.add(secret);
    return answer;
  };
}

/** Lets credentials hear the database's hints, as workers do. Resolves when none is missed any more. */
async function hearHints(databaseUrl: string, log: Logger, credentials: Credentials): Promise<void> {
  const connected = Promise.withResolvers<void>();
  const listener = listen(
    databaseUrl,
    {
      hint: ({ kind }) => {
        if (kind === 'credentials' || kind === 'channels') credentials.invalidate();
      },
      listening: () => connected.resolve(),
    },
    { applicationName: 'process-listen', clock: systemClock, random: () => 0.5, log },
  );
  onTestFinished(() => listener.close());
  await connected.promise;
}
