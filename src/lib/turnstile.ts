/** Lets only so many pieces of work run at once; the others wait their turn. */
export class Turnstile {
  #free: number;
  /** In order of arrival. */
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  run<T>(work: () => Promise<T>): Promise<T>;
  /** @returns null when `giveUp` aborted before the work's turn came; then it is never begun */
  run<T>(work: () => Promise<T>, giveUp: AbortSignal): Promise<T | null>;
  async run<T>(work: () => Promise<T>, giveUp?: AbortSignal): Promise<T | null> {
    if (!(await this.#turn(giveUp))) return null;
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** @returns false when it was given up first */
  #turn(giveUp: AbortSignal | undefined): boolean | Promise<boolean> {
    if (giveUp?.aborted) return false;
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const end = (hasTurn: boolean) => {
        this.#waiting.delete(enter);
        giveUp?.removeEventListener('abort', leave);
        resolve(hasTurn);
      };
      const enter = () => end(true);
      const leave = () => end(false);
      this.#waiting.add(enter);
      giveUp?.addEventListener('abort', leave, { once: true });
    });
  }
}
