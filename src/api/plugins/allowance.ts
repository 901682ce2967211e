/** A limit whose places are taken before it is known whether they are needed, and given back where they are not. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import type { LimitState } from './limits.ts';

interface Window {
  taken: number;
  readonly endsAtMs: number;
}

/** One place of a window. */
export interface Place {
  giveBack(): void;
}

const KEYS_MAX = 50_000;

export class Allowance {
  readonly #max: number;
  readonly #windowSeconds: number;
  readonly #clock: Clock;
  readonly #windows = new LRUCache<string, Window>({ max: KEYS_MAX });

  /** @param max 0 is no limit */
  constructor(max: number, windowSeconds: number, clock: Clock) {
    this.#max = max;
    this.#windowSeconds = windowSeconds;
    this.#clock = clock;
  }

  /** @returns null when the window has none left */
  take(key: string): Place | null {
    const window = this.#windowOf(key);
    if (this.#max > 0 && window.taken >= this.#max) return null;
    window.taken += 1;
    return {
      giveBack() {
        window.taken -= 1;
      },
    };
  }

  /** Null without a limit. */
  stateOf(key: string): LimitState | null {
    if (this.#max === 0) return null;
    const { taken, endsAtMs } = this.#windowOf(key);
    return {
      max: this.#max,
      remaining: this.#max - taken,
      ttlInSeconds: Math.ceil((endsAtMs - this.#clock.monotonicMs()) / 1000),
      windowSeconds: this.#windowSeconds,
    };
  }

  #windowOf(key: string): Window {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#windows.get(key);
    if (known !== undefined && known.endsAtMs > nowMs) return known;
    const fresh: Window = { taken: 0, endsAtMs: nowMs + this.#windowSeconds * 1000 };
    this.#windows.set(key, fresh);
    return fresh;
  }
}
