/** Fulfils wishes for the same thing at most once in a while; one that comes too soon is fulfilled when its time has come. */
import type { Clock, Timer } from './clock.ts';

export interface PacedWishesDeps<K> {
  readonly clock: Clock;
  /** Least time between two fulfilments of one wish. */
  readonly distanceMs: number;
  /** Must not throw. */
  readonly fulfil: (key: K) => void;
}

export class PacedWishes<K> {
  readonly #deps: PacedWishesDeps<K>;
  /** When each wish was fulfilled last, oldest first. */
  readonly #fulfilledAtMs = new Map<K, number>();
  readonly #planned = new Map<K, Timer>();

  constructor(deps: PacedWishesDeps<K>) {
    this.#deps = deps;
  }

  want(key: K): void {
    if (this.#planned.has(key)) return;
    const { clock, distanceMs } = this.#deps;
    const waitMs = (this.#fulfilledAtMs.get(key) ?? Number.NEGATIVE_INFINITY) + distanceMs - clock.monotonicMs();
    if (waitMs <= 0) this.#fulfil(key);
    else
      this.#planned.set(
        key,
        clock.setTimer(waitMs, () => this.#fulfil(key), { unref: true }),
      );
  }

  /** What is planned is given up. */
  stop(): void {
    for (const timer of this.#planned.values()) timer.cancel();
    this.#planned.clear();
  }

  #fulfil(key: K): void {
    const { clock, distanceMs, fulfil } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#planned.delete(key);
    for (const [old, atMs] of this.#fulfilledAtMs) {
      if (atMs + distanceMs > nowMs) break;
      this.#fulfilledAtMs.delete(old);
    }
    this.#fulfilledAtMs.delete(key);
    this.#fulfilledAtMs.set(key, nowMs);
    fulfil(key);
  }
}
