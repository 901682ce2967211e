/** Keeps a copy of something in the database fresh: one reload at a time, wishes gathered meanwhile, failures retried. */
import { backoffMs } from '../lib/backoff.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Clock, Timer } from '../lib/clock.ts';

interface RefresherDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** Reloads these channels; null is all of them. */
  readonly refresh: (channelIds: ReadonlySet<ChannelId> | null) => Promise<void>;
  /** Called for every failure; `isFirst` of a row of failures, so that an outage is told once. */
  readonly failed: (error: unknown, isFirst: boolean) => void;
}

const RETRY = { firstMs: 500, longestMs: 10_000 };

export class Refresher {
  readonly #deps: RefresherDeps;
  /** Null: everything. */
  #wanted: Set<ChannelId> | null = new Set();
  #failures = 0;
  #isRunning = false;
  #isStopped = false;
  #retry: Timer | null = null;
  #settled = Promise.withResolvers<void>();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
    this.#settled.resolve();
  }

  /** The last reload failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** @param channelId null: whatever is known may be stale */
  want(channelId: ChannelId | null): void {
    if (channelId === null) this.#wanted = null;
    else this.#wanted?.add(channelId);
    this.#plan();
  }

  /** Resolves when nothing is left to reload, also when the last try failed and waits for its retry. */
  async settled(): Promise<void> {
    await this.#settled.promise;
  }

  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
  }

  #plan(): void {
    if (this.#isRunning || this.#isStopped || this.#retry !== null) return;
    this.#isRunning = true;
    this.#settled = Promise.withResolvers();
    // Wishes of one tick share a reload.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && (this.#wanted === null || this.#wanted.size > 0)) {
      const wanted = this.#wanted;
      this.#wanted = new Set();
      try {
        await this.#deps.refresh(wanted);
        this.#failures = 0;
      } catch (error) {
        this.#deps.failed(error, this.#failures === 0);
        this.#failures += 1;
        this.#putBack(wanted);
        this.#retryLater();
        break;
      }
    }
    this.#isRunning = false;
    this.#settled.resolve();
  }

  #putBack(wanted: ReadonlySet<ChannelId> | null): void {
    if (wanted === null) this.#wanted = null;
    else for (const channelId of wanted) this.#wanted?.add(channelId);
  }

  #retryLater(): void {
    const delayMs = backoffMs(this.#failures, RETRY, this.#deps.random);
    this.#retry = this.#deps.clock.setTimer(delayMs, () => {
      this.#retry = null;
      this.#plan();
    });
  }
}
