/** Tells every open overlay of a channel how it looks and who is in the credits, whenever either changes (docs/contract/http-api.md#event-streams). */
import type { Db } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { Turnstile } from '../lib/turnstile.ts';
import type { CreditsRoll, RollState } from './roll.ts';

/** One object for all pages that are told the same. */
export type OverlayEvent = { /** `data`, written once for all of them. */ readonly json: string } & (
  | { readonly name: 'credits:config'; readonly data: { readonly creditsStyleJson: string | null } }
  | { readonly name: 'credits:state'; readonly data: RollState }
);

/** One open page. */
export interface OverlaySubscriber {
  /** `Channel.creditsTokenVersion` its address was made for; null for a signed-in streamer, who needs none. */
  readonly tokenVersion: number | null;
  /** Must not block and must not throw. */
  send(event: OverlayEvent): void;
  /** The address was taken back, or this process stops. */
  end(): void;
}

export interface OverlayFeed {
  /**
   * Sends config and state at once, then whatever changes.
   *
   * @returns what ends it; null when the channel is gone or the address was taken back
   */
  subscribe(channelId: ChannelId, subscriber: OverlaySubscriber): Promise<(() => void) | null>;
  /** After a hint; null: any channel may have changed. */
  changed(channelId: ChannelId | null): void;
  close(): void;
}

export interface OverlayFeedDeps {
  readonly db: Db;
  readonly roll: Pick<CreditsRoll, 'read'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** While hints arrive, nothing is read that did not change. */
  readonly isListening: () => boolean;
}

/** At most one push a second and channel, however fast people chat. */
const PUSH_DISTANCE_MS = 1000;
/**
 * A read asks three statements at once. A hint that is about any channel makes every open page's channel read, as does
 * the return of all pages after a restart: the pool's other connections are for everybody else.
 */
const READS_AT_ONCE = 1;
/** While hints do not arrive, or after a read that failed, the channel is read again. */
const LOOK_AGAIN_MS = 5000;
/** A page that missed something catches up within this time. */
const REPEAT_MS = 60_000;

interface View {
  readonly tokenVersion: number;
  readonly config: OverlayEvent;
  readonly state: OverlayEvent;
}

interface Audience {
  readonly subscribers: Set<OverlaySubscriber>;
  view: View;
  pushedAtMs: number;
  /** When all pages were told the state last. */
  toldAtMs: number;
  trailing: Timer | null;
  isReading: boolean;
  /** The last read failed: the next repeat reads again. */
  isStale: boolean;
  repeat: Timer;
}

export function createOverlayFeed(deps: OverlayFeedDeps): OverlayFeed {
  return new DatabaseOverlayFeed(deps);
}

class DatabaseOverlayFeed implements OverlayFeed {
  readonly #deps: OverlayFeedDeps;
  readonly #audiences = new Map<ChannelId, Audience>();
  readonly #turnstile = new Turnstile(READS_AT_ONCE);
  /** Counts the changes of all channels together: one read too many costs less than a count for each channel. */
  #changes = 0;
  #isClosed = false;

  constructor(deps: OverlayFeedDeps) {
    this.#deps = deps;
  }

  async subscribe(channelId: ChannelId, subscriber: OverlaySubscriber): Promise<(() => void) | null> {
    const changesBefore = this.#changes;
    const view = await this.#turnstile.run(() => this.#read(channelId));
    if (this.#isClosed) throw new BadInput('DATABASE_UNAVAILABLE', 'This instance is stopping, connect again');
    if (view === null || !isWelcome(subscriber, view)) return null;
    // What the others were told last stays as it is: against it the next read finds what is news to them.
    const audience = this.#audiences.get(channelId) ?? this.#open(channelId, view);
    audience.subscribers.add(subscriber);
    subscriber.send(view.config);
    subscriber.send(view.state);
    // What changed while it was read found no page to be told to.
    if (this.#changes !== changesBefore) this.#push(channelId);
    return () => this.#leave(channelId, audience, subscriber);
  }

  changed(channelId: ChannelId | null): void {
    this.#changes += 1;
    const channels = channelId === null ? [...this.#audiences.keys()] : [channelId];
    for (const id of channels) this.#push(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const [channelId, audience] of this.#audiences) {
      for (const subscriber of audience.subscribers) {
        this.#leave(channelId, audience, subscriber);
        subscriber.end();
      }
    }
  }

  #open(channelId: ChannelId, view: View): Audience {
    const audience: Audience = {
      subscribers: new Set(),
      view,
      pushedAtMs: Number.NEGATIVE_INFINITY,
      toldAtMs: this.#deps.clock.monotonicMs(),
      trailing: null,
      isReading: false,
      isStale: false,
      repeat: this.#repeatLater(channelId),
    };
    this.#audiences.set(channelId, audience);
    return audience;
  }

  #leave(channelId: ChannelId, audience: Audience, subscriber: OverlaySubscriber): void {
    audience.subscribers.delete(subscriber);
    if (audience.subscribers.size > 0 || this.#audiences.get(channelId) !== audience) return;
    audience.repeat.cancel();
    audience.trailing?.cancel();
    this.#audiences.delete(channelId);
  }

  #repeatLater(channelId: ChannelId): Timer {
    return this.#deps.clock.setTimer(LOOK_AGAIN_MS, () => this.#repeat(channelId), { unref: true });
  }

  #repeat(channelId: ChannelId): void {
    const audience = this.#audiences.get(channelId);
    if (audience === undefined) return;
    audience.repeat = this.#repeatLater(channelId);
    if (audience.isStale || !this.#deps.isListening()) this.#push(channelId);
    else if (this.#isDue(audience)) this.#tell(channelId, audience, audience.view);
  }

  #isDue({ toldAtMs }: Audience): boolean {
    return this.#deps.clock.monotonicMs() - toldAtMs >= REPEAT_MS;
  }

  /** Now, or as soon as the distance allows: the last change is always told. */
  #push(channelId: ChannelId): void {
    const audience = this.#audiences.get(channelId);
    if (audience === undefined || audience.trailing !== null) return;
    const { clock } = this.#deps;
    const waitMs = audience.pushedAtMs + PUSH_DISTANCE_MS - clock.monotonicMs();
    if (waitMs <= 0 && !audience.isReading) {
      void this.#refresh(channelId, audience);
      return;
    }
    audience.trailing = clock.setTimer(Math.max(waitMs, PUSH_DISTANCE_MS / 10), () => {
      audience.trailing = null;
      this.#push(channelId);
    });
  }

  async #refresh(channelId: ChannelId, audience: Audience): Promise<void> {
    audience.isReading = true;
    audience.pushedAtMs = this.#deps.clock.monotonicMs();
    try {
      const view = await this.#turnstile.run(() => this.#read(channelId));
      audience.isStale = false;
      this.#tell(channelId, audience, view);
    } catch (error) {
      audience.isStale = true;
      this.#deps.log.debug('api.overlay_read_failed', { channelId, error });
    } finally {
      audience.isReading = false;
    }
  }

  #tell(channelId: ChannelId, audience: Audience, view: View | null): void {
    const isRestyled = view?.config.json !== audience.view.config.json;
    const isNews = view?.state.json !== audience.view.state.json || this.#isDue(audience);
    if (view !== null) audience.view = view;
    if (isNews) audience.toldAtMs = this.#deps.clock.monotonicMs();
    for (const subscriber of audience.subscribers) {
      if (view === null || !isWelcome(subscriber, view)) {
        this.#leave(channelId, audience, subscriber);
        subscriber.end();
        continue;
      }
      if (isRestyled) subscriber.send(view.config);
      if (isNews) subscriber.send(view.state);
    }
  }

  async #read(channelId: ChannelId): Promise<View | null> {
    const { db, roll } = this.#deps;
    const [channel, state] = await Promise.all([
      db
        .selectFrom('Channel')
        .select(['creditsTokenVersion as tokenVersion', 'creditsStyleJson'])
        .where('id', '=', channelId)
        .executeTakeFirst(),
      roll.read(channelId),
    ]);
    return channel === undefined ? null : viewOf(channel, state);
  }
}

function isWelcome({ tokenVersion }: OverlaySubscriber, view: View): boolean {
  return tokenVersion === null || tokenVersion === view.tokenVersion;
}

function viewOf(
  { tokenVersion, creditsStyleJson }: { readonly tokenVersion: number; readonly creditsStyleJson: string | null },
  state: RollState,
): View {
  const config = { creditsStyleJson };
  return {
    tokenVersion,
    config: { name: 'credits:config', data: config, json: JSON.stringify(config) },
    state: { name: 'credits:state', data: state, json: JSON.stringify(state) },
  };
}
