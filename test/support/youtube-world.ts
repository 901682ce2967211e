/** YouTube's worker side under test: the simulated platform, a real database, and a clock the test drives. */
import { Writable } from 'node:stream';
import { setTimeout as realDelay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { YouTubeSimulatorOptions } from '../../simulators/youtube/options.ts';
import { startYouTubeSimulator, type YouTubeSimulator } from '../../simulators/youtube/simulator.ts';
import { createPool, type Pool } from '../../src/db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformChannelId, PlatformUserId, UserId } from '../../src/lib/brand.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type {
  AccountCredential,
  CredentialSource,
  NoCredential,
  NoOwner,
  SenderCredential,
} from '../../src/platforms/account-side.ts';
import type {
  ChatMessage,
  LiveFact,
  ReadChannel,
  ReaderState,
  WorkerDeps,
  WorkerSide,
} from '../../src/platforms/worker-side.ts';
import { youtube } from '../../src/platforms/youtube/index.ts';
import { youtubeVariables } from '../../src/platforms/youtube/settings.ts';
import { createTestDatabase } from './database.ts';
import { ManualClock } from './manual-clock.ts';

export const READ_SCOPE = 'https://www.googleapis.com/auth/youtube.readonly';
export const WRITE_SCOPE = 'https://www.googleapis.com/auth/youtube.force-ssl';
export const STREAMER = 'northpine';
export const BOT = 'memalerts_bot';

const START_NUMBER = 7;
const PATIENCE_MS = 10_000;

interface Choice extends YouTubeSimulatorOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly startsAt?: Date;
}

/** No limit of the simulator unless the options name one. */
export async function youtubeWorld({ env = {}, startsAt, ...options }: Choice = {}) {
  const clock = new ManualClock(startsAt ?? new Date('2026-11-22T18:00:00Z'));
  const sim = await startYouTubeSimulator({ limits: 'off', clock, ...options });
  onTestFinished(() => sim.stop());
  const lines: string[] = [];
  const output = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const log = createLogger({ level: 'debug', clock, output, errorOutput: output });
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log });
  onTestFinished(() => pool.end());
  await pool.pg.query(`insert into "BotWorker" (provider, host, pid) values ('youtube', 'here', 1)`);
  const accounts = new YouTubeAccounts(sim);

  return {
    sim,
    clock,
    pool,
    accounts,
    /** Log events, oldest first. */
    events: () => lines.map((line) => JSON.parse(line).event as string),
    /** A streamer with a channel of ours; broadcasting unless told otherwise. */
    async streamer(name = STREAMER, isLive = true): Promise<ReadChannel> {
      const { id: target } = sim.addChannel(name);
      if (isLive) sim.startBroadcast(name, { title: name });
      return addChannel(pool, name, target);
    },
    bot: (name = BOT): SenderCredential => accounts.sender(name),
    /** A worker's half; several stand for copies, or for starts after one another. */
    open: (more: Partial<WorkerDeps> = {}) =>
      openSide({
        settings: settingsOf({ ...sim.env(), ...env }),
        clock,
        log,
        http: createHttpClient(2000),
        random: () => 0.5,
        db: pool.db,
        credentials: accounts,
        isOwnAccount: (id) => accounts.ownIds.has(id),
        limitShare: () => 1,
        startNumber: () => START_NUMBER,
        ...more,
      }),
    /** Lets time pass a second at a time until the check passes. */
    drive: (check: () => unknown, limitMs = 3_600_000) => drive(clock, check, limitMs),
    /** In real time: for what has no reason to wait. */
    until: (check: () => unknown) => drive(clock, check, 0),
    async pass(ms: number): Promise<void> {
      await clock.advance(ms);
      await realDelay(30);
    },
  };
}

/** What one worker side told its core. */
export interface OpenSide extends WorkerSide {
  readonly messages: ChatMessage[];
  readonly states: ReaderState[];
  readonly facts: LiveFact[];
  /** Channels told that waiting messages may go now. */
  readonly sendable: ChannelId[];
  /** Texts of viewers that are to be answered. */
  fresh(): string[];
}

function openSide(deps: Omit<WorkerDeps, 'events'>): OpenSide {
  const told = {
    messages: [] as ChatMessage[],
    states: [] as ReaderState[],
    facts: [] as LiveFact[],
    sendable: [] as ChannelId[],
  };
  const side = youtube.openWorkerSide({
    ...deps,
    events: {
      message: (message) => told.messages.push(message),
      state: (_channelId, state) => told.states.push(state),
      live: (_channelId, fact) => told.facts.push(fact),
      sendable: (channelId) => told.sendable.push(channelId),
      renamed: () => {},
      lost: () => {},
    },
  });
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= side.close();
    return closed;
  };
  onTestFinished(close);
  const fresh = () => told.messages.filter(({ isOwn, isBacklog }) => !isOwn && !isBacklog).map(({ text }) => text);
  return { ...side, ...told, fresh, close };
}

/** Owners' and bots' accounts with tokens of the simulator. */
class YouTubeAccounts implements CredentialSource {
  readonly ownIds = new Set<PlatformUserId>();
  /** How often a token was asked for in the place of a refused one. */
  renewals = 0;
  readonly #sim: YouTubeSimulator;
  readonly #owners = new Map<ChannelId, AccountCredential>();
  readonly #dead = new Set<string>();

  constructor(sim: YouTubeSimulator) {
    this.#sim = sim;
  }

  own(channelId: ChannelId, name: string): void {
    this.#owners.set(channelId, this.#credential(name, [READ_SCOPE, 'openid']));
  }

  sender(name: string): SenderCredential {
    const credential = this.#credential(name, [WRITE_SCOPE, 'openid']);
    this.ownIds.add(credential.login as PlatformUserId);
    return { ...credential, kind: 'default', key: name };
  }

  /** Only a new link helps. */
  end(name: string): void {
    this.#dead.add(name);
    this.#sim.faults.revokeGrant(this.#sim.personOf(name));
  }

  async defaultSender(): Promise<NoCredential> {
    return 'none';
  }

  async owner(channelId: ChannelId): Promise<AccountCredential | NoOwner> {
    const credential = this.#owners.get(channelId);
    if (credential === undefined) return 'unlinked';
    return this.#dead.has(String(credential.accountId)) ? 'none' : credential;
  }

  async renewed<C extends AccountCredential>(credential: C): Promise<C | NoCredential> {
    this.renewals += 1;
    const name = String(credential.accountId);
    if (this.#dead.has(name)) return 'none';
    const fresh = { ...credential, ...this.#credential(name, [...credential.scopes]) };
    for (const [channelId, { accountId }] of this.#owners) {
      if (accountId === credential.accountId) this.#owners.set(channelId, fresh);
    }
    return fresh;
  }

  onDefaultSenderChanged(): void {}

  #credential(name: string, scopes: readonly string[]): AccountCredential {
    const channel = this.#sim.addChannel(name);
    return {
      accountId: name as ExternalAccountId,
      platformUserId: channel.ownerId as PlatformUserId,
      login: channel.id,
      accessToken: this.#sim.issueToken(name, scopes).access,
      scopes: new Set(scopes),
    };
  }
}

/** With a lease of the copy that is under test. */
async function addChannel({ pg }: Pool, slug: string, target: string): Promise<ReadChannel> {
  const channel = await pg.query(`insert into "Channel" (slug, name) values ($1, $1) returning id`, [slug]);
  const channelId = channel.rows[0].id as ChannelId;
  await pg.query(`insert into "BotChannelLease" (provider, "channelId", "startNumber") values ('youtube', $1, $2)`, [
    channelId,
    START_NUMBER,
  ]);
  return {
    channelId,
    slug,
    target: target as PlatformChannelId,
    ownerUserId: slug as UserId,
    stableId: null,
    extra: {},
  };
}

export function settingsOf(env: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.values(youtubeVariables).map((variable) => {
      const reading = variable.read(env[variable.name] ?? null, false);
      if ('problem' in reading) throw new Error(reading.problem);
      return [variable.name, reading.value];
    }),
  );
}

async function drive(clock: ManualClock, check: () => unknown, limitMs: number): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  const driveUntilMs = clock.monotonicMs() + limitMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
    if (clock.monotonicMs() < driveUntilMs) await clock.advance(1000);
    await realDelay(4);
  }
}

export function lastState(side: OpenSide, expected: Partial<ReaderState>): void {
  expect(side.states.at(-1)).toMatchObject(expected);
}
