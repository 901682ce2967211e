/** The clock of a machine that somebody sets: timers wait for the test, and the time of day stands still between two sets. */
import { ManualClock } from './manual-clock.ts';

export class SetClock extends ManualClock {
  #nowMs = Date.now();

  override now(): Date {
    return new Date(this.#nowMs);
  }

  /** Off by so much from the true time of this moment. */
  set(offsetMs: number): void {
    this.#nowMs = Date.now() + offsetMs;
  }

  /** So much of its time passes, without a timer. */
  tick(ms: number): void {
    this.#nowMs += ms;
  }
}
