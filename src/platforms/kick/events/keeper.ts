/** Keeps the event subscriptions of every channel a worker serves, and takes away those of bots that were switched off. */

import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { Timer } from '../../../lib/clock.ts';
import { Turnstile } from '../../../lib/turnstile.ts';
import { said } from '../../causes/reasons.ts';
import { CREDENTIAL_RETRY_MS, CREDENTIALS_UNAVAILABLE } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ReadChannel, ReaderState } from '../../worker-side.ts';
import { kickCauses } from '../causes.ts';
import { EVENTS } from './remote.ts';
import { readUnserved } from './standing.ts';
import { type Ensured, NO_APP_TOKEN, type Subject, type Subscriptions } from './subscriptions.ts';

export interface KeeperDeps extends Pick<CommonDeps, 'clock' | 'random' | 'log'> {
  readonly db: Db;
  readonly subscriptions: Subscriptions;
  /** How often channels that are not as they should be are looked at. */
  readonly syncMs: number;
  readonly state: (channelId: ChannelId, state: ReaderState) => void;
}

interface Kept {
  readonly subject: Subject;
  /** Null before the first look. */
  state: ReaderState | null;
  dueMs: number;
  /** Looks in a row that did not find it as it should be. */
  misses: number;
  /** A look waits or runs: while Kick answers slowly, or not at all, more of them must not pile up. */
  isQueued: boolean;
}

/**
 * When good subscriptions are checked again at the latest, which then happens at the next sync: Kick ends some without a
 * notice (docs/platforms/kick.md#acknowledgement-and-retries), and ten minutes is how long that may go unseen.
 */
const LOOK_AGAIN_MS = 9.5 * 60_000;
/** Rounds until a subscription that was found is checked again: another copy may just have deleted it. */
const SOON_AGAIN_SYNCS = 4;
const CALLS_AT_ONCE = 4;

export class Keeper {
  readonly #deps: KeeperDeps;
  readonly #turnstile = new Turnstile(CALLS_AT_ONCE);
  #kept = new Map<ChannelId, Kept>();
  /** Streamers that this copy no longer serves, by broadcaster id; another copy may serve them. */
  readonly #left = new Map<string, Subject>();
  /** Entries of `#left` whose removal waits or runs. */
  readonly #leaving = new Set<Subject>();
  /** The last task of each streamer: a streamer has one task at a time. */
  readonly #tails = new Map<string, Promise<void>>();
  /** Streamers whose failure is logged: it is logged again after a success. */
  readonly #failing = new Set<string>();
  #timer: Timer | null = null;
  #soon: Timer | null = null;
  #isClosed = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  setChannels(channels: readonly ReadChannel[]): void {
    const before = this.#kept;
    this.#kept = new Map(
      channels.map(({ channelId, target }) => {
        const known = before.get(channelId);
        if (known?.subject.broadcasterId === target) return [channelId, known];
        const subject = { channelId, broadcasterId: target as string };
        return [channelId, { subject, state: null, dueMs: Number.NEGATIVE_INFINITY, misses: 0, isQueued: false }];
      }),
    );
    for (const [channelId, { subject }] of before) {
      if (this.#kept.get(channelId)?.subject === subject) continue;
      this.#left.set(subject.broadcasterId, subject);
      this.#deps.subscriptions.forget(channelId);
    }
    for (const { subject, state } of this.#kept.values()) {
      this.#left.delete(subject.broadcasterId);
      if (state === null) this.#deps.state(subject.channelId, { kind: 'connecting', reason: null });
    }
    this.#look();
  }

  /** Does not wait until it is due: somebody asks how the bot is, or a stream began. */
  look(channelId: ChannelId): void {
    const kept = this.#kept.get(channelId);
    if (kept !== undefined && !this.#isClosed) this.#lookAt(kept);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#soon?.cancel();
  }

  #look(): void {
    if (this.#isClosed) return;
    const { clock, syncMs } = this.#deps;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(syncMs, () => this.#look(), { unref: true });
    for (const kept of this.#kept.values()) {
      if (clock.monotonicMs() >= kept.dueMs) this.#lookAt(kept);
    }
    if (this.#left.size > 0) void this.#removeUnserved();
  }

  #lookAt(kept: Kept): void {
    if (kept.isQueued) return;
    kept.isQueued = true;
    kept.dueMs = this.#deps.clock.monotonicMs() + this.#deps.syncMs;
    this.#inOrder(kept.subject, () =>
      this.#ensure(kept).finally(() => {
        kept.isQueued = false;
      }),
    );
  }

  /** Never rejects. */
  #inOrder({ channelId, broadcasterId }: Subject, work: () => Promise<void>): void {
    const before = this.#tails.get(broadcasterId) ?? Promise.resolve();
    const tail: Promise<void> = before
      .then(() => this.#turnstile.run(work))
      .then(() => void this.#failing.delete(broadcasterId))
      .catch((error: unknown) => {
        if (this.#isClosed || this.#failing.has(broadcasterId)) return;
        this.#failing.add(broadcasterId);
        this.#deps.log.warn('kick_chatbot.events_subscription_sync_failed', { channelId, error });
      })
      .then(() => {
        if (this.#tails.get(broadcasterId) === tail) this.#tails.delete(broadcasterId);
      });
    this.#tails.set(broadcasterId, tail);
  }

  async #ensure(kept: Kept): Promise<void> {
    const isGone = () => this.#isClosed || this.#kept.get(kept.subject.channelId) !== kept;
    if (isGone()) return;
    const { subscriptions, state } = this.#deps;
    const ensured = await subscriptions.ensure(kept.subject, EVENTS);
    if (isGone()) return;
    const next = readingState(ensured, kept.state);
    if ('unknown' in ensured && ensured.unknown === NO_APP_TOKEN) this.#lookSoon(kept);
    // From the sync that asked for this look, so that the next one falls on a sync too.
    else kept.dueMs += this.#untilNextLook(kept, next, 'unknown' in ensured) - this.#deps.syncMs;
    kept.state = next;
    state(kept.subject.channelId, next);
  }

  /** Kick was not asked. No sync is due so soon, and a failed try for the token is shared by all channels. */
  #lookSoon(kept: Kept): void {
    kept.dueMs = this.#deps.clock.monotonicMs();
    this.#soon ??= this.#deps.clock.setTimer(
      CREDENTIAL_RETRY_MS,
      () => {
        this.#soon = null;
        this.#look();
      },
      { unref: true },
    );
  }

  #untilNextLook(kept: Kept, { kind }: ReaderState, isUnknown: boolean): number {
    const { syncMs, random } = this.#deps;
    if (kind === 'live') {
      const wasLive = kept.state?.kind === 'live';
      kept.misses = 0;
      // Spread over time, so that a thousand channels that came at once are not looked at at once for ever.
      return (wasLive ? LOOK_AGAIN_MS : SOON_AGAIN_SYNCS * syncMs) * (0.75 + random() / 4);
    }
    // Kick may be asked for the same again much later only; what it could not tell costs the database nothing.
    const longestMs = isUnknown ? SOON_AGAIN_SYNCS * syncMs : Math.max(LOOK_AGAIN_MS, syncMs);
    const delayMs = Math.min(syncMs * 2 ** kept.misses, longestMs);
    kept.misses += 1;
    return delayMs;
  }

  /** A channel that only moved to another copy of the worker is left as it is. */
  async #removeUnserved(): Promise<void> {
    const { db, log } = this.#deps;
    try {
      const unserved = await readUnserved(db, [...this.#left.keys()]);
      for (const [broadcasterId, subject] of [...this.#left]) {
        if (!unserved.has(broadcasterId)) this.#left.delete(broadcasterId);
        else if (!this.#leaving.has(subject)) {
          this.#leaving.add(subject);
          this.#inOrder(subject, () => this.#remove(subject).finally(() => this.#leaving.delete(subject)));
        }
      }
    } catch (error) {
      // The next look tries again, and the API clears up behind us.
      log.debug('kick_chatbot.events_subscription_sync_failed', { error });
    }
  }

  async #remove(subject: Subject): Promise<void> {
    if (this.#isClosed || this.#left.get(subject.broadcasterId) !== subject) return;
    await this.#deps.subscriptions.remove(subject);
    if (this.#left.get(subject.broadcasterId) === subject) this.#left.delete(subject.broadcasterId);
  }
}

const CHAT = 'chat.message.sent';
/** The only other event that is asked for. */
const STREAM = 'livestream.status.updated';
/** What only the streamer can mend: by linking the account again, with every right. */
const RELINK = /^(unauthorized|forbidden|refused_40[13])$/i;

/**
 * What event subscriptions mean for the chat of a channel, in the words every reader uses.
 *
 * @param before as it was at the last look, null at the first
 */
export function readingState(ensured: Ensured, before: ReaderState | null): ReaderState {
  // A list that cannot be had says nothing new: deliveries do not depend on it.
  if ('unknown' in ensured) {
    const isNews = before === null || before.kind === 'connecting';
    if (isNews && ensured.unknown === NO_APP_TOKEN) return CREDENTIALS_UNAVAILABLE;
    return isNews ? { kind: 'connecting', ...said(kickCauses, ensured.unknown) } : before;
  }
  const chat = ensured.get(CHAT);
  if (chat?.status !== 'active') {
    const reason = chat?.reason ?? 'not_subscribed';
    return RELINK.test(reason)
      ? { kind: 'needs_user_action', reason: 'reconnect_required' }
      : { kind: 'degraded', ...said(kickCauses, reason) };
  }
  const [lacking] = [...ensured].filter(([, { status }]) => status !== 'active');
  if (lacking === undefined) return { kind: 'live', reason: null };
  const [, { reason }] = lacking;
  return { kind: 'degraded', reason: STREAM, detail: reason ?? 'not_subscribed' };
}
