/** The credits roll of each channel: who chatted and who donated, in order of first appearance (docs/contract/http-api.md#credits-roll-state). */
import { sql, type Transaction } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import { Turnstile } from '../lib/turnstile.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { startRolls } from './boundary.ts';
import { createRulesCache } from './rules.ts';
import {
  type Chatter,
  type Donor,
  type KeptChatter,
  lockChannels,
  lockRolls,
  storeChatters,
  storeDonor,
} from './store.ts';

export type { Chatter } from './store.ts';

export interface RollState {
  readonly chatters: readonly {
    name: string;
    avatarUrl: string | null;
    /** Where they chat; of a person with several linked accounts, where the first one is. Null: nobody knows any more. */
    provider: string | null;
  }[];
  readonly donors: readonly { name: string; amount: number; currency: string; avatarUrl: string | null }[];
}

/** Others were being stored until the wait was over, or the sender gave up: part of it may be stored, try again. */
export type Busy = 'busy';

export interface CreditsRoll {
  /**
   * @param sender aborts when nobody waits for the answer any more
   * @returns how many of the events were kept: ignored people and unknown channels are not
   */
  addChatters(events: readonly Chatter[], sender?: AbortSignal): Promise<number | Busy>;
  /** @returns false for an unknown channel */
  addDonor(donor: Donor, sender?: AbortSignal): Promise<boolean | Busy>;
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

/** However many senders there are and however slow the database is, everybody else finds connections in the pool. */
const BATCHES_AT_ONCE = 2;
/** Equals the time that a worker waits for an answer. */
const WAIT_MS = 2000;

export function createCreditsRoll(db: Db, clock: Clock, platforms: readonly PlatformDescription[]): CreditsRoll {
  const rules = createRulesCache(db, platforms);
  const seen = new LRUCache<string, string>({ max: SEEN_MAX, ttl: SEEN_TTL_MS });
  /** Part of what is remembered of a channel's chatters: a higher one makes all of them unknown. */
  const generations = new Map<ChannelId, number>();
  /** The same for all channels: somebody may be on the way into a roll that is not the present one any more. */
  let generation = 0;
  const seenAs = ({ channelId, chatter: { displayName, avatarUrl } }: KeptChatter) =>
    `${generation}|${generations.get(channelId) ?? 0}|${displayName}|${avatarUrl}`;

  const keep = async (events: readonly Chatter[]): Promise<KeptChatter[]> => {
    const found = await rules.bySlug([...new Set(events.map((event) => event.channelSlug))]);
    return events.flatMap((chatter) => {
      const channel = found.get(chatter.channelSlug);
      if (channel === undefined || channel.ignores(chatter)) return [];
      const { channelId, windowMinutes } = channel;
      return [{ key: `${channelId}|${chatter.userId}`, channelId, windowMinutes, chatter }];
    });
  };

  const turnstile = new Turnstile(BATCHES_AT_ONCE);
  const inTurn = async <T>(work: () => Promise<T>, sender: AbortSignal | undefined): Promise<T | Busy> => {
    const giveUp = new AbortController();
    const leave = () => giveUp.abort();
    const timer = clock.setTimer(WAIT_MS, leave, { unref: true });
    if (sender?.aborted) leave();
    sender?.addEventListener('abort', leave, { once: true });
    try {
      const result = await turnstile.run(() => {
        timer.cancel();
        return work();
      }, giveUp.signal);
      return result ?? 'busy';
    } catch (error) {
      if (sender?.aborted) return 'busy';
      throw error;
    } finally {
      timer.cancel();
      sender?.removeEventListener('abort', leave);
    }
  };

  return {
    addChatters: (events, sender) =>
      inTurn(async () => {
        const kept = await keep(events);
        sender?.throwIfAborted();
        // As of now: a roll may begin while they are being stored.
        const news = kept
          .map((entry) => ({ entry, as: seenAs(entry) }))
          .filter(({ entry: { key }, as }) => seen.get(key) !== as);
        const entries = news.map(({ entry }) => entry);
        if (news.length > 0) await storeChatters(db, entries, clock.now(), sender);
        for (const { entry, as } of news) seen.set(entry.key, as);
        return kept.length;
      }, sender),

    addDonor: (donor, sender) =>
      inTurn(async () => {
        const channel = (await rules.bySlug([donor.channelSlug])).get(donor.channelSlug);
        if (channel === undefined) return false;
        sender?.throwIfAborted();
        await storeDonor(db, channel, donor, clock.now(), sender);
        return true;
      }, sender),

    read: (channelId) => readRoll(db, channelId, clock.now()),

    async reset(channelId) {
      const now = clock.now();
      await db.transaction().execute(async (tx) => {
        await lockChannels(tx, [{ channelId }]);
        await lockRolls(tx, [{ channelId }], now);
        await startRolls(tx, [{ channelId, windowMinutes: await readWindow(tx, channelId) }], now);
        await hint(tx, 'roll', channelId);
      });
      forgetSeen(channelId);
    },

    forgetRules: (channelId) => rules.forget(channelId),
    forgetSeen,
    announce: (channelId) => hint(db, 'credits', channelId),
  };

  function forgetSeen(channelId: ChannelId | null): void {
    if (channelId === null) {
      generation += 1;
      seen.clear();
    } else generations.set(channelId, (generations.get(channelId) ?? 0) + 1);
  }
}

async function readRoll(db: Db, channelId: ChannelId, now: Date): Promise<RollState> {
  const [chatters, donors] = await Promise.all([
    sql<RollState['chatters'][number]>`
      select c."displayName" as name, c."avatarUrl",
        coalesce(substring(c."userId" from '^([a-z]+):'), (
          select a.provider::text from "ExternalAccount" a
          where a."userId" = c."userId" and a."linkedAs" is distinct from 'bot_link' order by a."createdAt" limit 1
        )) as provider
      from "CreditsChatter" c
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
