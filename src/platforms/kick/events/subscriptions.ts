/** Brings Kick's event subscriptions of one channel to what they should be: each event once (docs/contract/workers.md#kick-event-subscriptions, docs/platforms/kick.md#event-subscriptions). */
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { AccountCredential, CredentialSource } from '../../account-side.ts';
import { isMissing } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import { AppTokenUnavailable } from '../api/app-token.ts';
import type { KickApi } from '../api/client.ts';
import { createSubscriptions, deleteSubscriptions, type EventName, isOurs, listSubscriptions } from './remote.ts';
import { forgetStandings, readStandings, recordCreated, recordStandings, type Standing } from './standing.ts';

export interface SubscriptionDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly db: Db;
  readonly api: KickApi;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
}

export interface Subject {
  readonly channelId: ChannelId;
  /** Kick's id of the streamer. */
  readonly broadcasterId: string;
}

/** Of a list that could not be had: nothing is known, nothing was done. */
export type Ensured = ReadonlyMap<EventName, Standing> | { readonly unknown: string };

/** Kick lists a new one late, and makes a second of whatever is asked for twice (docs/platforms/kick.md#create-a-subscription). */
const CREATED_AGAIN_AFTER_MS = 10 * 60_000;
const UNREACHABLE = 'unreachable';
/** Kick was not asked: the application has no token at the moment. */
export const NO_APP_TOKEN = 'credentials_unavailable';
const LIMIT_REACHED = 'event subscription limit reached';
const LONGEST_REASON_CHARS = 200;
/** In the place of a channel when Kick cannot be reached at all. */
const EVERYBODY = '';

export class Subscriptions {
  readonly #deps: SubscriptionDeps;
  /** When each event of a channel was last asked for, whatever came of it. */
  readonly #asked = new Map<string, number>();
  /** Seen in a list since it was created: when it is missing from a later one it is gone, and not only late. */
  readonly #listed = new Set<string>();
  /** The last task of each channel: of two at once the second would not see what the first created. */
  readonly #tails = new Map<ChannelId, Promise<void>>();
  /** How each stands in the database. */
  readonly #recorded = new Map<string, string>();
  /** Whose list could not be had, as it was told. */
  readonly #unlisted = new Set<string>();
  /** While the application may have no more, nobody asks. */
  #fullUntilMs = Number.NEGATIVE_INFINITY;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /**
   * One look, and at most one request for whatever is missing. Never throws for what Kick says.
   *
   * @param isAwaited somebody waits for it: what failed a moment ago is tried again
   */
  ensure(subject: Subject, events: readonly EventName[], isAwaited = false): Promise<Ensured> {
    return this.#inOrder(subject, () => this.#ensure(subject, events, isAwaited));
  }

  /** After the bot was switched off. @throws PlatformRefused, PlatformUnreachable, what the database says */
  remove(subject: Subject): Promise<void> {
    return this.#inOrder(subject, () => this.#remove(subject));
  }

  /** Drops what is remembered of a channel: another copy of the worker may write its state from now on. */
  forget(channelId: ChannelId): void {
    for (const key of this.#recorded.keys()) if (key.startsWith(`${channelId} `)) this.#recorded.delete(key);
    for (const key of this.#listed) if (key.startsWith(`${channelId} `)) this.#listed.delete(key);
    this.#unlisted.delete(channelId);
  }

  #inOrder<T>({ channelId }: Subject, work: () => Promise<T>): Promise<T> {
    const done = (this.#tails.get(channelId) ?? Promise.resolve()).then(work);
    const tail: Promise<void> = done
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#tails.get(channelId) === tail) this.#tails.delete(channelId);
      });
    this.#tails.set(channelId, tail);
    return done;
  }

  async #ensure(subject: Subject, events: readonly EventName[], isAwaited: boolean): Promise<Ensured> {
    const { channelId, broadcasterId } = subject;
    let listed: Awaited<ReturnType<typeof listSubscriptions>>;
    try {
      listed = await listSubscriptions(this.#deps.api, broadcasterId);
    } catch (error) {
      return { unknown: this.#tellUnlisted(channelId, error) };
    }
    for (const told of [channelId, EVERYBODY]) this.#unlisted.delete(told);
    const standings = new Map<EventName, Standing>();
    for (const event of events) {
      const first = listed.find((one) => one.event === event);
      if (first === undefined) continue;
      standings.set(event, { status: 'active', reason: null, remoteId: first.id });
      this.#listed.add(`${channelId} ${event}`);
    }
    const unlisted = events.filter((event) => !standings.has(event));
    for (const [event, standing] of await this.#mend(subject, unlisted, isAwaited)) standings.set(event, standing);
    await this.#record(channelId, standings);
    await this.#delete(events.flatMap((event) => listed.filter((one) => one.event === event).slice(1)));
    return standings;
  }

  async #remove({ channelId, broadcasterId }: Subject): Promise<void> {
    const { api, db } = this.#deps;
    const known = await readStandings(db, channelId);
    const listed = await listSubscriptions(api, broadcasterId);
    const ids = new Set([
      ...listed.filter(({ event }) => isOurs(event)).map(({ id }) => id),
      ...[...known.values()].flatMap(({ remoteId }) => remoteId ?? []),
    ]);
    await deleteSubscriptions(api, [...ids]);
    await forgetStandings(db, channelId);
    for (const key of this.#asked.keys()) if (key.startsWith(`${channelId} `)) this.#asked.delete(key);
    this.forget(channelId);
  }

  /** Logs once until the subscriptions can be listed again. @returns the reason */
  #tellUnlisted(channelId: ChannelId, error: unknown): string {
    const reason = reasonOf(error);
    const whose = reason === UNREACHABLE || reason === NO_APP_TOKEN ? EVERYBODY : channelId;
    if (!this.#unlisted.has(whose)) {
      this.#unlisted.add(whose);
      this.#deps.log.warn('kick_chatbot.events_subscription_list_failed', { channelId, error });
    }
    return reason;
  }

  /** What is not in the list may only not be listed yet, may have been asked for in vain, or is missing. */
  async #mend(
    subject: Subject,
    unlisted: readonly EventName[],
    isAwaited: boolean,
  ): Promise<ReadonlyMap<EventName, Standing>> {
    const standings = new Map<EventName, Standing>();
    if (unlisted.length === 0) return standings;
    const { channelId } = subject;
    const known = await readStandings(this.#deps.db, channelId);
    const missing: EventName[] = [];
    for (const event of unlisted) {
      const before = known.get(event);
      const isLate = before?.status === 'active' && !this.#listed.has(`${channelId} ${event}`);
      if (isLate && this.#isRecent(before.updatedAt)) {
        standings.set(event, { status: 'active', reason: null, remoteId: before.remoteId });
      } else if (isAwaited || this.#mayAsk(channelId, event)) missing.push(event);
      else standings.set(event, { status: 'failed', reason: before?.reason ?? 'not_listed', remoteId: null });
    }
    for (const [event, standing] of await this.#create(subject, missing)) {
      const { remoteId } = standing;
      const replacedId = known.get(event)?.remoteId ?? null;
      standings.set(event, remoteId === null ? standing : await this.#claim(channelId, event, remoteId, replacedId));
    }
    return standings;
  }

  /** Another process may have created the same at the same moment; Kick keeps both. */
  async #claim(channelId: ChannelId, event: EventName, id: string, replacedId: string | null): Promise<Standing> {
    const remoteId = await recordCreated(this.#deps.db, channelId, event, id, replacedId);
    if (remoteId !== id) await this.#delete([{ id }]);
    return { status: 'active', reason: null, remoteId };
  }

  /** A thousand channels that are as they should be write nothing. */
  async #record(channelId: ChannelId, standings: ReadonlyMap<EventName, Standing>): Promise<void> {
    const changed = new Map(
      [...standings].filter(([event, standing]) => this.#recorded.get(`${channelId} ${event}`) !== digest(standing)),
    );
    await recordStandings(this.#deps.db, channelId, changed);
    for (const [event, standing] of changed) this.#recorded.set(`${channelId} ${event}`, digest(standing));
  }

  async #create(subject: Subject, events: readonly EventName[]): Promise<ReadonlyMap<EventName, Standing>> {
    if (events.length === 0) return new Map();
    const { clock, log } = this.#deps;
    const { channelId, broadcasterId } = subject;
    const owner = await this.#deps.credentials.owner(channelId);
    // A streamer's token means the streamer's own channel, whichever is named.
    const isOwn = !isMissing(owner) && (owner.platformUserId as string) === broadcasterId;
    for (const event of events) {
      this.#asked.set(`${channelId} ${event}`, clock.monotonicMs());
      this.#listed.delete(`${channelId} ${event}`);
    }
    try {
      const creations = await this.#ask(isOwn ? owner : null, broadcasterId, events);
      return new Map(
        [...creations].map(([event, creation]): [EventName, Standing] => {
          if (creation.kind === 'created') {
            log.info('kick_chatbot.events_subscription_created', {
              channelId,
              type: event,
              subscriptionId: creation.id,
            });
            return [event, { status: 'active', reason: null, remoteId: creation.id }];
          }
          const reason = creation.error.slice(0, LONGEST_REASON_CHARS);
          log.warn('kick_chatbot.events_subscription_create_failed', { channelId, type: event, status: 200, reason });
          return [event, { status: 'failed', reason, remoteId: null }];
        }),
      );
    } catch (error) {
      return this.#allFailed(subject, events, error);
    }
  }

  /** Whoever has to link again does not stop the application, which may subscribe to any channel (docs/platforms/kick.md#event-subscriptions). */
  async #ask(owner: AccountCredential | null, broadcasterId: string, events: readonly EventName[]) {
    const { api, credentials } = this.#deps;
    if (owner === null) return createSubscriptions(api, null, broadcasterId, events);
    try {
      return await createSubscriptions(api, owner.accessToken, broadcasterId, events);
    } catch (error) {
      if (!(error instanceof PlatformRefused && error.status === 401)) throw error;
      const renewed = await credentials.renewed(owner, owner.accessToken);
      return createSubscriptions(api, isMissing(renewed) ? null : renewed.accessToken, broadcasterId, events);
    }
  }

  #allFailed({ channelId }: Subject, events: readonly EventName[], error: unknown): ReadonlyMap<EventName, Standing> {
    const { clock, log } = this.#deps;
    const reason = reasonOf(error);
    if (reason === LIMIT_REACHED) {
      // One for the operator: no channel can be added until others go, or Kick verifies the application.
      log.error('kick_chatbot.events_subscription_limit', { channelId });
      this.#fullUntilMs = clock.monotonicMs() + CREATED_AGAIN_AFTER_MS;
    }
    const status = error instanceof PlatformRefused ? (error.status ?? null) : null;
    for (const event of events) {
      log.warn('kick_chatbot.events_subscription_create_failed', { channelId, type: event, status, error });
      // Kick never saw the question, or said that it did nothing about it: the next round may ask again.
      if (error instanceof PlatformUnreachable && !error.isSent) this.#asked.delete(`${channelId} ${event}`);
    }
    return new Map(events.map((event) => [event, { status: 'failed', reason, remoteId: null }]));
  }

  async #delete(surplus: readonly { readonly id: string }[]): Promise<void> {
    if (surplus.length === 0) return;
    const ids = surplus.map(({ id }) => id);
    await deleteSubscriptions(this.#deps.api, ids).catch((error: unknown) => {
      this.#deps.log.warn('kick_chatbot.events_subscription_delete_failed', { subscriptionIds: ids, error });
    });
  }

  #mayAsk(channelId: ChannelId, event: EventName): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const askedMs = this.#asked.get(`${channelId} ${event}`) ?? Number.NEGATIVE_INFINITY;
    return nowMs >= this.#fullUntilMs && nowMs - askedMs >= CREATED_AGAIN_AFTER_MS;
  }

  #isRecent(at: Date): boolean {
    return this.#deps.clock.now().getTime() - at.getTime() < CREATED_AGAIN_AFTER_MS;
  }
}

function digest({ status, reason, remoteId }: Standing): string {
  return `${status} ${remoteId} ${reason}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof AppTokenUnavailable) return NO_APP_TOKEN;
  if (error instanceof PlatformUnreachable) return UNREACHABLE;
  if (!(error instanceof PlatformRefused)) throw error;
  return error.code || `refused_${error.status ?? 'answer'}`;
}
