/** The machine's clock as a process sees it that slept: it runs, and a test makes it jump; timers are not moved. */
import { type Clock, systemClock } from '../../src/lib/clock.ts';

export class ShiftedClock implements Clock {
  #wallMs = 0;
  #monotonicMs = 0;
  readonly setTimer = systemClock.setTimer;
  readonly sleep = systemClock.sleep;

  now(): Date {
    return new Date(Date.now() + this.#wallMs);
  }

  monotonicMs(): number {
    return performance.now() + this.#monotonicMs;
  }

  /** Time passes. */
  shift(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the machine's clock: no time passes. */
  setWall(ms: number): void {
    this.#wallMs += ms;
  }
}
