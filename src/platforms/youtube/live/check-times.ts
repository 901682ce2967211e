/** When a channel is asked next whether it broadcasts: soon while that may change, rarely while it has not for long. */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';

export interface Moment {
  /** `YOUTUBE_CHATBOT_LIVE_CHECK_SECONDS`. */
  readonly shortestMs: number;
  readonly isLive: boolean;
  /** Since the stream began. */
  readonly liveMs: number;
  /** Since the last stream, or since this reader began. */
  readonly offlineMs: number;
  /** What the day's units allow. */
  readonly affordableMs: number;
  /** 0 ≤ x < 1 */
  readonly random: number;
}

/** A chat tells its own end; only a second broadcast beside it has to be found. */
const LIVE_MS = 300_000;
/** Most that begin beside another begin soon after it. With the jitter it is found within 90 s. */
const YOUNG = { forMs: 600_000, distanceMs: 80_000 };
/** Most streams that break off are back by then. */
const STILL_HOPEFUL_MS = 600_000;
const LONGEST_FACTOR = 6;
/** Channels that started together part ways. */
const JITTER = 0.2;
/** Each try costs a unit. */
const OUTAGE_RETRY: BackoffLimits = { firstMs: 4000, longestMs: 60_000 };

export function nextCheckMs({ shortestMs, isLive, liveMs, offlineMs, affordableMs, random }: Moment): number {
  const patience = Math.min(LONGEST_FACTOR, 1 + Math.floor(offlineMs / STILL_HOPEFUL_MS));
  const besideMs = liveMs < YOUNG.forMs ? YOUNG.distanceMs : LIVE_MS;
  const wantedMs = isLive ? Math.max(besideMs, shortestMs) : shortestMs * patience;
  // What cannot be paid before is not asked a moment too soon.
  return Math.max(wantedMs * (1 - JITTER / 2 + JITTER * random), affordableMs * (1 + JITTER * random));
}

/** Messages to a channel that is offline must not spend the day on looks. */
const LONGEST_WANTED_MS = 600_000;

/** @returns how long after the last check the next may come because somebody would like to speak */
export function wantedCheckMs(shortestMs: number, vainLooks: number): number {
  return Math.max(shortestMs, Math.min(shortestMs * 2 ** vainLooks, LONGEST_WANTED_MS));
}

/**
 * A check that nobody answered is made again soon, and not only when the next would have been due.
 *
 * @param failures in a row, this one included
 */
export function retryCheckMs(failures: number, regularMs: number, affordableMs: number, random: () => number): number {
  return Math.max(Math.min(backoffMs(failures, OUTAGE_RETRY, random), regularMs), affordableMs);
}
