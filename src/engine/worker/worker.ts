/** One worker: the parts of the engine put together around one platform. */
import { type Credentials, createCredentialSource } from '../../accounts/credentials.ts';
import { ClockWatch } from '../../db/clock-watch.ts';
import { createPool, type Db, type Pool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { createBusyShare } from '../../lib/busy-share.ts';
import { createHttpClient } from '../../lib/http.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { CommonDeps, Platform, Told } from '../../platforms/platform.ts';
import type { ChatMessage, LiveFact, ReaderEvents, WorkerSide } from '../../platforms/worker-side.ts';
import type { InboxReader } from '../inbox/inbox-reader.ts';
import { openInbox } from '../inbox/open.ts';
import type { Receipt } from '../inbox/receipt.ts';
import { forgetLive, recordLive } from '../live/record-live.ts';
import { Outbox } from '../outbox/outbox.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { type Credits, createCredits } from '../relay/credits.ts';
import { ChannelHealth } from './channel-health.ts';
import { startHousekeeping } from './housekeeping.ts';
import { Knowledge } from './knowledge.ts';
import { startLivePoll } from './live-poll.ts';
import { Looks } from './looks.ts';
import { Names } from './names.ts';
import { Presence } from './presence.ts';
import { createWorkerFacts } from './readiness.ts';
import { SharedSender } from './shared-sender.ts';
import { startVersionWatch } from './version-watch.ts';
import { Voices } from './voices.ts';

export interface WorkerOptions extends Omit<CommonDeps, 'http'> {
  readonly platform: Platform;
  readonly databaseUrl: string;
  /** Statements slower than this are logged. */
  readonly slowMs: number;
  readonly seal: TokenSeal;
  readonly relay: { readonly baseUrls: readonly string[]; readonly secret: string | null };
  readonly outboxTtlMs: number;
  readonly commandMaxAgeMs: number;
  readonly httpTimeoutMs: number;
}

/** A platform or a database that is gone does not say goodbye. */
const FAREWELL_MS = 2000;

/** Returns at once; connects, and connects again, for as long as it runs. */
export class Worker {
  readonly presence: Presence;
  readonly health: ChannelHealth;
  readonly pipeline: Pipeline;
  readonly outbox: Outbox;
  readonly credits: Credits;
  readonly sharedSender: SharedSender;
  readonly clockWatch: ClockWatch;
  /** Null where the platform delivers nothing by webhook. */
  readonly #inbox: InboxReader | null;
  readonly #options: WorkerOptions;
  readonly #pool: Pool;
  readonly #knowledge: Knowledge;
  readonly #credentials: Credentials;
  readonly #side: WorkerSide;
  readonly #names: Names;
  readonly #looks: Looks;
  readonly #stops: readonly (() => void)[];
  #isStopping = false;

  /** @throws Error with a sentence for the operator when the database's address is unusable */
  constructor(options: WorkerOptions) {
    this.#options = options;
    const { platform, settings, log, databaseUrl, slowMs } = options;
    this.#pool = createPool(databaseUrl, { applicationName: `memalerts-${platform.id}`, slowMs, log });
    const common = { ...options, ...this.#pool, http: createHttpClient(options.httpTimeoutMs) };
    const shared = { ...common, logPrefix: platform.logPrefix, provider: platform.id };
    const limits = platform.limits(settings);
    const held = () => this.presence.channels.held();
    const startNumber = () => this.presence.life.startNumber;
    const limitShare = () => 1 / this.presence.life.limitSharers;

    this.#knowledge = new Knowledge({ ...shared, held, isListening: () => this.presence.listener.isHealthy });
    this.presence = new Presence({
      ...common,
      pool: this.#pool,
      movesPer10s: limits.joinsPer10s ?? 0,
      platformMemoryMs: Math.max(0, ...limits.sendWindows.map(({ periodMs }) => periodMs)),
      prepare: (channelIds) => this.#knowledge.prepare(channelIds),
      forgotten: (channelIds) => void this.#forgetLive(channelIds),
      facts: createWorkerFacts(this, options.seal.keyIds, options.clock),
      registered: () => void this.sharedSender.look(),
      hints: {
        outbox: (channelId) => this.outbox.wake(channelId),
        inbox: (channelId) => this.#inbox?.wake(channelId),
        commands: (channelId) => this.#knowledge.commandsChanged(channelId),
        live: (channelId) => this.#knowledge.live.invalidate(channelId),
        look: (channelId) => this.#looks.want(channelId),
        credentials: oncePerTick(() => {
          this.#credentials.invalidate();
          voices.lookAgain();
          void this.sharedSender.look();
        }),
      },
    });
    this.#credentials = openCredentials(common);
    this.sharedSender = openSharedSender(common);
    this.health = new ChannelHealth({ ...shared, startNumber });
    const voices = new Voices({
      ...shared,
      credentials: this.#credentials,
      health: this.health,
      held,
      sendable: (channelId) => this.outbox.sendable(channelId),
    });
    this.credits = createCredits({ ...shared, ...options.relay });
    this.#side = platform.openWorkerSide({
      ...common,
      credentials: this.#credentials,
      isOwnAccount: (platformUserId) => this.#credentials.ownAccountIds().has(platformUserId),
      limitShare,
      events: this.#readerEvents(),
      startNumber,
    });
    this.#names = new Names(this.#side.names, { ...shared, held, health: this.health });
    this.#looks = new Looks({ ...shared, reader: this.#side.reader, held, startNumber });
    this.outbox = new Outbox({
      ...common,
      limits,
      sender: this.#side.sender,
      credentials: voices,
      channels: this.presence.channels,
      startNumber,
      limitShare,
      isListening: () => this.presence.listener.isHealthy,
      pollMs: platform.timers(settings).outboxPollMs,
      ttlMs: options.outboxTtlMs,
      answerMaxAgeMs: options.commandMaxAgeMs,
    });
    this.clockWatch = new ClockWatch(shared);
    this.pipeline = new Pipeline({
      ...shared,
      clockWatch: this.clockWatch,
      channels: this.presence.channels,
      commands: this.#knowledge,
      live: this.#knowledge.live,
      credit: (message, slug) => this.credits.credit(message, slug),
      outbox: this.outbox,
      ownNames: () => this.#credentials.ownNames(),
      roleResolver: this.#side.roleResolver,
      maxAgeMs: options.commandMaxAgeMs,
      busyShare: createBusyShare(),
    });
    this.#inbox = openInbox(this.#side.webhookInbox, {
      ...shared,
      channels: this.presence.channels,
      startNumber,
      isListening: () => this.presence.listener.isHealthy,
      pollMs: platform.timers(settings).outboxPollMs,
      message: (message, receipt) => this.#hear(message, receipt),
      credentials: this.#credentials,
    });
    this.presence.channels.onChange(() => this.#serve());
    this.#stops = this.#startTimers(shared);
  }

  /**
   * Running sends are finished and recorded, what was claimed is given back, the leases are free.
   *
   * Ends in any case: whoever does not answer is not waited for longer than the grace and a few seconds.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const stop of this.#stops) stop();
    this.#knowledge.stop();
    this.#inbox?.stop();
    this.#names.stop();
    this.#looks.stop();
    this.clockWatch.stop();
    this.presence.stopTaking();
    await this.#within(graceMs, Promise.all([this.outbox.drain(), this.credits.drain(graceMs)]));
    await this.#within(FAREWELL_MS, this.#side.close());
    await this.#within(FAREWELL_MS, this.presence.leave());
    await this.#within(FAREWELL_MS, this.#pool.end());
  }

  /** What the platform's half knows that explains a silent bot. */
  told(): readonly Told[] {
    return this.#side.told?.() ?? [];
  }

  /** What only this platform has to tell operators. */
  details(): Readonly<Record<string, unknown>> | null {
    return this.#side.details?.() ?? null;
  }

  #startTimers(shared: Omit<Parameters<typeof startLivePoll>[0], 'status' | 'held' | 'startNumber' | 'periodMs'>) {
    const { platform, settings, relay, log } = this.#options;
    const timers = platform.timers(settings);
    const { channels, life } = this.presence;
    const stops = [
      startHousekeeping({ ...shared, pg: this.#pool.pg }),
      startVersionWatch({
        ...shared,
        pg: this.#pool.pg,
        periodMs: Math.min(timers.syncMs, timers.commandsRefreshMs),
        changed: (kind) => this.presence.changed(kind),
        looked: (isAnswered) => {
          if (isAnswered) channels.confirm();
          channels.checkTime();
        },
      }),
    ];
    const { liveStatus } = this.#side;
    if (liveStatus !== undefined && timers.livePollMs > 0) {
      const poll = { status: liveStatus, held: () => channels.held(), startNumber: () => life.startNumber };
      stops.push(startLivePoll({ ...shared, ...poll, periodMs: timers.livePollMs }));
    }
    log.info(`${platform.logPrefix}started`, { ...timers, relays: relay.baseUrls.length, ...this.#side.startedFields });
    return stops;
  }

  /** A line of the chat, however it came here. */
  #hear(message: ChatMessage, receipt: Receipt | null = null): void {
    this.health.heard(message.channelId);
    this.pipeline.message(message, receipt);
  }

  #readerEvents(): ReaderEvents {
    return {
      message: (message) => {
        if (!this.#isStopping) this.#hear(message);
      },
      state: (channelId, state) => this.health.state(channelId, state),
      live: (channelId, fact) => void this.#recordLive(channelId, fact),
      sendable: (channelId) => this.outbox.sendable(channelId),
      renamed: (channelId, target, extra) => void this.#names.heard(channelId, target, extra),
      lost: (channelId) => this.#names.lost(channelId),
    };
  }

  /** Called when the channels that this worker holds have changed. */
  #serve(): void {
    const held = this.presence.channels.held();
    this.health.keep(held);
    this.pipeline.forget();
    this.#knowledge.serve();
    this.#side.reader.setChannels([...held.values()]);
  }

  async #recordLive(channelId: ChannelId, fact: LiveFact): Promise<void> {
    const { platform, clock, log } = this.#options;
    const { startNumber } = this.presence.life;
    if (startNumber === null) return;
    try {
      await recordLive({ db: this.#pool.db, clock }, platform.id, channelId, fact, { startNumber });
    } catch (error) {
      const event = fact.isLive ? 'stream_online_store_failed' : 'stream_offline_store_failed';
      log.warn(`${platform.logPrefix}${event}`, { channelId, error });
    }
  }

  /** The API forgets too, but a poll of ours may have come after it. */
  async #forgetLive(channelIds: readonly ChannelId[]): Promise<void> {
    const { platform, clock, log } = this.#options;
    try {
      for (const channelId of channelIds) await forgetLive({ db: this.#pool.db, clock }, platform.id, channelId);
    } catch (error) {
      log.warn(`${platform.logPrefix}stream_offline_store_failed`, { channelIds, error });
    }
  }

  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(limitMs, () => limit.resolve());
    await Promise.race([work, limit.promise]);
    timer.cancel();
  }
}

/** Two hundred hints of one commit are one reason to look. */
function oncePerTick(work: () => void): () => void {
  let isPlanned = false;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(() => {
      isPlanned = false;
      work();
    });
  };
}

interface SenderDeps extends CommonDeps {
  readonly db: Db;
  readonly platform: Platform;
  readonly seal: TokenSeal;
}

function openCredentials(deps: SenderDeps): Credentials {
  return createCredentialSource({ ...deps, oauth: deps.platform.oauth(deps), ...legacySenderOf(deps) });
}

function openSharedSender(deps: SenderDeps): SharedSender {
  return new SharedSender({ ...deps, ...legacySenderOf(deps) });
}

function legacySenderOf(deps: SenderDeps) {
  const { platform } = deps;
  if (platform.legacySender === undefined) return {};
  return { legacySender: async (db: Db) => platform.legacySender?.({ ...deps, db }) ?? null };
}
