/** Timers of one connection, each known by a name and there at most once. */
import type { Clock, Timer } from '../../../src/lib/clock.ts';

export class Timers {
  readonly #clock: Clock;
  readonly #running = new Map<string, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In the place of the timer that had this name. */
  set(name: string, seconds: number, fire: () => void): void {
    this.cancel(name);
    const timer = this.#clock.setTimer(
      seconds * 1000,
      () => {
        this.#running.delete(name);
        fire();
      },
      { unref: true },
    );
    this.#running.set(name, timer);
  }

  cancel(name: string): void {
    this.#running.get(name)?.cancel();
    this.#running.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.#running.keys()]) this.cancel(name);
  }
}
