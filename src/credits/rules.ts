/** Which channel a slug names and whom its credits leave out, cached (docs/contract/http-api.md#ignore-rules). */
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Db } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { PlatformDescription } from '../platforms/platform.ts';

export interface ChannelRules {
  readonly channelId: ChannelId;
  readonly windowMinutes: number;
  /** One of the channel's own senders, or a name on its list. */
  ignores(chatter: { readonly userId: string; readonly displayName: string }): boolean;
}

export interface RulesCache {
  /** @param slugs lower-case; unknown ones are absent from the answer */
  bySlug(slugs: readonly string[]): Promise<ReadonlyMap<string, ChannelRules>>;
  /** Null: of every channel. */
  forget(channelId: ChannelId | null): void;
}

const TTL_MS = 60_000;
/** A channel that was just created is found soon. */
const UNKNOWN_TTL_MS = 5_000;
const MAX_CHANNELS = 50_000;

interface RulesRow {
  readonly id: ChannelId;
  readonly slug: string;
  readonly windowMinutes: number;
  readonly ignoredNames: unknown;
  /** `<provider>:<platform user>` of every account that speaks in the channel. */
  readonly senders: readonly string[];
}

export function createRulesCache(db: Db, platforms: readonly PlatformDescription[]): RulesCache {
  const cache = new LRUCache<string, { rules: ChannelRules | null }>({ max: MAX_CHANNELS, ttl: TTL_MS });
  return {
    async bySlug(slugs) {
      const unknown = slugs.filter((slug) => !cache.has(slug));
      if (unknown.length > 0) {
        const rows = new Map((await readRules(db, platforms, unknown)).map((row) => [row.slug, row]));
        for (const slug of unknown) {
          const row = rows.get(slug);
          if (row === undefined) cache.set(slug, { rules: null }, { ttl: UNKNOWN_TTL_MS });
          else cache.set(slug, { rules: toRules(row) });
        }
      }
      const found = slugs.flatMap((slug) => {
        const rules = cache.get(slug)?.rules;
        return rules ? [[slug, rules] as const] : [];
      });
      return new Map(found);
    },
    forget(channelId) {
      if (channelId === null) cache.clear();
      for (const [slug, { rules }] of cache.entries()) if (rules?.channelId === channelId) cache.delete(slug);
    },
  };
}

function toRules({ id, windowMinutes, ignoredNames, senders }: RulesRow): ChannelRules {
  const names = new Set(
    Array.isArray(ignoredNames) ? ignoredNames.map((name) => String(name).trim().toLowerCase()) : [],
  );
  const own = new Set(senders);
  return {
    channelId: id,
    windowMinutes,
    ignores: ({ userId, displayName }) => own.has(userId) || names.has(displayName.trim().toLowerCase()),
  };
}

/** The bots are known by their platform identity: the person who linked one is a person and stays credited. */
async function readRules(
  db: Db,
  platforms: readonly PlatformDescription[],
  slugs: readonly string[],
): Promise<RulesRow[]> {
  const accountIds = platforms.map(
    ({ tables }) => sql`
      select "externalAccountId" from ${sql.table(tables.override)} where "channelId" = c.id
      union all
      select "externalAccountId" from ${sql.table(tables.defaultCredential)} where enabled`,
  );
  const result = await sql<RulesRow>`
    select c.id, lower(c.slug) as slug, c."creditsIgnoredChattersJson" as "ignoredNames",
      least(greatest(c."creditsReconnectWindowMinutes", 1), 1440) as "windowMinutes",
      array(
        select a.provider::text || ':' || a."providerAccountId" from "ExternalAccount" a
        where a.id in (${sql.join(accountIds, sql` union all `)})
      ) as senders
    from "Channel" c where lower(c.slug) = any(${slugs as string[]})
  `.execute(db);
  return result.rows;
}
