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
   * @param share of the limit that is ours, 0 to 1; at least one message always is
   * @returns when one more message fits, `nowMs` or earlier when it does now
   */
  freeAtMs(share: number): number {
    const max = Math.max(1, Math.floor(this.#max * share));
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
