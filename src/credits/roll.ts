/** The credits roll of each channel: who chatted and who donated, in order of first appearance (http-api §10.4). */
import { sql, type Transaction } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { onlineLifeMs, startRoll } from './boundary.ts';
import { createRulesCache } from './rules.ts';

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

export interface RollState {
  readonly chatters: readonly { name: string; avatarUrl: string | null }[];
  readonly donors: readonly { name: string; amount: number; currency: string; avatarUrl: string | null }[];
}

export interface CreditsRoll {
  /** @returns how many of the events were kept: ignored people and unknown channels are not */
  addChatters(events: readonly Chatter[]): Promise<number>;
  /** @returns false for an unknown channel */
  addDonor(donor: Donor): Promise<boolean>;
  read(channelId: ChannelId): Promise<RollState>;
  /** Starts a new, empty roll. */
  reset(channelId: ChannelId): Promise<void>;
  /** After the ignore list or the senders of a channel changed; null: of any. */
  forgetRules(channelId: ChannelId | null): void;
  /** After a roll may have begun: whoever chats again belongs into it; null: any roll. */
  forgetSeen(channelId: ChannelId | null): void;
  /** After a style or an address changed: overlays of every copy look again. */
  announce(channelId: ChannelId): Promise<void>;
}

const SHOWN_CHATTERS = 500;
const SHOWN_DONORS = 200;
/** A chatter stored this recently with the same name needs no second write. */
const SEEN_TTL_MS = 60_000;
const SEEN_MAX = 200_000;

interface KeptChatter {
  readonly channelId: ChannelId;
  readonly windowMinutes: number;
  readonly chatter: Chatter;
}

export function createCreditsRoll(db: Db, clock: Clock, platforms: readonly PlatformDescription[]): CreditsRoll {
  const rules = createRulesCache(db, platforms);
  const seen = new LRUCache<string, string>({ max: SEEN_MAX, ttl: SEEN_TTL_MS });
  /** Part of every key of a channel: a higher one makes all of them unknown. */
  const generations = new Map<ChannelId, number>();
  const rowKey = ({ channelId, chatter }: KeptChatter) =>
    `${generations.get(channelId) ?? 0}|${keyOf(channelId, chatter)}`;

  const keep = async (events: readonly Chatter[]): Promise<KeptChatter[]> => {
    const found = await rules.bySlug([...new Set(events.map((event) => event.channelSlug))]);
    return events.flatMap((chatter) => {
      const channel = found.get(chatter.channelSlug);
      if (channel === undefined || channel.ignores(chatter)) return [];
      return [{ channelId: channel.channelId, windowMinutes: channel.windowMinutes, chatter }];
    });
  };

  return {
    async addChatters(events) {
      const kept = await keep(events);
      const news = kept
        .map((entry) => ({ entry, key: rowKey(entry) }))
        .filter(({ entry, key }) => seen.get(key) !== seenAs(entry.chatter));
      const entries = news.map(({ entry }) => entry);
      if (news.length > 0) await storeChatters(db, entries, clock.now());
      for (const { entry, key } of news) seen.set(key, seenAs(entry.chatter));
      return kept.length;
    },

    async addDonor(donor) {
      const channel = (await rules.bySlug([donor.channelSlug])).get(donor.channelSlug);
      if (channel === undefined) return false;
      await storeDonor(db, channel.channelId, channel.windowMinutes, donor, clock.now());
      return true;
    },

    read: (channelId) => readRoll(db, channelId, clock.now()),

    async reset(channelId) {
      const now = clock.now();
      await db.transaction().execute(async (tx) => {
        await lockChannel(tx, channelId);
        await startRoll(tx, channelId, await readWindow(tx, channelId), now);
        await hint(tx, 'roll', channelId);
      });
      forgetSeen(channelId);
    },

    forgetRules: (channelId) => rules.forget(channelId),
    forgetSeen,
    announce: (channelId) => hint(db, 'credits', channelId),
  };

  function forgetSeen(channelId: ChannelId | null): void {
    if (channelId === null) seen.clear();
    else generations.set(channelId, (generations.get(channelId) ?? 0) + 1);
  }
}

async function storeChatters(db: Db, kept: readonly KeptChatter[], now: Date): Promise<void> {
  // One row per person and statement, in one order everywhere: two batches must neither collide nor deadlock.
  const rows = [...new Map(kept.map((entry) => [keyOf(entry.channelId, entry.chatter), entry])).values()];
  const windows = new Map(rows.map(({ channelId, windowMinutes }) => [channelId, windowMinutes]));
  const channels = [...windows.keys()].sort();
  await db.transaction().execute(async (tx) => {
    for (const channelId of channels) await touchRoll(tx, channelId, windows.get(channelId) ?? 60, now);
    rows.sort((a, b) => (keyOf(a.channelId, a.chatter) < keyOf(b.channelId, b.chatter) ? -1 : 1));
    await sql`
      insert into "CreditsChatter" ("channelId", "userId", "displayName", "avatarUrl")
      select * from unnest(
        ${rows.map((row) => row.channelId)}::text[], ${rows.map((row) => row.chatter.userId)}::text[],
        ${rows.map((row) => row.chatter.displayName)}::text[], ${rows.map((row) => row.chatter.avatarUrl)}::text[])
      on conflict ("channelId", "userId") do update set
        "displayName" = excluded."displayName",
        "avatarUrl" = coalesce(excluded."avatarUrl", "CreditsChatter"."avatarUrl")
    `.execute(tx);
    for (const channelId of channels) await hint(tx, 'credits', channelId);
  });
}

async function storeDonor(db: Db, channelId: ChannelId, windowMinutes: number, donor: Donor, now: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await touchRoll(tx, channelId, windowMinutes, now);
    await sql`
      insert into "CreditsDonor" ("channelId", "nameKey", name, amount, currency, "avatarUrl")
      values (${channelId}, ${donor.name.toLowerCase()}, ${donor.name}, ${donor.amount}, ${donor.currency},
        ${donor.avatarUrl})
      on conflict ("channelId", "nameKey") do update set
        name = excluded.name, amount = excluded.amount, currency = excluded.currency,
        "avatarUrl" = coalesce(excluded."avatarUrl", "CreditsDonor"."avatarUrl")
    `.execute(tx);
    await hint(tx, 'credits', channelId);
  });
}

/**
 * Makes sure a roll is there and lives on. Chat never changes whether a roll is online: a viewer chatting in a break
 * must not end the chance to resume it. A roll that lives is not locked: chatters of one channel wait for each other
 * only when they are the same people.
 */
async function touchRoll(
  tx: Transaction<Database>,
  channelId: ChannelId,
  windowMinutes: number,
  now: Date,
): Promise<void> {
  if (!(await lives(tx, channelId, now))) {
    await lockChannel(tx, channelId);
    // Whoever held the lock before may have begun the roll, and credited people in it.
    if (!(await lives(tx, channelId, now))) return startRoll(tx, channelId, windowMinutes, now);
  }
  const expiresAt = new Date(now.getTime() + onlineLifeMs(windowMinutes));
  await sql`
    update "CreditsRoll" set "lastSeenAt" = ${now},
      "expiresAt" = case status when 'online' then ${expiresAt} else "expiresAt" end
    where "channelId" = ${channelId} and "lastSeenAt" < ${new Date(now.getTime() - SEEN_TTL_MS)}
  `.execute(tx);
}

async function lives(tx: Transaction<Database>, channelId: ChannelId, now: Date): Promise<boolean> {
  const { rows } = await sql`
    select from "CreditsRoll" where "channelId" = ${channelId} and "expiresAt" > ${now}
  `.execute(tx);
  return rows.length > 0;
}

/** The lock that a stream's boundary takes too: one at a time decides whether a roll begins. */
async function lockChannel(tx: Transaction<Database>, channelId: ChannelId): Promise<void> {
  await sql`select from "Channel" where id = ${channelId} for no key update`.execute(tx);
}

async function readRoll(db: Db, channelId: ChannelId, now: Date): Promise<RollState> {
  const [chatters, donors] = await Promise.all([
    sql<RollState['chatters'][number]>`
      select c."displayName" as name, c."avatarUrl" from "CreditsChatter" c
      join "CreditsRoll" r on r."channelId" = c."channelId" and r."expiresAt" > ${now}
      where c."channelId" = ${channelId} order by c.seq limit ${SHOWN_CHATTERS}
    `.execute(db),
    sql<RollState['donors'][number]>`
      select d.name, d.amount, d.currency, d."avatarUrl" from "CreditsDonor" d
      join "CreditsRoll" r on r."channelId" = d."channelId" and r."expiresAt" > ${now}
      where d."channelId" = ${channelId} order by d.seq limit ${SHOWN_DONORS}
    `.execute(db),
  ]);
  return { chatters: chatters.rows, donors: donors.rows };
}

async function readWindow(tx: Transaction<Database>, channelId: ChannelId): Promise<number> {
  const row = await tx
    .selectFrom('Channel')
    .select('creditsReconnectWindowMinutes')
    .where('id', '=', channelId)
    .executeTakeFirst();
  return row?.creditsReconnectWindowMinutes ?? 60;
}

/** Every API copy learns of the change; `memalerts` is the channel of all hints. */
async function hint(db: Db, kind: 'credits' | 'roll', channelId: ChannelId): Promise<void> {
  await sql`select pg_notify('memalerts', ${`${kind}:*:${channelId}`})`.execute(db);
}

function keyOf(channelId: ChannelId, chatter: Chatter): string {
  return `${channelId}|${chatter.userId}`;
}

function seenAs(chatter: Chatter): string {
  return `${chatter.displayName}|${chatter.avatarUrl}`;
}
