/** Where a credits roll begins, rests and resumes: only the stream's boundaries decide (docs/contract/http-api.md#credits-roll-state). */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { ChannelId } from '../lib/brand.ts';

/** The channel went live on its first platform, or off on its last. */
export interface LiveBoundary {
  readonly channelId: ChannelId;
  readonly isLive: boolean;
  /** When that happened. */
  readonly at: Date;
  /** When we learned of it: a stream found hours after its start gets a roll that begins now. */
  readonly now: Date;
}

interface Roll {
  readonly status: string;
  readonly offlineAt: Date | null;
  readonly expiresAt: Date;
}

const MINUTE_MS = 60_000;
const SHORTEST_ONLINE_LIFE_MS = 6 * 60 * MINUTE_MS;

/** Idempotent: a repeated boundary changes nothing, so a re-delivered event cannot wipe a roll. */
export async function applyLiveBoundary(tx: Transaction<Database>, boundary: LiveBoundary): Promise<void> {
  const { channelId, isLive, at } = boundary;
  const settings = await sql<{ windowMinutes: number }>`
    select least(greatest("creditsReconnectWindowMinutes", 1), 1440) as "windowMinutes"
    from "Channel" where id = ${channelId} for no key update
  `.execute(tx);
  const windowMinutes = settings.rows[0]?.windowMinutes;
  if (windowMinutes === undefined) return;
  const rolls = await sql<Roll>`
    select status, "offlineAt", "expiresAt" from "CreditsRoll" where "channelId" = ${channelId} for no key update
  `.execute(tx);
  const roll = rolls.rows[0];
  if (isLive) await goOnline(tx, boundary, roll, windowMinutes);
  else if (roll?.status === 'online') await goOffline(tx, channelId, windowMinutes, at);
}

/** A roll to be begun, with the window its channel's streams may resume within. */
export interface NewRoll {
  readonly channelId: ChannelId;
  readonly windowMinutes: number;
}

/**
 * Replaces whatever rolls these channels had by empty ones that are online. The caller has locked the channels, and then
 * their rolls in a statement of its own.
 *
 * Batches of chatters write to a living roll without the lock of its channel. Against a deadlock with one of them the
 * rolls are locked before anybody in them, and people in the order in which batches come to them. Rolls are locked no
 * more than needed: a new chatter refers to its roll, and may be waited for here.
 */
export async function startRolls(tx: Transaction<Database>, rolls: readonly NewRoll[], now: Date): Promise<void> {
  const channelIds = rolls.map(({ channelId }) => channelId);
  const ends = rolls.map(({ windowMinutes }) => new Date(now.getTime() + onlineLifeMs(windowMinutes)));
  // The hint is for overlays that show the former roll, at whatever copy of the API.
  await sql`
    with former as materialized (
      select "channelId", "userId" from "CreditsChatter" where "channelId" = any(${channelIds}::text[])
      order by "channelId" || '|' || "userId" collate "C" for update
    ),
    former_chatters as (
      delete from "CreditsChatter" c using former where c."channelId" = former."channelId" and c."userId" = former."userId"
    ),
    former_donors as (delete from "CreditsDonor" where "channelId" = any(${channelIds}::text[])),
    begun as (
      insert into "CreditsRoll" ("channelId", status, "startedAt", "lastSeenAt", "offlineAt", "expiresAt")
      select channel, 'online', ${now}::timestamp, ${now}::timestamp, null, ends
      from unnest(${channelIds}::text[], ${ends}::timestamp[]) as new_roll (channel, ends)
      on conflict ("channelId") do update set status = 'online', "startedAt" = excluded."startedAt",
        "lastSeenAt" = excluded."lastSeenAt", "offlineAt" = null, "expiresAt" = excluded."expiresAt"
    )
    select memalerts_hint('credits', '*', ${channelIds}::text[])
  `.execute(tx);
}

/** How long an online roll is kept after its last chatter. */
export function onlineLifeMs(windowMinutes: number): number {
  return Math.max(SHORTEST_ONLINE_LIFE_MS, (windowMinutes + 120) * MINUTE_MS);
}

async function goOnline(
  tx: Transaction<Database>,
  { channelId, at, now }: LiveBoundary,
  roll: Roll | undefined,
  windowMinutes: number,
): Promise<void> {
  if (roll?.status === 'online' && roll.expiresAt > now) return;
  const gapMs = roll?.offlineAt ? at.getTime() - roll.offlineAt.getTime() : Number.POSITIVE_INFINITY;
  if (gapMs > windowMinutes * MINUTE_MS) return startRolls(tx, [{ channelId, windowMinutes }], now);
  await sql`
    update "CreditsRoll" set status = 'online', "offlineAt" = null, "lastSeenAt" = ${now},
      "expiresAt" = ${new Date(now.getTime() + onlineLifeMs(windowMinutes))}
    where "channelId" = ${channelId}
  `.execute(tx);
}

async function goOffline(
  tx: Transaction<Database>,
  channelId: ChannelId,
  windowMinutes: number,
  at: Date,
): Promise<void> {
  await sql`
    update "CreditsRoll" set status = 'offline', "offlineAt" = ${at},
      "expiresAt" = ${new Date(at.getTime() + (windowMinutes + 5) * MINUTE_MS)}
    where "channelId" = ${channelId}
  `.execute(tx);
}
