/** How fast accounts may act on Twitch, and what becomes of those who are faster. */
import type { Clock } from '../../src/lib/clock.ts';

/** 0 switches a limit off. */
export interface TwitchLimits {
  messagesPer30s: number;
  privilegedMessagesPer30s: number;
  channelMessagesPerS: number;
  /** How long the platform stays deaf to an account that broke a message limit. */
  muteSeconds: number;
  duplicateSeconds: number;
  joinsPer10s: number;
  loginsPer10s: number;
  /** Channels an account may be in where it is neither broadcaster nor moderator. */
  joinedChannels: number;
  helixPointsPerMin: number;
  helixMessagesPerMin: number;
}

const REAL_LIMITS: TwitchLimits = {
  messagesPer30s: 20,
  privilegedMessagesPer30s: 100,
  channelMessagesPerS: 1,
  muteSeconds: 3600,
  duplicateSeconds: 30,
  joinsPer10s: 20,
  loginsPer10s: 20,
  joinedChannels: 100,
  helixPointsPerMin: 800,
  helixMessagesPerMin: 1200,
};

/** What `limits: 'off'` means: as fast as the machine. */
export const NO_LIMITS: TwitchLimits = {
  messagesPer30s: 0,
  privilegedMessagesPer30s: 0,
  channelMessagesPerS: 0,
  muteSeconds: 0,
  duplicateSeconds: 0,
  joinsPer10s: 0,
  loginsPer10s: 0,
  joinedChannels: 0,
  helixPointsPerMin: 0,
  helixMessagesPerMin: 0,
};

export const LIMIT_NAMES = Object.keys(REAL_LIMITS) as (keyof TwitchLimits)[];

/** `off`, or Twitch's own with some changed. */
export type LimitChoice = Partial<TwitchLimits> | 'off';

export function chosenLimits(choice: LimitChoice): TwitchLimits {
  return choice === 'off' ? NO_LIMITS : { ...REAL_LIMITS, ...choice };
}

type Verdict = 'pass' | 'deaf' | 'too fast';

interface Account {
  messages: Window;
  joins: Window;
  logins: Window;
  lastInChannelMs: Map<string, number>;
  lastText: Map<string, { text: string; atMs: number }>;
  deafUntilMs: number;
}

/** The counters of every account: connections and HTTP share them. */
export class LimitBook {
  limits: TwitchLimits;
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();

  constructor(clock: Clock, limits: TwitchLimits) {
    this.#clock = clock;
    this.limits = limits;
  }

  /** New rules for everybody, and a clean record. */
  change(limits: TwitchLimits): void {
    this.limits = limits;
    this.#accounts.clear();
  }

  /** Counts one message, dropped ones too: after the limit every further one keeps the bucket full. */
  message(accountId: string, channelId: string, privileged: boolean): Verdict {
    const { messagesPer30s, privilegedMessagesPer30s, channelMessagesPerS, muteSeconds } = this.limits;
    const account = this.#account(accountId);
    const now = this.#clock.monotonicMs();
    const limit = privileged ? privilegedMessagesPer30s : messagesPer30s;
    if (limit > 0) {
      account.messages.count(now);
      if (account.messages.size(now, 30_000) > limit) account.deafUntilMs = now + muteSeconds * 1000;
      if (account.messages.size(now, 30_000) > limit) return 'deaf';
    }
    if (!privileged && now < account.deafUntilMs) return 'deaf';
    const last = account.lastInChannelMs.get(channelId) ?? Number.NEGATIVE_INFINITY;
    if (!privileged && channelMessagesPerS > 0 && now - last < 1000 / channelMessagesPerS) return 'too fast';
    account.lastInChannelMs.set(channelId, now);
    return 'pass';
  }

  /** Whether the account's last delivered text in this channel was the same, moments ago. */
  isRepetition(accountId: string, channelId: string, text: string): boolean {
    const last = this.#account(accountId).lastText.get(channelId);
    if (!last || this.limits.duplicateSeconds === 0) return false;
    return last.text === text && this.#clock.monotonicMs() - last.atMs < this.limits.duplicateSeconds * 1000;
  }

  delivered(accountId: string, channelId: string, text: string): void {
    this.#account(accountId).lastText.set(channelId, { text, atMs: this.#clock.monotonicMs() });
  }

  mayJoin(accountId: string): boolean {
    return this.#counted(this.#account(accountId).joins, this.limits.joinsPer10s);
  }

  mayLogIn(accountId: string): boolean {
    return this.#counted(this.#account(accountId).logins, this.limits.loginsPer10s);
  }

  #counted(window: Window, limit: number): boolean {
    if (limit === 0) return true;
    const now = this.#clock.monotonicMs();
    window.count(now);
    return window.size(now, 10_000) <= limit;
  }

  #account(id: string): Account {
    const known = this.#accounts.get(id);
    if (known) return known;
    const account: Account = {
      messages: new Window(),
      joins: new Window(),
      logins: new Window(),
      lastInChannelMs: new Map(),
      lastText: new Map(),
      deafUntilMs: Number.NEGATIVE_INFINITY,
    };
    this.#accounts.set(id, account);
    return account;
  }
}

/** Moments of the recent past. */
class Window {
  #times: number[] = [];

  count(nowMs: number): void {
    this.#times.push(nowMs);
  }

  size(nowMs: number, lengthMs: number): number {
    this.#times = this.#times.filter((time) => time > nowMs - lengthMs);
    return this.#times.length;
  }
}

/** A bucket of points that refills evenly, with the headers Helix shows of it. */
export class PointBucket {
  readonly #clock: Clock;
  readonly #perMin: number;
  #points: number;
  #atMs: number;

  constructor(clock: Clock, perMin: number) {
    this.#clock = clock;
    this.#perMin = perMin;
    this.#points = perMin;
    this.#atMs = clock.monotonicMs();
  }

  /** @returns whether there was a point left; an unlimited bucket always has one */
  take(): boolean {
    if (this.#perMin === 0) return true;
    const now = this.#clock.monotonicMs();
    this.#points = Math.min(this.#perMin, this.#points + ((now - this.#atMs) * this.#perMin) / 60_000);
    this.#atMs = now;
    if (this.#points < 1) return false;
    this.#points -= 1;
    return true;
  }

  headers(): Record<string, string> {
    const limit = this.#perMin === 0 ? 800 : this.#perMin;
    const left = this.#perMin === 0 ? limit - 1 : Math.floor(this.#points);
    const fullInS = this.#perMin === 0 ? 0 : Math.ceil(((limit - this.#points) / limit) * 60);
    return {
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(left),
      'ratelimit-reset': String(Math.floor(this.#clock.now().getTime() / 1000) + fullInS),
    };
  }
}
