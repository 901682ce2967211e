/** What a Google project has spent today, over all copies of all processes: no call without units (docs/platforms/youtube.md#quota). */
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { YouTubeSettings } from '../settings.ts';
import { nextPacificMidnight, pacificDay } from './pacific-day.ts';
import { distanceMs, type Method, RESERVED_SHARE, SHARED_FROM, sendingShare } from './plan.ts';
import { LedgerRows } from './rows.ts';

export type { Method } from './plan.ts';

export interface Ledger {
  /** Pays for one call. @returns false when it must not be made */
  take(method: Method): Promise<boolean>;
  /** Counts one more message for a channel, where `onAir` may speak. @returns false when its share is spent */
  takeShare(channelId: ChannelId, onAir: number): boolean;
  /** Takes one message off the share again: it was not sent because no units were left. */
  giveShareBack(channelId: ChannelId): void;
  /** Google says the project has nothing left: nobody asks it anything until the next day there. */
  refused(): void;
  /** How far apart calls for each of `channels` have to be so that the day's units last. */
  distanceMs(method: 'liveBroadcasts.list' | 'liveChatMessages.list', channels: number): number;
  /** From when on a refused call is worth another try. */
  readonly renewedAt: Date;
  outlook(): QuotaOutlook;
}

/** For operators. */
export interface QuotaOutlook {
  readonly unitsLeft: number;
  readonly unitsMax: number;
  /** Spent by the project in the last hour this process saw. */
  readonly unitsPerHour: number;
  /** How long chat can be served at that pace; null while nothing was spent. */
  readonly hoursLeft: number | null;
  readonly renewedAt: Date;
}

export interface LedgerDeps {
  readonly db: Db;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  readonly random: () => number;
  readonly settings: YouTubeSettings;
  /** Share of the project that is this copy's to spread; each call is counted for all. */
  readonly share: () => number;
}

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** Google renews units a little after midnight, and not for everybody at once (docs/platforms/youtube.md#how-deployed-bots-cope). */
const LATE_MS = 120_000;
/** A refusal this early in the day is yesterday's: it is asked again soon. */
const EARLY_MS = 2 * HOUR_MS;
const ASK_AGAIN_MS = 30 * 60_000;

export function createLedger(deps: LedgerDeps): Ledger {
  return new ProjectLedger(deps);
}

class ProjectLedger implements Ledger {
  readonly #deps: LedgerDeps;
  readonly #rows: LedgerRows;
  readonly #costs: Readonly<Record<Method, number>>;
  #day = '';
  #spent = 0;
  #pausedUntil: Date | null = null;
  /** Units of the day at moments of the last hour, oldest first. */
  #history: { readonly atMs: number; readonly spent: number }[] = [];
  #isSaidSpent = false;
  /** What messages cost since the units are shared out, by channel. */
  readonly #shares = new Map<ChannelId, number>();

  constructor(deps: LedgerDeps) {
    const { settings } = deps;
    this.#deps = deps;
    this.#rows = new LedgerRows(deps.db, settings.YOUTUBE_CLIENT_ID ?? '');
    this.#costs = {
      'channels.list': 1,
      'liveBroadcasts.list': 1,
      'liveChatMessages.list': settings.YOUTUBE_LIST_UNITS,
      'liveChatMessages.streamList': settings.YOUTUBE_STREAM_UNITS,
      'liveChatMessages.insert': settings.YOUTUBE_INSERT_UNITS,
    };
  }

  async take(method: Method): Promise<boolean> {
    const now = this.#turn();
    const day = this.#day;
    const cost = this.#costs[method];
    const limit = this.#limit(method, now);
    // Nothing is given back within a day: what was too much is not asked of the database again.
    if (this.#isPaused(now) || this.#spent + cost > limit) return this.#spentOut(method);
    try {
      const { isTaken, spent, pausedUntil } = await this.#rows.take({ day, method, cost, limit, now });
      this.#note(day, spent, pausedUntil, now);
      return isTaken || this.#spentOut(method);
    } catch (error) {
      // Without the database this copy counts for itself, and tells what it spent when it is back.
      this.#deps.log.debug('youtube_chatbot.quota_unrecorded', { error });
      this.#rows.owe(day, method, cost);
      this.#note(day, this.#spent + cost, null, now);
      return true;
    }
  }

  takeShare(channelId: ChannelId, onAir: number): boolean {
    this.#turn();
    const { settings, share } = this.#deps;
    const unitsMax = settings.YOUTUBE_DAILY_QUOTA_UNITS;
    if (this.#spent < unitsMax * SHARED_FROM) return true;
    const cost = this.#costs['liveChatMessages.insert'];
    const spent = (this.#shares.get(channelId) ?? 0) + cost;
    if (spent > sendingShare(unitsMax, cost, onAir / share())) return false;
    this.#shares.set(channelId, spent);
    return true;
  }

  giveShareBack(channelId: ChannelId): void {
    const spent = this.#shares.get(channelId);
    if (spent !== undefined) this.#shares.set(channelId, spent - this.#costs['liveChatMessages.insert']);
  }

  refused(): void {
    const now = this.#turn();
    const { random, log } = this.#deps;
    const sinceMidnightMs = DAY_MS - (nextPacificMidnight(now).getTime() - now.getTime());
    const until =
      sinceMidnightMs < EARLY_MS
        ? new Date(now.getTime() + ASK_AGAIN_MS)
        : new Date(nextPacificMidnight(now).getTime() + random() * LATE_MS);
    if (this.#isPaused(now)) return;
    this.#pausedUntil = until;
    log.warn('youtube_chatbot.quota_exceeded', { unitsCounted: this.#spent, until });
    this.#rows.pause(this.#day, until).catch((error) => log.warn('youtube_chatbot.quota_unrecorded', { error }));
  }

  distanceMs(method: 'liveBroadcasts.list' | 'liveChatMessages.list', channels: number): number {
    const now = this.#turn();
    const msLeft = nextPacificMidnight(now).getTime() - now.getTime();
    const unitsLeft = Math.max(0, this.#limit(method, now) - this.#spent) * this.#deps.share();
    return distanceMs(method, this.#costs[method], channels, { unitsLeft, msLeft });
  }

  get renewedAt(): Date {
    const now = this.#turn();
    return this.#isPaused(now) ? (this.#pausedUntil ?? now) : nextPacificMidnight(now);
  }

  outlook(): QuotaOutlook {
    const now = this.#turn();
    const unitsMax = this.#deps.settings.YOUTUBE_DAILY_QUOTA_UNITS;
    const unitsLeft = this.#isPaused(now) ? 0 : Math.max(0, unitsMax - this.#spent);
    const [oldest] = this.#history;
    const unitsPerHour = this.#spent - (oldest?.spent ?? this.#spent);
    return {
      unitsLeft,
      unitsMax,
      unitsPerHour,
      hoursLeft: unitsPerHour > 0 ? Math.round((unitsLeft / unitsPerHour) * 10) / 10 : null,
      renewedAt: this.renewedAt,
    };
  }

  /** Of the day's units, as many as this call leaves to those that are given up later. */
  #limit(method: Method, now: Date): number {
    const unitsMax = this.#deps.settings.YOUTUBE_DAILY_QUOTA_UNITS;
    const dayLeft = (nextPacificMidnight(now).getTime() - now.getTime()) / DAY_MS;
    return Math.floor(unitsMax * (1 - RESERVED_SHARE[method] * Math.min(dayLeft, 1)));
  }

  #turn(): Date {
    const now = this.#deps.clock.now();
    const day = pacificDay(now);
    if (day !== this.#day) {
      this.#day = day;
      this.#spent = 0;
      this.#history = [];
      this.#isSaidSpent = false;
      this.#shares.clear();
    }
    return now;
  }

  /** No pause goes beyond the day's end: one that does was written by a clock that was ahead. */
  #isPaused(now: Date): boolean {
    const until = this.#pausedUntil?.getTime() ?? 0;
    return now.getTime() < until && until <= nextPacificMidnight(now).getTime() + LATE_MS;
  }

  /** What was paid while the day ended says nothing about the next. */
  #note(day: string, spent: number, pausedUntil: Date | null, now: Date): void {
    if (day !== this.#day) return;
    this.#spent = Math.max(this.#spent, spent);
    if (pausedUntil !== null && pausedUntil > now) this.#pausedUntil = pausedUntil;
    const sinceMs = now.getTime() - HOUR_MS;
    this.#history = [
      ...this.#history.filter(({ atMs }) => atMs > sinceMs),
      { atMs: now.getTime(), spent: this.#spent },
    ];
  }

  /** Logged once a day. */
  #spentOut(method: Method): false {
    if (!this.#isSaidSpent) {
      this.#isSaidSpent = true;
      this.#deps.log.warn('youtube_chatbot.quota_spent', { method, ...this.outlook() });
    }
    return false;
  }
}
