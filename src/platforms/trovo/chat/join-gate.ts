/** Spreads connects over time: each costs calls of a budget that the whole application shares (sheet §3). */
import type { Clock } from '../../../lib/clock.ts';

const PERIOD_MS = 10_000;

export interface JoinGateDeps {
  readonly clock: Clock;
  /** 0 is no limit. */
  readonly joinsPer10s: number;
  /** 1 ÷ live copies. */
  readonly limitShare: () => number;
}

export class JoinGate {
  readonly #deps: JoinGateDeps;
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

  /** The budget is used up: nobody asks before it is full again. */
  closeUntil(time: Date): void {
    const { clock } = this.#deps;
    this.#closedUntilMs = clock.monotonicMs() + Math.max(0, time.getTime() - clock.now().getTime());
  }
}
