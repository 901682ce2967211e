/** Remembers the last texts said in each place: Trovo refuses an equal one within 30 s (docs/platforms/trovo.md#errors-and-limits, 10908). */
import type { Clock } from '../../lib/clock.ts';

/** A little more than theirs: what counts is when the text arrived there. */
const REPETITION_MS = 31_000;

export class Repetitions {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** When each place heard each text last; oldest first. */
  readonly #saidAtMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** @param place of a sender and a channel */
  said(place: string, text: string): void {
    const nowMs = this.#clock.monotonicMs();
    const key = `${place} ${text}`;
    this.#saidAtMs.delete(key);
    this.#saidAtMs.set(key, nowMs);
    for (const [oldest, atMs] of this.#saidAtMs) {
      if (nowMs - atMs < REPETITION_MS) break;
      this.#saidAtMs.delete(oldest);
    }
  }

  /** @returns how long until the text may be said again; null when it has not been said of late */
  waitMs(place: string, text: string): number | null {
    const atMs = this.#saidAtMs.get(`${place} ${text}`);
    if (atMs === undefined) return null;
    const waitMs = atMs + REPETITION_MS - this.#clock.monotonicMs();
    return waitMs > 0 ? waitMs : null;
  }
}
