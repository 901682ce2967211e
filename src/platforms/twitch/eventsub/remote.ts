/** Event subscriptions at Twitch: listing, creating and deleting those with a webhook (docs/platforms/twitch.md#eventsub-subscriptions). */
import { PlatformRefused } from '../../../lib/errors.ts';
import type { Helix } from '../helix/client.ts';
import { type RemoteSubscription, subscriptionsAnswer } from './eventsub.external.ts';

/** The events we ask for, with the version Twitch knows them by. */
export const EVENT_VERSIONS = { 'stream.online': '1', 'stream.offline': '1', 'channel.follow': '2' } as const;

export type EventType = keyof typeof EVENT_VERSIONS;

/** One thing we want to be told, about one broadcaster. */
export interface Wish {
  readonly type: EventType;
  readonly broadcasterId: string;
}

export interface Webhook {
  readonly callback: string;
  readonly secret: string;
}

/** Every page; a broken cursor ends the list instead of going round for ever. */
const PAGES_MAX = 1_000;
const PATH = '/eventsub/subscriptions';

/** @param broadcasterId null lists those of every channel */
export async function listSubscriptions(helix: Helix, broadcasterId: string | null): Promise<RemoteSubscription[]> {
  const found: RemoteSubscription[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = new URLSearchParams();
    if (broadcasterId !== null) query.set('user_id', broadcasterId);
    if (cursor !== undefined) query.set('after', cursor);
    const answer = read(await helix.asApp({ path: `${PATH}?${query}` }));
    found.push(...answer.data);
    cursor = answer.pagination?.cursor;
    if (!cursor) break;
  }
  return found;
}

/** @returns what Twitch made of the wish, or null when it has such a subscription already */
export async function createSubscription(
  helix: Helix,
  { type, broadcasterId }: Wish,
  { callback, secret }: Webhook,
): Promise<RemoteSubscription | null> {
  const body = {
    type,
    version: EVENT_VERSIONS[type],
    condition: {
      broadcaster_user_id: broadcasterId,
      ...(type === 'channel.follow' ? { moderator_user_id: broadcasterId } : {}),
    },
    transport: { method: 'webhook', callback, secret },
  };
  try {
    const [created] = read(await helix.asApp({ method: 'POST', path: PATH, body })).data;
    if (created === undefined) throw new PlatformRefused('Twitch returned no subscription after creating one');
    return created;
  } catch (error) {
    if (error instanceof PlatformRefused && error.status === 409) return null;
    throw error;
  }
}

/** One that is gone already counts as deleted. */
export async function deleteSubscription(helix: Helix, id: string, timeoutMs?: number): Promise<void> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  try {
    await helix.asApp({ method: 'DELETE', path: `${PATH}?${new URLSearchParams({ id })}`, ...limit });
  } catch (error) {
    if (!(error instanceof PlatformRefused && error.status === 404)) throw error;
  }
}

/** What the subscription is for, when it is one of ours: another instance's callback is never ours. */
export function wishOf(subscription: RemoteSubscription, callback: string): Wish | null {
  const { type, version, condition, transport } = subscription;
  const isOurs = transport.method === 'webhook' && transport.callback === callback;
  const broadcasterId = condition.broadcaster_user_id;
  if (!isOurs || !isEventType(type) || version !== EVENT_VERSIONS[type]) return null;
  return typeof broadcasterId === 'string' ? { type, broadcasterId } : null;
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_VERSIONS, type);
}

function read(json: unknown) {
  const parsed = subscriptionsAnswer.safeParse(json);
  if (!parsed.success) throw new PlatformRefused('Twitch returned subscriptions in an unknown format');
  return parsed.data;
}
