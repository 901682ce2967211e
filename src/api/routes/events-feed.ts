/** Tells whoever watches a channel what becomes of its messages and how its readers are, as the database hints at it. */
import { sql } from 'kysely';
import type { Hint } from '../../db/hint.ts';
import type { HistoryRow } from '../../engine/outbox/history.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { BotState } from '../diagnosis.ts';
import { Due, look, Told, type ViewDeps } from './events-view.ts';
import { WorkerWatch } from './worker-watch.ts';

export type ChannelEvent =
  | { readonly name: 'outbox:message'; readonly data: HistoryRow }
  | { readonly name: 'bots:state'; readonly data: readonly BotState[] };

/** One open page. */
export interface ChannelSubscriber {
  /** Must not block and must not throw. */
  send(event: ChannelEvent): void;
  /** This process stops. */
  end(): void;
}

export interface ChannelFeed {
  /**
   * Sends the newest messages, oldest first, and the state of every reader; then whatever changes, and of each message
   * its last word: states it only passed through may be left out.
   *
   * @returns what ends it
   */
  subscribe(channelId: ChannelId, subscriber: ChannelSubscriber): Promise<() => void>;
  /** Kinds that concern nobody here are passed over. */
  hint(hint: Hint): void;
  /** Hints may have been lost. */
  listening(): void;
  close(): void;
}

export interface ChannelFeedDeps extends ViewDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly isListening: () => boolean;
}

/** At most so often per channel is the database asked, however much happens. */
const LOOK_DISTANCE_MS = 100;
/** Hints are raised for a watched channel only, so the watch has to outlast a copy that forgot to renew it, and no more. */
const WATCH_SECONDS = 90;
const RENEW_MS = 30_000;
/** What changes a state without a hint. */
const STATES_MS = 10_000;
/** While no hints arrive, or after a failure. */
const RETRY_MS = 5_000;
/** Whoever changed something while the watch began may have seen no need for a hint. */
const SECOND_LOOK_MS = 1_000;

interface Newcomer {
  readonly subscriber: ChannelSubscriber;
  readonly welcomed: () => void;
  readonly refused: (error: unknown) => void;
}

interface Audience {
  readonly subscribers: Set<ChannelSubscriber>;
  newcomers: Newcomer[];
  readonly told: Told;
  due: Due;
  isLooking: boolean;
  isStale: boolean;
  lookedAtMs: number;
  trailing: Timer | null;
  renewal: Timer | null;
  states: Timer | null;
}

export function createChannelFeed(deps: ChannelFeedDeps): ChannelFeed {
  return new WatchingChannelFeed(deps);
}

class WatchingChannelFeed implements ChannelFeed {
  readonly #deps: ChannelFeedDeps;
  readonly #audiences = new Map<ChannelId, Audience>();
  readonly #workers: WorkerWatch;
  #isClosed = false;

  constructor(deps: ChannelFeedDeps) {
    this.#deps = deps;
    this.#workers = new WorkerWatch({ ...deps, changed: () => this.#lookAtAllStates() });
  }

  async subscribe(channelId: ChannelId, subscriber: ChannelSubscriber): Promise<() => void> {
    if (this.#isClosed) throw stopping();
    const audience = this.#audiences.get(channelId) ?? this.#open(channelId);
    // Looks of a channel follow one another, so what a newcomer is shown and is told later has one order.
    await new Promise<void>((welcomed, refused) => {
      audience.newcomers.push({ subscriber, welcomed, refused });
      audience.due.addAll(this.#deps.platforms);
      this.#plan(channelId, audience, 0);
    });
    if (this.#isClosed) subscriber.end();
    return () => {
      audience.subscribers.delete(subscriber);
      this.#closeIfEmpty(channelId, audience);
    };
  }

  hint({ kind, provider, channelId, rowIds }: Hint): void {
    for (const [id, audience] of this.#audiencesOf(channelId)) {
      const { due } = audience;
      if (kind === 'health') due.hasStates = true;
      else if (kind !== 'message' && kind !== 'outbox') return;
      else if (provider === null) due.addAll(this.#deps.platforms);
      else if (rowIds === undefined) due.lists.add(provider);
      else due.addMessages(provider, rowIds);
      this.#plan(id, audience);
    }
  }

  listening(): void {
    for (const [channelId, audience] of this.#audiences) this.#renew(channelId, audience);
  }

  close(): void {
    this.#isClosed = true;
    this.#workers.stop();
    for (const audience of this.#audiences.values()) {
      for (const subscriber of audience.subscribers) subscriber.end();
      for (const { refused } of audience.newcomers) refused(stopping());
      stopTimers(audience);
    }
    this.#audiences.clear();
  }

  #audiencesOf(channelId: ChannelId | null): [ChannelId, Audience][] {
    if (channelId === null) return [...this.#audiences];
    const audience = this.#audiences.get(channelId);
    return audience === undefined ? [] : [[channelId, audience]];
  }

  #open(channelId: ChannelId): Audience {
    const audience: Audience = {
      subscribers: new Set(),
      newcomers: [],
      told: new Told(),
      due: new Due(),
      isLooking: false,
      isStale: false,
      lookedAtMs: Number.NEGATIVE_INFINITY,
      trailing: null,
      renewal: null,
      states: null,
    };
    this.#audiences.set(channelId, audience);
    this.#workers.start();
    this.#renewLater(channelId, audience, SECOND_LOOK_MS);
    this.#lookAtStatesLater(channelId, audience);
    return audience;
  }

  #closeIfEmpty(channelId: ChannelId, audience: Audience): void {
    // Whoever is being welcomed counts as soon as the look is done.
    if (audience.isLooking || audience.subscribers.size + audience.newcomers.length > 0) return;
    if (this.#audiences.get(channelId) !== audience) return;
    stopTimers(audience);
    this.#audiences.delete(channelId);
    if (this.#audiences.size === 0) this.#workers.stop();
  }

  #renewLater(channelId: ChannelId, audience: Audience, delayMs: number): void {
    audience.renewal?.cancel();
    if (this.#isClosed) return;
    const renew = () => this.#renew(channelId, audience);
    audience.renewal = this.#deps.clock.setTimer(delayMs, renew, { unref: true });
  }

  #lookAtStatesLater(channelId: ChannelId, audience: Audience): void {
    const look = () => {
      audience.due.hasStates = true;
      this.#plan(channelId, audience);
      this.#lookAtStatesLater(channelId, audience);
    };
    audience.states = this.#isClosed ? null : this.#deps.clock.setTimer(STATES_MS, look, { unref: true });
  }

  #lookAtAllStates(): void {
    for (const [channelId, audience] of this.#audiences) {
      audience.due.hasStates = true;
      this.#plan(channelId, audience);
    }
  }

  /** Says again that the channel is watched, and looks at everything: what a lost hint was about shows now. */
  #renew(channelId: ChannelId, audience: Audience): void {
    audience.due.addAll(this.#deps.platforms);
    audience.told.addUnfinished(audience.due);
    this.#plan(channelId, audience);
    const isWell = this.#deps.isListening() && !audience.isStale;
    this.#renewLater(channelId, audience, isWell ? RENEW_MS : RETRY_MS);
  }

  #plan(channelId: ChannelId, audience: Audience, distanceMs = LOOK_DISTANCE_MS): void {
    // A look that is under way looks again when it is done; nobody looks for an audience that has left.
    if (audience.isLooking || this.#audiences.get(channelId) !== audience) return;
    const waitMs = audience.lookedAtMs + distanceMs - this.#deps.clock.monotonicMs();
    if (waitMs <= 0) {
      audience.trailing?.cancel();
      audience.trailing = null;
      void this.#look(channelId, audience);
      return;
    }
    audience.trailing ??= this.#deps.clock.setTimer(waitMs, () => {
      audience.trailing = null;
      this.#plan(channelId, audience);
    });
  }

  async #look(channelId: ChannelId, audience: Audience): Promise<void> {
    const { due, newcomers } = audience;
    audience.due = new Due();
    audience.newcomers = [];
    audience.isLooking = true;
    audience.lookedAtMs = this.#deps.clock.monotonicMs();
    try {
      // Watched first: what changes after the look is hinted at.
      if (due.hasStates && due.lists.size > 0) await this.#watch(channelId);
      this.#tell(audience, newcomers, await look(this.#deps, channelId, due));
      audience.isStale = false;
    } catch (error) {
      this.#deps.log.debug('api.events_read_failed', { channelId, error });
      audience.isStale = true;
      for (const [provider, ids] of due.messages) audience.due.addMessages(provider, [...ids]);
      for (const { refused } of newcomers) refused(error);
      this.#renewLater(channelId, audience, RETRY_MS);
    }
    audience.isLooking = false;
    this.#closeIfEmpty(channelId, audience);
    if (audience.newcomers.length > 0) this.#plan(channelId, audience, 0);
    else if (!audience.isStale && !audience.due.isNothing) this.#plan(channelId, audience);
  }

  #tell(
    audience: Audience,
    newcomers: readonly Newcomer[],
    { newest, messages, states }: Awaited<ReturnType<typeof look>>,
  ): void {
    const others = [...audience.subscribers];
    const toOthers = (event: ChannelEvent) => {
      for (const subscriber of others) subscriber.send(event);
    };
    for (const row of messages) if (audience.told.message(row)) toOthers({ name: 'outbox:message', data: row });
    if (states !== null && audience.told.states(states)) toOthers({ name: 'bots:state', data: states });
    audience.told.forgetOld();
    for (const { subscriber, welcomed } of newcomers) {
      if (states !== null) subscriber.send({ name: 'bots:state', data: states });
      for (const row of newest) subscriber.send({ name: 'outbox:message', data: row });
      audience.subscribers.add(subscriber);
      welcomed();
    }
  }

  /** By the database's own clock, on which the triggers look. */
  async #watch(channelId: ChannelId): Promise<void> {
    await sql`
      insert into "ChannelWatch" ("channelId", until)
      select id, timezone('utc', now()) + make_interval(secs => ${WATCH_SECONDS}) from "Channel" where id = ${channelId}
      on conflict ("channelId") do update set until = excluded.until
    `.execute(this.#deps.db);
  }
}

function stopping(): BadInput {
  return new BadInput('DATABASE_UNAVAILABLE', 'This instance is stopping. Connect again.');
}

function stopTimers({ renewal, trailing, states }: Audience): void {
  states?.cancel();
  renewal?.cancel();
  trailing?.cancel();
}
