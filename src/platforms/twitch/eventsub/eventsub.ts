/** Keeps Twitch's event subscriptions as the database wishes them, one channel at once or all from time to time. */
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Helix } from '../helix/client.ts';
import { type DesiredEvents, readDesiredEvents } from './desired.ts';
import type { RemoteSubscription } from './eventsub.external.ts';
import {
  createSubscription,
  deleteSubscription,
  type EventType,
  listSubscriptions,
  type Webhook,
  type Wish,
  wishOf,
} from './remote.ts';
import { forgetStanding, readStanding, recordStanding, type Standing, standingOf } from './standing.ts';

export interface EventSubDeps {
  readonly db: Db;
  readonly helix: Helix;
  readonly log: Logger;
  /** Null while the instance has no public address or no secret. */
  readonly webhook: Webhook | null;
}

/** Twitch asked the webhook for the proof that it is ours, and got none. */
const UNANSWERED = 'webhook_callback_verification_failed';
/** Nobody waits longer for a subscription to be given back. */
const DROP_DEADLINE_MS = 3_000;

export class EventSub {
  readonly #deps: EventSubDeps;

  constructor(deps: EventSubDeps) {
    this.#deps = deps;
  }

  /** Best effort: whatever Twitch does is told as a standing. */
  async ensure(channelId: ChannelId): Promise<ReadonlyMap<EventType, Standing>> {
    const [desired] = await readDesiredEvents(this.#deps.db, channelId);
    if (desired === undefined) return new Map();
    const existing = await this.#list(desired.broadcasterId);
    const standings = new Map<EventType, Standing>();
    for (const type of desired.types) {
      const standing = typeof existing === 'string' ? failed(existing) : await this.#grant(desired, type, existing);
      standings.set(type, standing);
      await recordStanding(this.#deps.db, channelId, type, standing);
    }
    return standings;
  }

  /** Best effort: what is left behind, `reconcile` takes away. */
  async drop(channelId: ChannelId, type: EventType): Promise<void> {
    const { db, helix, log } = this.#deps;
    const standing = await readStanding(db, channelId, type);
    if (standing === null) return;
    await forgetStanding(db, channelId, type);
    if (standing.remoteId === null) return;
    await deleteSubscription(helix, standing.remoteId, DROP_DEADLINE_MS).catch((error: unknown) => {
      log.warn('chatbot.eventsub_delete_failed', { channelId, type, error });
    });
  }

  /** Every channel: missing and dead subscriptions are made, those nobody wants go. Run by one process at a time. */
  async reconcile(): Promise<void> {
    const { db, webhook, log } = this.#deps;
    if (webhook === null) return;
    const desired = await readDesiredEvents(db, null);
    const existing = await this.#list(null);
    if (typeof existing === 'string') return;
    const byWish = Map.groupBy(existing, (subscription) => keyOf(wishOf(subscription, webhook.callback)));
    for (const channel of desired) {
      for (const type of channel.types) {
        const key = keyOf({ type, broadcasterId: channel.broadcasterId });
        const standing = await this.#grant(channel, type, byWish.get(key) ?? []);
        byWish.delete(key);
        await recordStanding(db, channel.channelId, type, standing);
        if (isPointless(standing)) {
          log.error('chatbot.eventsub_stopped', { reason: standing.reason });
          return;
        }
      }
    }
    byWish.delete(FOREIGN);
    if (byWish.size > 0) await this.#deleteUnwanted(byWish);
  }

  /** Asks again first: a bot switched on while Twitch was asked may have found its subscription still there. */
  async #deleteUnwanted(byWish: ReadonlyMap<string, readonly RemoteSubscription[]>): Promise<void> {
    const desired = await readDesiredEvents(this.#deps.db, null);
    const wanted = new Set(
      desired.flatMap(({ broadcasterId, types }) => types.map((type) => keyOf({ type, broadcasterId }))),
    );
    for (const [key, subscriptions] of byWish) {
      if (!wanted.has(key)) for (const { id } of subscriptions) await this.#delete(id);
    }
  }

  async #list(broadcasterId: string | null): Promise<RemoteSubscription[] | string> {
    const { helix, webhook, log } = this.#deps;
    if (webhook === null) return 'not_configured';
    try {
      return await listSubscriptions(helix, broadcasterId);
    } catch (error) {
      log.warn('chatbot.eventsub_list_failed', { error });
      return reasonOf(error);
    }
  }

  /** @param existing of the channel at least; may hold others */
  async #grant(
    { channelId, broadcasterId }: DesiredEvents,
    type: EventType,
    existing: readonly RemoteSubscription[],
  ): Promise<Standing> {
    const { helix, webhook, log } = this.#deps;
    if (webhook === null) return failed('not_configured');
    const wish = { type, broadcasterId };
    const same = existing.filter((one) => keyOf(wishOf(one, webhook.callback)) === keyOf(wish));
    const alive = same.map(standingOf).find((standing) => standing !== null);
    if (alive) return alive;
    try {
      for (const { id } of same) await deleteSubscription(helix, id);
      const created = await createSubscription(helix, wish, webhook);
      // Twitch lists a new one late: what it calls a conflict is there and will be seen next time.
      if (created === null) return { status: 'pending', reason: null, remoteId: null };
      const standing = standingOf(created) ?? failed(created.status);
      // Why its predecessor failed stays known until the challenge is answered, which makes it active.
      const isUnanswered = standing.status === 'pending' && same.some(({ status }) => status === UNANSWERED);
      return isUnanswered ? { ...standing, reason: UNANSWERED } : standing;
    } catch (error) {
      log.warn('chatbot.eventsub_create_failed', { channelId, type, error });
      return failed(reasonOf(error));
    }
  }

  async #delete(id: string): Promise<void> {
    await deleteSubscription(this.#deps.helix, id).catch((error: unknown) => {
      this.#deps.log.warn('chatbot.eventsub_delete_failed', { subscriptionId: id, error });
    });
  }
}

const FOREIGN = 'foreign';

function keyOf(wish: Wish | null): string {
  return wish === null ? FOREIGN : `${wish.type} ${wish.broadcasterId}`;
}

function failed(reason: string): Standing {
  return { status: 'failed', reason, remoteId: null };
}

/**
 * Whether every other channel would fail in the same way until the next round
 * (docs/platforms/twitch.md#api-rate-limits-and-errors).
 */
function isPointless({ reason }: Standing): boolean {
  return reason === 'unreachable' || reason === 'quota' || reason === 'application_refused';
}

function reasonOf(error: unknown): string {
  if (error instanceof PlatformUnreachable) return 'unreachable';
  if (!(error instanceof PlatformRefused)) throw error;
  if (error.status === 429) return 'quota';
  if (error.status === 401) return 'application_refused';
  return error.status === 403 ? 'permission_missing' : `refused_${error.status ?? 'answer'}`;
}
