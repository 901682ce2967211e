/** A wait that can be cut short. */
import type { Clock } from '../../../lib/clock.ts';

export class Pause {
  readonly #clock: Clock;
  #end: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  for(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(delayMs, () => this.end());
      this.#end = () => {
        this.#end = null;
        timer.cancel();
        resolve();
      };
    });
  }

  end(): void {
    this.#end?.();
  }
}
