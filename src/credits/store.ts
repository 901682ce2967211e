/** Writes chatters and donors into rolls: one statement where the rolls live, a transaction only where one begins. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId } from '../lib/brand.ts';
import { type NewRoll, onlineLifeMs, startRolls } from './boundary.ts';

/** A chatter as the relay reports them; `userId` is a MemAlerts user or `<provider>:<platform user>`. */
export interface Chatter {
  readonly channelSlug: string;
  readonly userId: string;
  readonly displayName: string;
  readonly avatarUrl: string | null;
}

export interface Donor {
  readonly channelSlug: string;
  readonly name: string;
  readonly amount: number;
  readonly currency: string;
  readonly avatarUrl: string | null;
}

/** A chatter whom the rules of the channel let in. */
export interface KeptChatter extends NewRoll {
  /** Channel and person, one text for each row. */
  readonly key: string;
  readonly chatter: Chatter;
}

/** A roll in which somebody was seen this recently is not written to again. */
const TOUCHED_FOR_MS = 60_000;

/**
 * Chat never changes whether a roll is online: a viewer chatting in a break must not end the chance to resume it. A
 * roll that lives is not waited for: chatters of one channel wait for each other only when they are the same people.
 *
 * @param signal what was not begun when it aborts is left
 */
export async function storeChatters(
  db: Db,
  kept: readonly KeptChatter[],
  now: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  // One row per person and statement, in one order everywhere: two batches must neither collide nor deadlock.
  const unique = new Map(kept.map((entry) => [entry.key, entry]));
  const rows = [...unique.keys()].sort().flatMap((key) => unique.get(key) ?? []);
  const rolls = new Map(rows.map(({ channelId, windowMinutes }) => [channelId, { channelId, windowMinutes }]));
  await storeInRolls(db, [...rolls.values()], now, signal, (place, channels) => {
    const those = channels.length === rolls.size ? rows : rows.filter(isOf(channels));
    return sql`
      insert into "CreditsChatter" ("channelId", "userId", "displayName", "avatarUrl")
      select channel, person, name, avatar from unnest(
        ${those.map(({ channelId }) => channelId)}::text[], ${those.map(({ chatter }) => chatter.userId)}::text[],
        ${those.map(({ chatter }) => chatter.displayName)}::text[],
        ${those.map(({ chatter }) => chatter.avatarUrl)}::text[]
      ) with ordinality as given (channel, person, name, avatar, place)
      where channel in (select "channelId" from ${place}) order by place
      on conflict ("channelId", "userId") do update set "displayName" = excluded."displayName",
        "avatarUrl" = coalesce(excluded."avatarUrl", "CreditsChatter"."avatarUrl")
      where "CreditsChatter"."displayName" <> excluded."displayName"
        or coalesce(excluded."avatarUrl", "CreditsChatter"."avatarUrl") is distinct from "CreditsChatter"."avatarUrl"
      returning "channelId"`;
  });
}

export async function storeDonor(
  db: Db,
  roll: NewRoll,
  donor: Donor,
  now: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { name, amount, currency, avatarUrl } = donor;
  await storeInRolls(
    db,
    [roll],
    now,
    signal,
    (place) => sql`
      insert into "CreditsDonor" ("channelId", "nameKey", name, amount, currency, "avatarUrl")
      select "channelId", ${name.toLowerCase()}, ${name}, ${amount}::float8, ${currency}, ${avatarUrl} from ${place}
      on conflict ("channelId", "nameKey") do update set
        name = excluded.name, amount = excluded.amount, currency = excluded.currency,
        "avatarUrl" = coalesce(excluded."avatarUrl", "CreditsDonor"."avatarUrl")
      returning "channelId"`,
  );
}

/** @param place the rolls that may be written to. @returns an insert that returns the channels it changed */
type Insert = (place: RawBuilder<unknown>, channels: readonly NewRoll[]) => RawBuilder<unknown>;

async function storeInRolls(
  db: Db,
  rolls: readonly NewRoll[],
  now: Date,
  signal: AbortSignal | undefined,
  insert: Insert,
): Promise<void> {
  const living = await storeInLiving(db, rolls, now, insert);
  const others = rolls.filter(({ channelId }) => !living.has(channelId));
  if (others.length === 0) return;
  signal?.throwIfAborted();
  await db.transaction().execute(async (tx) => {
    const present = await lockChannels(tx, others);
    // Whoever held a lock before may have begun the roll, and credited people in it.
    const begun = await lockRolls(tx, present, now);
    const missing = present.filter(({ channelId }) => !begun.has(channelId));
    if (missing.length > 0) await startRolls(tx, missing, now);
    await storeInLiving(tx, present, now, insert);
  });
}

/** @returns the channels whose rolls live; nothing was stored for the others */
async function storeInLiving(
  db: Db,
  rolls: readonly NewRoll[],
  now: Date,
  insert: Insert,
): Promise<ReadonlySet<ChannelId>> {
  const channelIds = rolls.map(({ channelId }) => channelId);
  const ends = rolls.map(({ windowMinutes }) => new Date(now.getTime() + onlineLifeMs(windowMinutes)));
  // A roll stays until everybody is in it; nothing else guards that (0026-chatters-without-a-foreign-key.sql). Of two
  // batches that would prolong one roll, one does: neither waits for the other, so they cannot deadlock.
  const { rows } = await sql<{ living: ChannelId[] }>`
    with living as materialized (
      select "channelId" from "CreditsRoll" where "channelId" = any(${channelIds}::text[]) and "expiresAt" > ${now}
      for key share
    ),
    due as materialized (
      select "channelId" from "CreditsRoll"
      where "channelId" = any(${channelIds}::text[]) and "expiresAt" > ${now}
        and "lastSeenAt" < ${new Date(now.getTime() - TOUCHED_FOR_MS)}
      for no key update skip locked
    ),
    touched as (
      update "CreditsRoll" roll set "lastSeenAt" = ${now},
        "expiresAt" = case roll.status when 'online' then life.ends else roll."expiresAt" end
      from unnest(${channelIds}::text[], ${ends}::timestamp[]) as life (channel, ends)
      where roll."channelId" = life.channel and roll."channelId" in (select "channelId" from due)
    ),
    stored as (${insert(sql`living`, rolls)})
    select array(select "channelId" from living) as living,
      memalerts_hint('credits', '*', array(select distinct "channelId" from stored))
  `.execute(db);
  return new Set(rows[0]?.living);
}

/** The locks that a roll needs before it begins anew, in one order. @returns the rolls that live */
export async function lockRolls(
  tx: Transaction<Database>,
  rolls: readonly Pick<NewRoll, 'channelId'>[],
  now: Date,
): Promise<ReadonlySet<ChannelId>> {
  const { rows } = await sql<{ channelId: ChannelId; isLiving: boolean }>`
    select "channelId", "expiresAt" > ${now} as "isLiving" from "CreditsRoll"
    where "channelId" = any(${rolls.map(({ channelId }) => channelId)}::text[])
    order by "channelId" collate "C" for no key update
  `.execute(tx);
  return new Set(rows.flatMap(({ channelId, isLiving }) => (isLiving ? [channelId] : [])));
}

/**
 * The locks that a stream's boundary takes too: one at a time decides whether a roll begins. Always in the same order.
 *
 * @returns those whose channel still exists
 */
export async function lockChannels<T extends Pick<NewRoll, 'channelId'>>(
  tx: Transaction<Database>,
  rolls: readonly T[],
): Promise<T[]> {
  const { rows } = await sql<{ id: ChannelId }>`
    select id from "Channel" where id = any(${rolls.map(({ channelId }) => channelId)}::text[])
    order by id collate "C" for no key update
  `.execute(tx);
  const present = new Set(rows.map(({ id }) => id));
  return rolls.filter(({ channelId }) => present.has(channelId));
}

function isOf(channels: readonly NewRoll[]): (roll: NewRoll) => boolean {
  const ids = new Set(channels.map(({ channelId }) => channelId));
  return ({ channelId }) => ids.has(channelId);
}
