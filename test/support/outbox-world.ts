/** The outbox under test: a real database with real claims and locks; only the platform's answer is scripted. */
import { Writable } from 'node:stream';
import { type Insertable, sql } from 'kysely';
import type pg from 'pg';
import { onTestFinished } from 'vitest';
import { listen } from '../../src/db/listen.ts';
import type { OutboxColumns } from '../../src/db/platform-tables.ts';
import { createPool, type Pool } from '../../src/db/pool.ts';
import { Outbox, type OutboxDeps } from '../../src/engine/outbox/outbox.ts';
import type { SpeakingChannel } from '../../src/engine/outbox/row.ts';
import type {
  ChannelId,
  ExternalAccountId,
  PlatformChannelId,
  PlatformMessageId,
  PlatformUserId,
  ProviderId,
} from '../../src/lib/brand.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { SenderCredential } from '../../src/platforms/account-side.ts';
import type { PlatformLimits, PlatformTables } from '../../src/platforms/platform.ts';
import type { ChatSender, SendOutcome } from '../../src/platforms/worker-side.ts';
import type { ManualClock } from './manual-clock.ts';

const outboxTables: PlatformTables = {
  subscription: 'ChatBotSubscription',
  outbox: 'ChatBotOutboxMessage',
  override: 'TwitchBotIntegration',
  defaultCredential: 'GlobalTwitchBotCredential',
  targetColumn: 'twitchLogin',
  extraColumns: [],
  needsOwner: false,
};
const outboxPlatform = {
  id: 'twitch' as ProviderId,
  logPrefix: 'test.',
  tables: outboxTables,
  noSenderReason: 'no_bot' as const,
};
const NO_LIMITS: PlatformLimits = { message: { max: 500, unit: 'utf16' }, sendWindows: [] };

export const sharedSender: SenderCredential = {
  accountId: 'bot-account' as ExternalAccountId,
  platformUserId: '900' as PlatformUserId,
  login: 'memalerts_bot',
  accessToken: 'token-1',
  scopes: new Set(),
  kind: 'default',
  key: 'bot-account',
};

/** A platform that answers as the test says; at once and with `sent` unless told otherwise. */
export class ScriptedSender implements ChatSender {
  readonly messages: { channelId: ChannelId; text: string; token: string; answers: PlatformMessageId | null }[] = [];
  answer: (text: string, channelId: ChannelId, token: string) => SendOutcome | Promise<SendOutcome> = () => accepted();

  async send(
    { channelId }: SpeakingChannel,
    text: string,
    as: SenderCredential,
    _deadlineMs: number,
    answers: PlatformMessageId | null = null,
  ): Promise<SendOutcome> {
    this.messages.push({ channelId, text, token: as.accessToken, answers });
    return this.answer(text, channelId, as.accessToken);
  }

  /** Whether the bot is moderator everywhere. */
  isModerator = false;
  /** A platform that can be asked; most cannot. */
  hasSaid?: NonNullable<ChatSender['hasSaid']>;

  isPrivileged(): boolean {
    return this.isModerator;
  }

  textsIn(channelId: ChannelId): string[] {
    return this.messages.filter((message) => message.channelId === channelId).map(({ text }) => text);
  }
}

let messageIds = 0;
export function accepted(): SendOutcome {
  return { kind: 'sent', platformMessageId: `m${++messageIds}` as PlatformMessageId };
}

export interface TestWorker {
  readonly outbox: Outbox;
  readonly sender: ScriptedSender;
  readonly startNumber: number;
  /** What this copy believes to hold. */
  readonly held: Map<ChannelId, SpeakingChannel>;
  /** Tells the outbox that `held` changed. */
  changed(): void;
  /** Its locks are gone as if the process were; what it has running never ends. */
  die(): Promise<void>;
}

export interface WorkerOptions extends Partial<Pick<OutboxDeps, 'clock' | 'credentials' | 'limits' | 'limitShare'>> {
  readonly channels?: readonly SpeakingChannel[];
  readonly isListening?: () => boolean;
}

let worlds = 0;

export async function outboxWorld(databaseUrl: string, channelCount = 1, connections = 10) {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const log = createLogger({ level: 'error', clock: systemClock, output: silent, errorOutput: silent });
  const pool: Pool = createPool(`${databaseUrl}?connection_limit=${connections}`, {
    applicationName: 'outbox-test',
    slowMs: 10_000,
    log,
  });
  onTestFinished(() => pool.end());
  const statements = new Set<Promise<unknown>>();
  const world = ++worlds;
  const channels: SpeakingChannel[] = [];
  for (let index = 0; index < channelCount; index += 1) {
    const name = `w${world}c${index}`;
    const { id } = await pool.db
      .insertInto('Channel')
      .values({ slug: name, name })
      .returning('id')
      .executeTakeFirstOrThrow();
    channels.push({
      channelId: id as ChannelId,
      slug: name,
      target: name as PlatformChannelId,
      ownerUserId: null,
      stableId: null,
      extra: {},
      overrideAccountId: null,
    });
  }
  const first = channels[0] as SpeakingChannel;

  async function worker(options: WorkerOptions = {}): Promise<TestWorker> {
    const clock: Clock = options.clock ?? systemClock;
    const { startNumber } = await pool.db
      .insertInto('BotWorker')
      .values({ provider: 'twitch', host: 'test', pid: 1, heartbeatAt: new Date(Date.now() + 3_600_000) })
      .returning('startNumber')
      .executeTakeFirstOrThrow();
    const sender = new ScriptedSender();
    const held = new Map((options.channels ?? channels).map((channel) => [channel.channelId, channel]));
    for (const { channelId } of held.values()) {
      await sql`
        insert into "BotChannelLease" (provider, "channelId", "startNumber") values ('twitch', ${channelId}, ${startNumber})
        on conflict (provider, "channelId") do update set "startNumber" = excluded."startNumber"
      `.execute(pool.db);
    }
    let outbox: Outbox | null = null;
    let changed = () => {};
    let isConnected = false;
    const connected = Promise.withResolvers<void>();
    const listener = listen(
      databaseUrl,
      {
        hint: ({ kind, channelId }) => {
          if (kind === 'outbox' && options.isListening?.() !== false) outbox?.wake(channelId);
        },
        listening: () => {
          isConnected = true;
          connected.resolve();
        },
      },
      { applicationName: 'outbox-test-listen', clock: systemClock, random: () => 0.5, log },
    );
    listener.holdWorkerLock(startNumber);
    await connected.promise;
    if (!listener.holdsWorkerLock) listener.holdWorkerLock(startNumber);
    outbox = new Outbox({
      platform: outboxPlatform,
      limits: options.limits ?? NO_LIMITS,
      sender,
      credentials: options.credentials ?? { senderFor: async () => sharedSender, renewed: async () => 'none' },
      channels: {
        held: () => held,
        onChange: (heard) => {
          changed = heard;
        },
      },
      pg: watched(pool.pg, statements),
      clock,
      random: () => 0.5,
      log,
      startNumber: () => startNumber,
      limitShare: options.limitShare ?? (() => 1),
      isListening: options.isListening ?? (() => isConnected),
      pollMs: 1000,
      ttlMs: 600_000,
      answerMaxAgeMs: 60_000,
    });
    let isDead = false;
    const running = outbox;
    onTestFinished(async () => {
      if (!isDead) await running.drain();
      await listener.close();
    });
    return {
      outbox: running,
      sender,
      startNumber,
      held,
      changed: () => changed(),
      async die() {
        isDead = true;
        held.clear();
        await listener.close();
      },
    };
  }

  return {
    ...pool,
    log,
    channels,
    first,
    worker,
    /** Resolves when every outbox waits for time or a hint. */
    calm: () => calm(statements),
    /** Moves time on in steps; after each, everything that follows from it happens before the next. */
    async pass(clock: ManualClock, totalMs: number, stepMs = 1000) {
      await calm(statements);
      for (let passed = 0; passed < totalMs; passed += stepMs) {
        await clock.advance(stepMs);
        await calm(statements);
      }
    },
    async say(channel: SpeakingChannel, ...texts: string[]) {
      for (const text of texts) await this.queue(channel, text, {});
    },
    queue: (
      channel: SpeakingChannel,
      message: string,
      columns: Partial<Omit<Insertable<OutboxColumns>, 'id' | 'channelId' | 'message'>>,
    ) =>
      pool.db
        .insertInto('ChatBotOutboxMessage')
        .values({ channelId: channel.channelId, twitchLogin: channel.target, message, ...columns })
        .returning('id')
        .executeTakeFirstOrThrow(),
    rows: (channel: SpeakingChannel) =>
      pool.db
        .selectFrom('ChatBotOutboxMessage')
        .selectAll()
        .where('channelId', '=', channel.channelId)
        .orderBy('seq')
        .execute(),
    async states(channel: SpeakingChannel) {
      const rows = await this.rows(channel);
      return rows.map(({ status, attempts, lastError }) => [status, attempts, lastError] as const);
    },
  };
}

/** The same pool; what the outbox has running there is in `running`. */
function watched(pool: pg.Pool, running: Set<Promise<unknown>>): pg.Pool {
  const query = (...args: Parameters<pg.Pool['query']>) => {
    const answer = (pool.query as (...given: unknown[]) => Promise<unknown>)(...args);
    running.add(answer);
    answer.then(
      () => running.delete(answer),
      () => running.delete(answer),
    );
    return answer;
  };
  return Object.assign(Object.create(pool) as pg.Pool, { query });
}

/** Promises and immediates that may lead from one statement to the next. */
const CALM_ROUNDS = 6;

/** Resolves when no statement is running and none follows from the last: the outbox waits for time, or for a hint. */
async function calm(running: ReadonlySet<Promise<unknown>>): Promise<void> {
  for (let rounds = 0; rounds < CALM_ROUNDS; rounds += 1) {
    if (running.size > 0) rounds = 0;
    await Promise.allSettled(running);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
