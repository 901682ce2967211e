/** How each event subscription stood when it was last looked at, kept so that a streamer can be told. */
import { sql } from 'kysely';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { RemoteSubscription } from './eventsub.external.ts';
import type { EventType } from './remote.ts';

export interface Standing {
  readonly status: 'active' | 'pending' | 'failed';
  /** Our code for what went wrong; of a pending one, for why the one before it failed. */
  readonly reason: string | null;
  readonly remoteId: string | null;
}

/** @returns null for a subscription that Twitch gave up: it has to be made anew */
export function standingOf({ id, status }: RemoteSubscription): Standing | null {
  if (status === 'enabled') return { status: 'active', reason: null, remoteId: id };
  if (status === 'webhook_callback_verification_pending') return { status: 'pending', reason: null, remoteId: id };
  return null;
}

/** Writes only what changed. A challenge answered meanwhile, or an id learned before, is more than `pending` knows. */
export async function recordStanding(db: Db, channelId: ChannelId, type: EventType, standing: Standing): Promise<void> {
  const { status, reason, remoteId } = standing;
  await sql`
    insert into "PlatformEventSubscription" as known (provider, "channelId", type, status, reason, "remoteId")
    values ('twitch', ${channelId}, ${type}, ${status}, ${reason}, ${remoteId})
    on conflict (provider, "channelId", type) do update
    set status = excluded.status, reason = excluded.reason, "remoteId" = excluded."remoteId"
    where (known.status, known.reason, known."remoteId")
        is distinct from (excluded.status, excluded.reason, excluded."remoteId")
      and not (excluded.status = 'pending' and known.status <> 'failed'
        and coalesce(excluded."remoteId", known."remoteId") is not distinct from known."remoteId")
  `.execute(db);
}

export async function readStanding(db: Db, channelId: ChannelId, type: EventType): Promise<Standing | null> {
  const row = await db
    .selectFrom('PlatformEventSubscription')
    .select(['status', 'reason', 'remoteId'])
    .where('provider', '=', 'twitch')
    .where('channelId', '=', channelId)
    .where('type', '=', type)
    .executeTakeFirst();
  if (row === undefined) return null;
  const status = row.status === 'active' || row.status === 'pending' ? row.status : 'failed';
  return { status, reason: row.reason, remoteId: row.remoteId };
}

export async function forgetStanding(db: Db, channelId: ChannelId, type: EventType): Promise<void> {
  await db
    .deleteFrom('PlatformEventSubscription')
    .where('provider', '=', 'twitch')
    .where('channelId', '=', channelId)
    .where('type', '=', type)
    .execute();
}
