/** Which of the desired channels this copy of the worker serves: leases in the database, spread evenly (docs/design.md#processes). */
import type pg from 'pg';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { isAliveSql } from '../worker/alive.ts';

export interface LeaseResult {
  /** Start numbers of the copies that lived at that moment, ascending, with commas between. */
  readonly among: string;
  readonly held: ReadonlySet<ChannelId>;
  /** Channels that were ours and are no longer desired. */
  readonly forgotten: readonly ChannelId[];
  /** Channels given back in this round. */
  readonly moved: number;
  /** Channels above our share that are still ours: they move in later rounds, a few at a time. */
  readonly surplus: number;
}

interface LeaseDeps {
  readonly pg: pg.Pool;
  readonly provider: ProviderId;
  readonly startNumber: number;
  /** Channels that may change hands in one round; joining costs the platform's patience. */
  readonly movesMax: number;
}

interface LeaseRow {
  /** Null in the only row of a copy that holds nothing. */
  readonly channelId: ChannelId | null;
  readonly share: number;
  readonly among: string;
}

/**
 * Takes what is free up to our share, gives back what is above it, forgets what is no longer desired. What another
 * living copy holds stays where it is.
 *
 * @param desired every channel that is to be served by some copy
 */
export function balanceLeases(deps: LeaseDeps, desired: readonly ChannelId[]): Promise<LeaseResult> {
  const { pg, provider, startNumber, movesMax } = deps;
  return inTransaction(pg, async (client) => {
    // Two copies that balance at once would each see the other's channels as they were.
    await client.query("select pg_advisory_xact_lock(hashtext('memalerts lease ' || $1))", [provider]);
    const forgotten = await forget(client, provider, startNumber, desired);
    const { rows } = await client.query<LeaseRow>(TAKE, [provider, startNumber, desired]);
    const ours = rows.flatMap(({ channelId }) => channelId ?? []);
    const surplus = Math.max(0, ours.length - (rows[0]?.share ?? 0));
    const moved = ours.slice(ours.length - Math.min(surplus, movesMax));
    if (moved.length > 0) await client.query(GIVE_BACK, [provider, startNumber, moved]);
    const held = new Set(ours);
    for (const channelId of moved) held.delete(channelId);
    return {
      among: rows[0]?.among ?? '',
      held,
      forgotten,
      moved: moved.length,
      surplus: surplus - moved.length,
    };
  });
}

/** Everything this copy holds is free from now on. */
export function releaseLeases({ pg, provider, startNumber }: Omit<LeaseDeps, 'movesMax'>): Promise<void> {
  return inTransaction(pg, async (client) => void (await forget(client, provider, startNumber, [])));
}

/**
 * Gives back what is not desired. What was said about a channel ends with it: a bot that is off is not ill.
 *
 * @returns the channels given back
 */
async function forget(
  client: pg.PoolClient,
  provider: ProviderId,
  startNumber: number,
  desired: readonly ChannelId[],
): Promise<ChannelId[]> {
  const { rows } = await client.query<{ channelId: ChannelId }>(FORGET, [provider, startNumber, desired]);
  const channelIds = rows.map(({ channelId }) => channelId);
  // A statement of its own: the first may have waited for a row that our own writer was about to add.
  if (channelIds.length > 0) await client.query(FORGET_HEALTH, [provider, channelIds]);
  return channelIds;
}

async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    // A connection with an open transaction is thrown away: the server ends the transaction with it.
    client.release(failure);
  }
}

// Leases are locked in one order everywhere: whoever writes a channel's state holds its lease meanwhile.
const FORGET = `
  with going as (
    select "channelId" from "BotChannelLease"
    where provider = $1 and "startNumber" = $2 and "channelId" <> all($3::text[])
    order by "channelId" for update
  )
  delete from "BotChannelLease" lease using going
  where lease.provider = $1 and lease."channelId" = going."channelId"
  returning lease."channelId"`;

const FORGET_HEALTH = `delete from "BotChannelHealth" where provider = $1 and "channelId" = any($2::text[])`;

const GIVE_BACK = `
  with going as (
    select "channelId" from "BotChannelLease"
    where provider = $1 and "startNumber" = $2 and "channelId" = any($3::text[])
    order by "channelId" for update
  )
  delete from "BotChannelLease" lease using going
  where lease.provider = $1 and lease."channelId" = going."channelId"`;

// A lease whose worker is dead is free. Oldest leases of ours come first: the newest move when there are too many.
const TAKE = `
  with live as materialized (
    select w."startNumber" from "BotWorker" w
    where w.provider = $1 and (w."startNumber" = $2 or ${isAliveSql('w."startNumber"')})
  ), wanted as materialized (
    select c.id, wanted.place, lease."startNumber", lease."acquiredAt"
    from unnest($3::text[]) with ordinality as wanted (id, place)
    join "Channel" c on c.id = wanted.id
    left join "BotChannelLease" lease on lease.provider = $1 and lease."channelId" = wanted.id
  ), share as (
    select ceil((select count(*) from wanted)::numeric / greatest((select count(*) from live), 1))::int as size
  ), taken as (
    insert into "BotChannelLease" (provider, "channelId", "startNumber")
    select $1, free.id, $2 from (
      select id from wanted
      where "startNumber" is null or ("startNumber" <> $2 and "startNumber" not in (select "startNumber" from live))
      order by place
      limit greatest((select size from share) - (select count(*) from wanted where "startNumber" = $2), 0)
    ) free
    order by free.id
    on conflict (provider, "channelId") do update set
      "startNumber" = excluded."startNumber", "acquiredAt" = timezone('utc', now())
    returning "channelId"
  )
  select "channelId", share.size as share,
    (select string_agg("startNumber"::text, ',' order by "startNumber") from live) as among
  from share left join (
    select id as "channelId", 0 as is_new, "acquiredAt", place from wanted where "startNumber" = $2
    union all
    select taken."channelId", 1, null, wanted.place from taken join wanted on wanted.id = taken."channelId"
  ) ours on true
  order by is_new, "acquiredAt", place`;
