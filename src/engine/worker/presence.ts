/** A worker in the eyes of the database: its life, its ear for hints, and the channels it is given. */
import { isMissingSchema } from '../../db/failures.ts';
import { type Listener, listen } from '../../db/listen.ts';
import type { Pool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Platform } from '../../platforms/platform.ts';
import { ChannelSet } from '../channels/channel-set.ts';
import { releaseLeases } from '../channels/leases.ts';
import { concerns, type Hints, wakeUp } from './wake-up.ts';
import { MIGRATE, WorkerLife, type WorkerLifeDeps } from './worker-life.ts';

export interface PresenceDeps {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly platform: Platform;
  readonly movesPer10s: number;
  readonly platformMemoryMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Awaited before new channels are served. Must not throw. */
  readonly prepare: (channelIds: readonly ChannelId[]) => Promise<void>;
  /** These are switched off, and nobody serves them any more. Must not throw. */
  readonly forgotten: (channelIds: readonly ChannelId[]) => void;
  /** What the worker knows of itself. */
  readonly facts: WorkerLifeDeps['facts'];
  /** The database is there and knows us. */
  readonly registered: () => void;
  /** What the rest of the worker wants to hear of; the worker's own matters are added here. */
  readonly hints: Pick<Hints, 'outbox' | 'inbox' | 'commands' | 'live' | 'credentials' | 'look'>;
}

export class Presence {
  readonly life: WorkerLife;
  readonly channels: ChannelSet;
  readonly listener: Listener;
  readonly #deps: PresenceDeps;
  readonly #hints: Hints;
  #wasLocked = false;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    const { platform, databaseUrl, clock, random, log } = deps;
    const { logPrefix } = platform;
    this.life = new WorkerLife({
      ...deps,
      provider: platform.id,
      logPrefix,
      registered: (startNumber) => {
        this.listener.holdWorkerLock(startNumber);
        deps.registered();
      },
      seen: (copies) => this.channels.among(copies),
      wasOverdue: () => this.channels.balance(),
    });
    this.channels = new ChannelSet({
      ...deps,
      // Whoever cannot be seen alive must not take channels: the next one to look would take them away again.
      startNumber: () => (this.listener.holdsWorkerLock ? this.life.startNumber : null),
      failed: (error, isFirst) => {
        const fix = isMissingSchema(error) ? { fix: MIGRATE } : {};
        if (isFirst) log.warn(`${logPrefix}sync_failed`, { error, ...fix });
      },
    });
    this.#hints = {
      ...deps.hints,
      channels: (channelId) => this.channels.changed(channelId),
      worker: () => this.life.look(),
      lease: () => this.channels.balance(),
    };
    this.listener = listen(
      databaseUrl,
      {
        hint: (hint) => {
          if (concerns(platform.id, hint)) wakeUp(this.#hints, hint.kind, hint.channelId);
        },
        listening: () => this.#reloadAll(),
        locked: () => this.#locked(),
        cannotWrite: () => deps.pool.renew(),
      },
      { applicationName: `memalerts-${platform.id}-hints`, clock, random, log },
    );
    this.life.start();
  }

  /** Something of this kind changed in a way no hint told. */
  changed(kind: string): void {
    wakeUp(this.#hints, kind, null);
  }

  /** No channel is taken any more. */
  stopTaking(): void {
    this.channels.stop();
  }

  /** Others may take over at once. */
  async leave(): Promise<void> {
    const { pool, platform, log } = this.#deps;
    try {
      // A lease taken by what still runs would be left behind.
      await this.channels.settled();
      const { startNumber } = this.life;
      if (startNumber !== null) await releaseLeases({ pg: pool.pg, provider: platform.id, startNumber });
      await this.life.end();
    } catch (error) {
      // Its lock goes with the connection: the others see it gone all the same.
      log.warn(`${platform.logPrefix}leave_failed`, { error });
    }
    await this.listener.close();
  }

  #locked(): void {
    if (this.#wasLocked) this.channels.awaitOthers();
    else this.channels.balance();
    this.#wasLocked = true;
  }

  /** Whatever was read before hints flowed may be stale. */
  #reloadAll(): void {
    this.life.look();
    for (const kind of ['channels', 'commands', 'live', 'outbox', 'inbox']) this.changed(kind);
  }
}
