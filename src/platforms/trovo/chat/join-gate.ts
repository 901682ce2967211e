/** Spreads connects over time: each costs calls of a budget that the whole application shares (docs/platforms/trovo.md#errors-and-limits). */
import type { Clock } from '../../../lib/clock.ts';
import { Turnstile } from '../../../lib/turnstile.ts';

const PERIOD_MS = 10_000;
/** A thousand calls at once leave a worker with 20 to 30 MiB of memory that it never needs again. */
const QUESTIONS_AT_ONCE = 32;

export interface JoinGateDeps {
  readonly clock: Clock;
  /** 0 is no limit. */
  readonly joinsPer10s: number;
  /** 1 ÷ live copies. */
  readonly limitShare: () => number;
}

export class JoinGate {
  readonly #deps: JoinGateDeps;
  readonly #turnstile = new Turnstile(QUESTIONS_AT_ONCE);
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #closedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(deps: JoinGateDeps) {
    this.#deps = deps;
  }

  /** @returns in how many milliseconds the caller may connect; its turn is taken */
  take(): number {
    const { clock, joinsPer10s, limitShare } = this.#deps;
    const nowMs = clock.monotonicMs();
    const turnMs = Math.max(nowMs, this.#nextAtMs, this.#closedUntilMs);
    if (joinsPer10s > 0) this.#nextAtMs = turnMs + PERIOD_MS / Math.max(1, joinsPer10s * limitShare());
    return turnMs - nowMs;
  }

  /** Lets the question through as soon as few enough others are being answered. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    return this.#turnstile.run(question);
  }

  /** The budget is used up: nobody asks before it is full again. */
  closeUntil(time: Date): void {
    const { clock } = this.#deps;
    this.#closedUntilMs = clock.monotonicMs() + Math.max(0, time.getTime() - clock.now().getTime());
  }
}
