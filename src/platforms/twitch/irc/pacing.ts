/** A sliding window over our own actions: at most so many in any period, counted from when they were done. */

export class SlidingWindow {
  readonly #periodMs: number;
  /** Times of the actions of the last period, oldest first. */
  #taken: number[] = [];

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** @param max 0 means no limit */
  free(nowMs: number, max: number): number {
    const firstValid = this.#taken.findIndex((at) => at > nowMs - this.#periodMs);
    this.#taken = firstValid === -1 ? [] : this.#taken.slice(firstValid);
    return max === 0 ? Number.POSITIVE_INFINITY : Math.max(0, max - this.#taken.length);
  }

  take(nowMs: number, count: number, max: number): void {
    if (max === 0) return;
    for (let taken = 0; taken < count; taken++) this.#taken.push(nowMs);
  }

  /** When the next action is allowed; not later than now when it already is. */
  nextFreeMs(nowMs: number, max: number): number {
    if (this.free(nowMs, max) > 0) return nowMs;
    return (this.#taken[this.#taken.length - max] ?? nowMs) + this.#periodMs;
  }
}

/** This copy's part of a limit that belongs to an account; 0 stays "no limit", and a part is never nothing. */
export function shareOf(limit: number, share: number): number {
  return limit === 0 ? 0 : Math.max(1, Math.floor(limit * share));
}
