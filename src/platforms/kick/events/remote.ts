/** Event subscriptions at Kick: listing, creating and deleting those of one channel (docs/platforms/kick.md#event-subscriptions). */
import { PlatformRefused } from '../../../lib/errors.ts';
import type { KickApi } from '../api/client.ts';
import { createAnswer, listAnswer, type RemoteSubscription } from './events.external.ts';

/**
 * The events the bot lives on, the first one most of all; all of them are version 1. Those that earn coins are left to
 * whoever hands out coins: all eight would fill an application with 250 channels (docs/platforms/kick.md#subscription-limits).
 */
export const EVENTS = ['chat.message.sent', 'livestream.status.updated'] as const;
export type EventName = (typeof EVENTS)[number];

const VERSION = 1;
const METHOD = 'webhook';
const PATH = '/events/subscriptions';
/** A query with more ids grows too long. */
const DELETED_AT_ONCE = 50;

/** Ours, oldest first. @throws PlatformRefused, PlatformUnreachable */
export async function listSubscriptions(api: KickApi, broadcasterId: string): Promise<readonly RemoteSubscription[]> {
  const query = new URLSearchParams({ broadcaster_user_id: broadcasterId });
  const parsed = listAnswer.safeParse(await api.asApp({ path: `${PATH}?${query}` }));
  if (!parsed.success) throw new PlatformRefused('Kick returned event subscriptions in an unknown format');
  return parsed.data.data
    .filter((one) => one.broadcaster_user_id === broadcasterId && one.method === METHOD && one.version === VERSION)
    .sort((a, b) => (a.created_at ?? '').localeCompare(b.created_at ?? '') || a.id.localeCompare(b.id));
}

/** What became of one event that was asked for. */
export type Creation = { kind: 'created'; id: string } | { kind: 'failed'; error: string };

/**
 * Asks for all of them in one call.
 *
 * @param accessToken of the streamer, whose own channel is then meant; null asks as the application
 * @throws PlatformRefused, PlatformUnreachable
 */
export async function createSubscriptions(
  api: KickApi,
  accessToken: string | null,
  broadcasterId: string,
  events: readonly EventName[],
): Promise<ReadonlyMap<EventName, Creation>> {
  const body = {
    broadcaster_user_id: Number(broadcasterId),
    method: METHOD,
    events: events.map((name) => ({ name, version: VERSION })),
  };
  const call = { method: 'POST', path: PATH, body } as const;
  const answer = await (accessToken === null ? api.asApp(call) : api.asUser(accessToken, call));
  const parsed = createAnswer.safeParse(answer);
  if (!parsed.success) throw new PlatformRefused('Kick returned a subscription in an unknown format');
  return new Map(
    events.map((name): [EventName, Creation] => {
      const entry = parsed.data.data.find((one) => one.name === name);
      const id = entry?.subscription_id;
      if (id && !entry.error) return [name, { kind: 'created', id }];
      return [name, { kind: 'failed', error: entry?.error || 'not_answered' }];
    }),
  );
}

/**
 * Deletes with the application's token, which works without the streamer's grant
 * (docs/platforms/kick.md#delete-subscriptions). A subscription that does not exist any more is no error.
 */
export async function deleteSubscriptions(api: KickApi, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += DELETED_AT_ONCE) {
    const query = new URLSearchParams();
    for (const id of ids.slice(start, start + DELETED_AT_ONCE)) query.append('id', id);
    try {
      await api.asApp({ method: 'DELETE', path: `${PATH}?${query}` });
    } catch (error) {
      if (!(error instanceof PlatformRefused && error.status === 404)) throw error;
    }
  }
}

export function isOurs(event: string): event is EventName {
  return (EVENTS as readonly string[]).includes(event);
}
