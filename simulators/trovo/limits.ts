/** How fast an application may call and an account may write on Trovo (docs/platforms/trovo.md#errors-and-limits). */
import type { Clock } from '../../src/lib/clock.ts';

/** 0 switches a limit off. */
export interface TrovoLimits {
  /** Per client id. */
  requestsPerMin: number;
  /** Per account over the whole platform; streamers, moderators and admins are exempt. */
  messagesPerS: number;
  /** How long an account may not repeat a text in a channel. Streamers, moderators and admins are exempt. */
  repeatSeconds: number;
}

const REAL_LIMITS: TrovoLimits = { requestsPerMin: 1200, messagesPerS: 1, repeatSeconds: 30 };
export const LIMIT_NAMES = Object.keys(REAL_LIMITS) as (keyof TrovoLimits)[];
const NO_LIMITS: TrovoLimits = { requestsPerMin: 0, messagesPerS: 0, repeatSeconds: 0 };

/** `off`, or Trovo's real limits with some of them replaced. */
export type LimitChoice = Partial<TrovoLimits> | 'off';

export function chosenLimits(choice: LimitChoice): TrovoLimits {
  return choice === 'off' ? NO_LIMITS : { ...REAL_LIMITS, ...choice };
}

/** Trovo does not document what `x-ratelimit-reset` counts, so both are simulated. */
export type ResetUnit = 'epochSeconds' | 'secondsLeft';

const MINUTE_MS = 60_000;
const REMEMBERED_TEXTS = 20_000;

interface Minute {
  startMs: number;
  used: number;
}

export class LimitBook {
  resetUnit: ResetUnit = 'epochSeconds';
  #limits: TrovoLimits;
  readonly #clock: Clock;
  readonly #minutes = new Map<string, Minute>();
  readonly #sentMs = new Map<string, number[]>();
  readonly #texts = new Map<string, number>();

  constructor(clock: Clock, limits: TrovoLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Sets new limits and forgets what was counted. */
  change(limits: TrovoLimits): void {
    this.#limits = limits;
    this.#minutes.clear();
    this.#sentMs.clear();
    this.#texts.clear();
  }

  /** Counts one call of the application. */
  request(clientId: string): { isWithin: boolean; headers: Record<string, string> } {
    const max = this.#limits.requestsPerMin;
    if (max === 0) return { isWithin: true, headers: {} };
    const nowMs = this.#clock.monotonicMs();
    let minute = this.#minutes.get(clientId);
    if (!minute || nowMs - minute.startMs >= MINUTE_MS) {
      minute = { startMs: nowMs, used: 0 };
      this.#minutes.set(clientId, minute);
    }
    minute.used += 1;
    const leftMs = minute.startMs + MINUTE_MS - nowMs;
    return { isWithin: minute.used <= max, headers: this.headers(Math.max(0, max - minute.used), leftMs) };
  }

  headers(remaining: number, leftMs: number): Record<string, string> {
    const reset = this.resetUnit === 'secondsLeft' ? leftMs : this.#clock.now().getTime() + leftMs;
    return {
      'x-ratelimit-limit': String(this.#limits.requestsPerMin),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(Math.ceil(reset / 1000)),
    };
  }

  isSpam(accountId: string, channelId: string, text: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const { messagesPerS, repeatSeconds } = this.#limits;
    const recent = (this.#sentMs.get(accountId) ?? []).filter((sentMs) => nowMs - sentMs < 1000);
    if (messagesPerS > 0 && recent.length >= messagesPerS) return true;
    const sameMs = this.#texts.get(textKey(accountId, channelId, text));
    return repeatSeconds > 0 && sameMs !== undefined && nowMs - sameMs < repeatSeconds * 1000;
  }

  /** Remembers an accepted message. */
  delivered(accountId: string, channelId: string, text: string): void {
    const { messagesPerS, repeatSeconds } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    if (messagesPerS > 0) {
      const recent = (this.#sentMs.get(accountId) ?? []).filter((sentMs) => nowMs - sentMs < 1000);
      this.#sentMs.set(accountId, [...recent, nowMs]);
    }
    if (repeatSeconds === 0) return;
    const key = textKey(accountId, channelId, text);
    this.#texts.delete(key);
    this.#texts.set(key, nowMs);
    const oldest = this.#texts.keys().next().value;
    if (this.#texts.size > REMEMBERED_TEXTS && oldest !== undefined) this.#texts.delete(oldest);
  }
}

function textKey(accountId: string, channelId: string, text: string): string {
  return `${accountId} ${channelId} ${text}`;
}
