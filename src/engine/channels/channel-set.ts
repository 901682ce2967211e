/** The channels this copy serves right now: desired by the database, leased by us, swapped in one step. */
import type { Pool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { Refresher } from '../refresher.ts';
import { type DesiredChannel, readDesired } from './desired.ts';
import { balanceLeases } from './leases.ts';

export interface ChannelSetDeps {
  readonly pool: Pool;
  readonly platform: Pick<PlatformDescription, 'id' | 'tables' | 'channelIdColumn' | 'logPrefix'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Null while others cannot see that this worker lives; nothing is taken then. */
  readonly startNumber: () => number | null;
  /** Channels that may change hands every 10 s; 0 is no limit. */
  readonly movesPer10s: number;
  /** Awaited before new channels are served: whatever has to be known about them. Must not throw. */
  readonly prepare: (channelIds: readonly ChannelId[]) => Promise<void>;
  /** Switched off while this copy served them; nobody else does. Must not throw. */
  readonly forgotten: (channelIds: readonly ChannelId[]) => void;
  /** Every failed synchronisation; `isFirst` of a row of them. */
  readonly failed: (error: unknown, isFirst: boolean) => void;
}

const MOVES_PERIOD_MS = 10_000;
const AWAIT_OTHERS_MS = 3000;

export class ChannelSet {
  readonly #deps: ChannelSetDeps;
  readonly #refresher: Refresher;
  readonly #listeners = new Set<() => void>();
  #desired = new Map<ChannelId, DesiredChannel>();
  #held: ReadonlyMap<ChannelId, DesiredChannel> = new Map();
  #isLoaded = false;
  #isStopped = false;
  #currentAt: Date | null = null;
  #mustBalance = false;
  /** The copies the channels were last spread over; null before. */
  #balancedAmong: string | null = null;
  #noBalanceBeforeMs = Number.NEGATIVE_INFINITY;
  #movedAtMs = Number.NEGATIVE_INFINITY;
  #nextBalance: Timer | null = null;

  constructor(deps: ChannelSetDeps) {
    this.#deps = deps;
    this.#refresher = new Refresher({
      clock: deps.clock,
      random: deps.random,
      refresh: (channelIds) => this.#synchronise(channelIds),
      failed: deps.failed,
    });
  }

  /** Active, and leased by this copy. Never changes in place: a change is another map. */
  held(): ReadonlyMap<ChannelId, DesiredChannel> {
    return this.#held;
  }

  /** How many channels all copies together are to serve. */
  get desiredCount(): number {
    return this.#desired.size;
  }

  /** The desired set has been read, and nothing failed since. */
  get isCurrent(): boolean {
    return this.#isLoaded && !this.#refresher.isFailing;
  }

  /** The last try to read it failed. */
  get isFailing(): boolean {
    return this.#refresher.isFailing;
  }

  /** When the set was last known to be what the database desires; null before the first time. */
  get currentAt(): Date | null {
    return this.#currentAt;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Something about this channel, or about any (null), changed in the database. */
  changed(channelId: ChannelId | null): void {
    // Before the first full load one channel says nothing about our share.
    this.#refresher.want(this.#isLoaded ? channelId : null);
  }

  /** Copies came or went, or leases were given back. */
  balance(): void {
    const waitMs = this.#othersAwaitedMs();
    if (waitMs > 0) {
      this.#balanceIn(waitMs);
      return;
    }
    this.#mustBalance = true;
    this.#refresher.want(this.#isLoaded ? NO_CHANNEL : null);
  }

  /** The copies that live now. One may come and go between two looks, and leave channels behind that it took. */
  among(startNumbers: readonly number[]): void {
    if (startNumbers.join() !== this.#balancedAmong) this.balance();
  }

  /** After an outage of the database every copy comes back in its own time: none is dead for being late. */
  awaitOthers(): void {
    this.#noBalanceBeforeMs = this.#deps.clock.monotonicMs() + AWAIT_OTHERS_MS;
    this.balance();
  }

  /** The database was asked, and nothing has changed that was not told by `changed`. */
  confirm(): void {
    if (this.isCurrent) this.#currentAt = this.#deps.clock.now();
  }

  /** An override may end without anybody writing to the database. */
  checkTime(): void {
    const now = this.#deps.clock.now();
    for (const { channelId, overrideEndsAt } of this.#held.values()) {
      if (overrideEndsAt !== null && overrideEndsAt <= now) this.changed(channelId);
    }
  }

  settled(): Promise<void> {
    return this.#refresher.settled();
  }

  /** What runs is not broken off: `settled` tells when it is over. Nothing is taken or served any more. */
  stop(): void {
    this.#isStopped = true;
    this.#refresher.stop();
    this.#nextBalance?.cancel();
  }

  #othersAwaitedMs(): number {
    return this.#noBalanceBeforeMs - this.#deps.clock.monotonicMs();
  }

  #balanceIn(delayMs: number): void {
    this.#nextBalance?.cancel();
    this.#nextBalance = this.#deps.clock.setTimer(delayMs, () => this.balance());
  }

  async #synchronise(channelIds: ReadonlySet<ChannelId> | null): Promise<void> {
    const mustBalance = this.#mustBalance;
    this.#mustBalance = false;
    try {
      const isOtherSet = await this.#readDesired(channelIds);
      const isHeld = isOtherSet || mustBalance ? await this.#balance() : (id: ChannelId) => this.#held.has(id);
      await this.#swap(isHeld);
      this.#isLoaded = true;
      this.#currentAt = this.#deps.clock.now();
    } catch (error) {
      // The retry has to start over: the set may have been read and the leases not.
      this.#mustBalance = true;
      throw error;
    }
  }

  /** @returns whether other channels are desired than before */
  async #readDesired(channelIds: ReadonlySet<ChannelId> | null): Promise<boolean> {
    const { pool, platform, clock } = this.#deps;
    const asked = channelIds && [...channelIds].filter((id) => id !== NO_CHANNEL);
    if (asked?.length === 0) return false;
    const rows = await readDesired(pool.db, platform, asked, clock.now());
    const before = this.#desired;
    const desired = asked === null ? new Map<ChannelId, DesiredChannel>() : new Map(before);
    for (const channelId of asked ?? []) desired.delete(channelId);
    for (const row of rows) desired.set(row.channelId, keepEqual(before.get(row.channelId), row));
    this.#desired = desired;
    return desired.size !== before.size || [...desired.keys()].some((channelId) => !before.has(channelId));
  }

  async #balance(): Promise<(channelId: ChannelId) => boolean> {
    const { pool, platform, startNumber, movesPer10s, clock, forgotten } = this.#deps;
    const ours = startNumber();
    // Unseen by the others we take nothing, and keep what we have until we learn better; a balance is planned then.
    if (ours === null || this.#isStopped || this.#othersAwaitedMs() > 0)
      return (channelId) => this.#held.has(channelId);
    const nowMs = clock.monotonicMs();
    const mayMove = nowMs - this.#movedAtMs >= MOVES_PERIOD_MS;
    const movesMax = movesPer10s > 0 ? movesPer10s : Number.MAX_SAFE_INTEGER;
    const {
      among,
      held,
      forgotten: gone,
      moved,
      surplus,
    } = await balanceLeases(
      { pg: pool.pg, provider: platform.id, startNumber: ours, movesMax: mayMove ? movesMax : 0 },
      [...this.#desired.keys()],
    );
    this.#balancedAmong = among;
    if (gone.length > 0) forgotten(gone);
    if (moved > 0) this.#movedAtMs = nowMs;
    if (surplus > 0) this.#balanceIn(MOVES_PERIOD_MS);
    return (channelId) => held.has(channelId);
  }

  async #swap(isHeld: (channelId: ChannelId) => boolean): Promise<void> {
    const { prepare } = this.#deps;
    const next = new Map<ChannelId, DesiredChannel>();
    for (const [channelId, channel] of this.#desired) if (isHeld(channelId)) next.set(channelId, channel);
    const isSame =
      next.size === this.#held.size && [...next].every(([channelId, channel]) => this.#held.get(channelId) === channel);
    if (isSame) return;
    const added = [...next.keys()].filter((channelId) => !this.#held.has(channelId));
    if (added.length > 0) await prepare(added);
    if (this.#isStopped) return;
    this.#held = next;
    for (const listener of this.#listeners) listener();
  }
}

/** A wish to look at the leases alone. */
const NO_CHANNEL = '' as ChannelId;

/** The same object for the same content: readers and senders compare by identity. */
function keepEqual(known: DesiredChannel | undefined, row: DesiredChannel): DesiredChannel {
  return known !== undefined && JSON.stringify(known) === JSON.stringify(row) ? known : row;
}
