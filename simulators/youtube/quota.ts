/** What calls cost a project, and when it has spent its day. */
import type { Clock } from '../../src/lib/clock.ts';
import type { YouTubeLimits } from './options.ts';
import { Refusal } from './refusal.ts';

export type Method =
  | 'channels.list'
  | 'liveBroadcasts.list'
  | 'videos.list'
  | 'playlistItems.list'
  | 'search.list'
  | 'liveChatMessages.list'
  | 'liveChatMessages.streamList'
  | 'liveChatMessages.insert'
  | 'liveChatMessages.delete'
  | 'liveChatMessages.transition'
  | 'liveChatModerators.list'
  | 'liveChatModerators.insert'
  | 'liveChatModerators.delete'
  | 'liveChatBans.insert'
  | 'liveChatBans.delete';

export type Prices = Record<Method, number>;

/** The reference pages of 2026 for messages, the calculator for what they leave open (docs/platforms/youtube.md#allocation-and-cost). */
export const REFERENCE_PRICES: Prices = {
  'channels.list': 1,
  'liveBroadcasts.list': 1,
  'videos.list': 1,
  'playlistItems.list': 1,
  'search.list': 1,
  'liveChatMessages.list': 5,
  'liveChatMessages.streamList': 5,
  'liveChatMessages.insert': 20,
  'liveChatMessages.delete': 20,
  'liveChatMessages.transition': 50,
  'liveChatModerators.list': 1,
  'liveChatModerators.insert': 50,
  'liveChatModerators.delete': 50,
  'liveChatBans.insert': 50,
  'liveChatBans.delete': 50,
};

export const METHODS = Object.keys(REFERENCE_PRICES) as [Method, ...Method[]];

/** One project's day so far. */
export interface Spending {
  /** The day in California, e.g. `2026-11-24`. */
  day: string;
  units: number;
  searches: number;
  /** Calls by method, refused ones included. */
  calls: Partial<Record<Method, number>>;
  /** Calls refused because the day was spent. */
  refused: number;
  /** Nothing is left today, whatever was counted here. */
  isExhausted: boolean;
}

const pacificDay = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' });

export class QuotaLedger {
  readonly prices: Prices;
  readonly #clock: Clock;
  readonly #limits: YouTubeLimits;
  readonly #projects = new Map<string, Spending>();

  constructor(clock: Clock, prices: Prices, limits: YouTubeLimits) {
    this.#clock = clock;
    this.prices = prices;
    this.#limits = limits;
  }

  /**
   * Takes the price of a call, whatever becomes of the call.
   * @throws Refusal `quotaExceeded` once the project has spent its day; that call is billed all the same
   */
  charge(project: string, method: Method): void {
    const spending = this.spending(project);
    const { unitsPerDay, searchesPerDay } = this.#limits;
    spending.calls[method] = (spending.calls[method] ?? 0) + 1;
    // Searches have had a bucket of their own since 2026-06-01 (docs/platforms/youtube.md#allocation-and-cost).
    const isSearch = method === 'search.list';
    if (isSearch) spending.searches += this.prices[method];
    else spending.units += this.prices[method];
    const [spent, limit] = isSearch ? [spending.searches, searchesPerDay] : [spending.units, unitsPerDay];
    if (!spending.isExhausted && (limit === 0 || spent <= limit)) return;
    spending.refused += 1;
    throw new Refusal('quotaExceeded');
  }

  /** Today's; empty again after midnight in California. */
  spending(project: string): Spending {
    const day = pacificDay.format(this.#clock.now());
    const known = this.#projects.get(project);
    if (known?.day === day) return known;
    const fresh: Spending = { day, units: 0, searches: 0, calls: {}, refused: 0, isExhausted: false };
    this.#projects.set(project, fresh);
    return fresh;
  }

  /** Somebody else has spent what was left of the project's day. */
  exhaust(project: string): void {
    this.spending(project).isExhausted = true;
  }

  /** As if nothing had been spent today. */
  refill(project: string): void {
    this.#projects.delete(project);
  }
}
