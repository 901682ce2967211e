/** Whether a platform's word about a stream is news: events come doubled and out of order, polls lag behind. */
import type { LiveFact } from '../../platforms/worker-side.ts';
import { later } from './stream-run.ts';

/** One row of `ChannelLiveState`. */
export interface StoredFact {
  readonly isLive: boolean;
  readonly since: Date;
  readonly seenAt: Date;
}

/** An event tells its own moment; a poll shows what the platform's caches hold. */
export type FactSource = 'event' | 'poll';

export type Verdict =
  | { kind: 'ignore' }
  /** The state is known already; only its times are written again. */
  | { kind: 'touch'; since: Date }
  | { kind: 'change'; since: Date };

/** How often an unchanged fact is written again, so that what is known of a long stream is not forgotten. */
export const TOUCH_EVERY_MS = 10 * 60_000;

/** A poll may show the state before the last change for this long. */
const POLL_LAG_MS = 2 * 60_000;

export function judgeFact(stored: StoredFact | null, fact: LiveFact, source: FactSource, now: Date): Verdict {
  // A platform's clock that runs ahead must not make every later fact look old.
  const at = fact.at.getTime() > now.getTime() ? now : fact.at;
  if (stored === null) return { kind: 'change', since: at };
  const isNewer = at.getTime() > stored.since.getTime();
  const since = later(at, stored.since);
  if (fact.isLive === stored.isLive) {
    // A newer event of the same kind means one in between was lost or is late: late, it must not count any more.
    if (source === 'event' && isNewer) return { kind: 'touch', since };
    const isDue = fact.isLive && now.getTime() - stored.seenAt.getTime() >= TOUCH_EVERY_MS;
    return isDue ? { kind: 'touch', since: stored.since } : { kind: 'ignore' };
  }
  if (source === 'event') return at.getTime() < stored.since.getTime() ? { kind: 'ignore' } : { kind: 'change', since };
  const isSettled = now.getTime() - stored.since.getTime() >= POLL_LAG_MS;
  return isNewer || isSettled ? { kind: 'change', since } : { kind: 'ignore' };
}
