/** A sliding window over the times of past messages: how long until one more fits. */

/** Permits that may be given back at the same moment: how many times are kept beyond the limit. */
const SPARE = 64;

export class SendWindow {
  readonly #max: number;
  readonly #periodMs: number;
  /** Ascending. A fixed window would let twice the limit through at its edge. */
  readonly #timesMs: number[] = [];

  constructor(max: number, periodMs: number) {
    this.#max = max;
    this.#periodMs = periodMs;
  }

  /**
   * @param max how many messages may be in the window, 1 to the limit
   * @returns when one more fits, in the past when it does now
   */
  freeAtMs(max: number): number {
    const blocking = this.#timesMs.at(-max);
    return blocking === undefined ? Number.NEGATIVE_INFINITY : blocking + this.#periodMs;
  }

  add(atMs: number): void {
    let place = this.#timesMs.length;
    while (place > 0 && (this.#timesMs[place - 1] ?? 0) > atMs) place -= 1;
    this.#timesMs.splice(place, 0, atMs);
    if (this.#timesMs.length > this.#max + SPARE) this.#timesMs.shift();
  }

  remove(atMs: number): void {
    const place = this.#timesMs.lastIndexOf(atMs);
    if (place >= 0) this.#timesMs.splice(place, 1);
  }

  /** Nothing in it can block any more. */
  isOver(nowMs: number): boolean {
    return (this.#timesMs.at(-1) ?? Number.NEGATIVE_INFINITY) + this.#periodMs <= nowMs;
  }
}
