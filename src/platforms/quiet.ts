/** When a chat that is quiet while its stream runs is looked at in another way: soon at first, then ever more rarely. */
import type { Clock } from '../lib/clock.ts';

export interface QuietLimits {
  /** How long a chat may be quiet before the first look; each further one waits twice as long. */
  readonly firstMs: number;
  readonly longestMs: number;
}

export class Quiet {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #limits: QuietLimits;
  #sinceMs: number;
  #patienceMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>, limits: QuietLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#sinceMs = clock.monotonicMs();
    this.#patienceMs = limits.firstMs;
  }

  /** Something arrived, or nothing could have before now. */
  isOver(): void {
    this.#sinceMs = this.#clock.monotonicMs();
    this.#patienceMs = this.#limits.firstMs;
  }

  /** @returns whether it is time for a look; the next one waits longer then */
  isDue(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sinceMs < this.#patienceMs) return false;
    this.#sinceMs = nowMs;
    this.#patienceMs = Math.min(2 * this.#patienceMs, this.#limits.longestMs);
    return true;
  }
}
