/** How each event subscription stood when it was last looked at: told to streamers, and remembered over restarts. */
import { sql } from 'kysely';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { EventName } from './remote.ts';

export interface Standing {
  readonly status: 'active' | 'failed';
  /** Our code, or Kick's own words, for what went wrong. */
  readonly reason: string | null;
  readonly remoteId: string | null;
}

export interface KnownStanding extends Standing {
  readonly updatedAt: Date;
}

/** Writes only what changed: the time of a row is when that became so. */
export async function recordStandings(
  db: Db,
  channelId: ChannelId,
  standings: ReadonlyMap<EventName, Standing>,
): Promise<void> {
  const entries = [...standings];
  if (entries.length === 0) return;
  await sql`
    insert into "PlatformEventSubscription" as known (provider, "channelId", type, status, reason, "remoteId")
    select 'kick', ${channelId}, s.* from unnest(
      ${entries.map(([name]) => name)}::text[], ${entries.map(([, { status }]) => status)}::text[],
      ${entries.map(([, { reason }]) => reason)}::text[], ${entries.map(([, { remoteId }]) => remoteId)}::text[]) s
    where exists (select from "Channel" where id = ${channelId})
    on conflict (provider, "channelId", type) do update
    set status = excluded.status, reason = excluded.reason, "remoteId" = excluded."remoteId"
    where (known.status, known.reason, known."remoteId")
      is distinct from (excluded.status, excluded.reason, excluded."remoteId")
  `.execute(db);
}

/**
 * Of processes that created one event at the same moment the first to say so keeps its own.
 *
 * @param replacedId the one that stood when it was created; another that stands now was created by somebody else
 * @returns the id that stands
 */
export async function recordCreated(
  db: Db,
  channelId: ChannelId,
  event: EventName,
  remoteId: string,
  replacedId: string | null,
): Promise<string> {
  const recorded = await sql`
    insert into "PlatformEventSubscription" as known (provider, "channelId", type, status, reason, "remoteId")
    select 'kick', ${channelId}, ${event}, 'active', null, ${remoteId}
    where exists (select from "Channel" where id = ${channelId})
    on conflict (provider, "channelId", type) do update
    set status = excluded.status, reason = excluded.reason, "remoteId" = excluded."remoteId"
    where known.status <> 'active' or known."remoteId" is not distinct from ${replacedId}
  `.execute(db);
  if (recorded.numAffectedRows === 1n) return remoteId;
  return (await readStandings(db, channelId)).get(event)?.remoteId ?? remoteId;
}

export async function readStandings(db: Db, channelId: ChannelId): Promise<ReadonlyMap<string, KnownStanding>> {
  const rows = await db
    .selectFrom('PlatformEventSubscription')
    .select(['type', 'status', 'reason', 'remoteId', 'updatedAt'])
    .where('provider', '=', 'kick')
    .where('channelId', '=', channelId)
    .execute();
  return new Map(
    rows.map(({ type, status, ...row }) => [type, { ...row, status: status === 'active' ? 'active' : 'failed' }]),
  );
}

export async function forgetStandings(db: Db, channelId: ChannelId): Promise<void> {
  await db
    .deleteFrom('PlatformEventSubscription')
    .where('provider', '=', 'kick')
    .where('channelId', '=', channelId)
    .execute();
}

/** Channels that are known to be subscribed at Kick though their bot is off. */
export async function readLeftBehind(db: Db): Promise<{ channelId: ChannelId; broadcasterId: string }[]> {
  const { rows } = await sql<{ channelId: ChannelId; broadcasterId: string }>`
    select distinct known."channelId", trim(s."kickChannelId") as "broadcasterId"
    from "PlatformEventSubscription" known
    join "KickChatBotSubscription" s on s."channelId" = known."channelId"
    where known.provider = 'kick' and not (${isOn})
  `.execute(db);
  return rows;
}

/** Which of these streamers no bot is switched on for. */
export async function readUnserved(db: Db, broadcasterIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select asked.id from unnest(${sql.val(broadcasterIds)}::text[]) asked (id)
    where not exists (select from "KickChatBotSubscription" s where trim(s."kickChannelId") = asked.id and ${isOn})
  `.execute(db);
  return new Set(rows.map(({ id }) => id));
}

const isOn = sql`
  s.enabled and not exists (
    select from "BotIntegrationSettings" gate
    where gate."channelId" = s."channelId" and gate.provider = 'kick' and not gate.enabled)
`;
