/** Counts tries of reading a chat that failed in a row, and says how long to wait and when to give a way of reading up. */
import { backoffMs } from '../../../lib/backoff.ts';
import type { CommonDeps } from '../../platform.ts';
import type { Ledger } from '../quota/ledger.ts';

/** Failing for so long, and so often, that another way of reading is worth its price. */
const HOPELESS_AFTER = { failures: 4, ms: 120_000 };
const PAUSES = {
  unreachable: { firstMs: 1000, longestMs: 60_000 },
  too_fast: { firstMs: 60_000, longestMs: 300_000 },
};

/** Our own ledger answers for nothing: what it keeps back may be free again long before midnight. */
const UNITS_LOOK_MS = 900_000;
const UNITS_JITTER_MS = 60_000;

export class Failures {
  readonly #deps: Pick<CommonDeps, 'clock' | 'random'>;
  #count = 0;
  #sinceMs = 0;

  constructor(deps: Pick<CommonDeps, 'clock' | 'random'>) {
    this.#deps = deps;
  }

  get any(): boolean {
    return this.#count > 0;
  }

  get isHopeless(): boolean {
    return (
      this.#count >= HOPELESS_AFTER.failures && this.#deps.clock.monotonicMs() - this.#sinceMs >= HOPELESS_AFTER.ms
    );
  }

  note(): void {
    if (this.#count === 0) this.#sinceMs = this.#deps.clock.monotonicMs();
    this.#count += 1;
  }

  clear(): void {
    this.#count = 0;
  }

  pauseMs(trouble: keyof typeof PAUSES): number {
    return backoffMs(this.#count, PAUSES[trouble], this.#deps.random);
  }
}

interface UnitDeps extends Pick<CommonDeps, 'clock' | 'random'> {
  readonly ledger: Pick<Ledger, 'renewedAt'>;
}

/** How long to wait while the day's units are spent. */
export function untilUnitsMs({ ledger, clock, random }: UnitDeps): number {
  const untilMs = Math.max(0, ledger.renewedAt.getTime() - clock.now().getTime());
  return Math.min(untilMs, UNITS_LOOK_MS) + random() * UNITS_JITTER_MS;
}
