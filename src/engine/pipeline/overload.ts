/** Notices that chat arrives faster than it is handled, so that work nobody waits for can be passed over. */
import type { Clock, Timer } from '../../lib/clock.ts';

interface OverloadDeps {
  readonly clock: Clock;
  /** Which share of the time since the last call this process worked, 0 to 1. */
  readonly busyShare: () => number;
  readonly changed: (isBehind: boolean) => void;
}

const LOOK_MS = 250;
/** A pause of the process, or a platform that is late itself, is no overload: we must be busy all along. */
const LOOKS_UNTIL_BEHIND = 3;
const BUSY_SHARE = 0.95;
const LATE_MS = 500;
const CAUGHT_UP_MS = 250;
/** How long the best lateness seen is what the platform and the two clocks are taken to make of it. */
const BASELINE_LOOKS = 240;

/**
 * Behind means: lines are half a second later than they were at best, and this process does nothing but work.
 * Lateness alone could be the platform's; work alone does no harm.
 */
export class Overload {
  /** Read for every line. */
  isBehind = false;
  readonly #deps: OverloadDeps;
  #timer: Timer | null = null;
  #newestLineMs: number | null = null;
  #lateLooks = 0;
  #looks = 0;
  #baselineMs = Number.POSITIVE_INFINITY;
  #nextBaselineMs = Number.POSITIVE_INFINITY;

  constructor(deps: OverloadDeps) {
    this.#deps = deps;
  }

  /** Called for every line; while there are none, nothing is watched. */
  line(sentAtMs: number): void {
    this.#newestLineMs = sentAtMs;
    if (this.#timer === null) {
      this.#deps.busyShare();
      this.#plan();
    }
  }

  #plan(): void {
    this.#timer = this.#deps.clock.setTimer(LOOK_MS, () => this.#look(), { unref: true });
  }

  #look(): void {
    this.#timer = null;
    const sentAtMs = this.#newestLineMs;
    const isBusy = this.#deps.busyShare() >= BUSY_SHARE;
    if (sentAtMs === null) {
      this.#settle(false);
      return;
    }
    this.#newestLineMs = null;
    const lateMs = this.#lateness(this.#deps.clock.now().getTime() - sentAtMs);
    this.#lateLooks = isBusy && lateMs >= LATE_MS ? this.#lateLooks + 1 : 0;
    this.#settle(this.isBehind ? isBusy && lateMs >= CAUGHT_UP_MS : this.#lateLooks >= LOOKS_UNTIL_BEHIND);
    this.#plan();
  }

  #settle(isBehind: boolean): void {
    if (isBehind === this.isBehind) return;
    this.isBehind = isBehind;
    this.#lateLooks = 0;
    this.#deps.changed(isBehind);
  }

  /** How much later than at best within the last one to two minutes of chat. */
  #lateness(ageMs: number): number {
    this.#baselineMs = Math.min(this.#baselineMs, ageMs);
    this.#nextBaselineMs = Math.min(this.#nextBaselineMs, ageMs);
    this.#looks += 1;
    // While behind, the best of long ago stays: lateness must not become the measure of itself.
    if (this.#looks >= BASELINE_LOOKS && !this.isBehind) {
      this.#looks = 0;
      this.#baselineMs = this.#nextBaselineMs;
      this.#nextBaselineMs = Number.POSITIVE_INFINITY;
    }
    return ageMs - this.#baselineMs;
  }
}
