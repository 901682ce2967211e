/** Which accounts are bots, and which account belongs to a channel's owner: the questions senders are chosen by. */
import { type RawBuilder, sql } from 'kysely';
import { isMissingSchema } from '../db/failures.ts';
import type { Db } from '../db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformUserId } from '../lib/brand.ts';
import type { PlatformDescription } from '../platforms/platform.ts';

type BotTables = Pick<PlatformDescription, 'id' | 'tables' | 'authorAccountColumn'>;

export interface BotAccounts {
  readonly defaultAccountId: ExternalAccountId | null;
  /** Of every account that may speak for us, the default bot and all overrides, as chat lines name their authors. */
  readonly platformUserIds: ReadonlySet<PlatformUserId>;
  /** Logins and display names of the same accounts, as they were linked. */
  readonly names: ReadonlySet<string>;
}

interface BotAccountRow {
  readonly id: ExternalAccountId;
  readonly platformUserId: PlatformUserId | null;
  readonly login: string | null;
  readonly displayName: string | null;
  readonly isDefault: boolean;
}

/** Of several default rows the newest counts. Tables that are not there name nobody. */
export function readBotAccounts(
  db: Db,
  { tables, authorAccountColumn = 'providerAccountId' }: BotTables,
): Promise<BotAccounts> {
  return withPresentTables(db, tables, async (present) => {
    const bots = [
      ...present.defaults.map(
        (table) => sql`select "externalAccountId", true, "updatedAt" from ${table} where enabled`,
      ),
      ...present.overrides.map(
        (table) => sql`select "externalAccountId", false, "updatedAt" from ${table} where enabled`,
      ),
    ];
    if (bots.length === 0) return { defaultAccountId: null, platformUserIds: new Set(), names: new Set() };
    const { rows } = await sql<BotAccountRow>`
      select a.id, a.${sql.ref(authorAccountColumn)} as "platformUserId", a.login, a."displayName",
        bot.is_default as "isDefault"
      from (${sql.join(bots, sql` union all `)}) bot ("externalAccountId", is_default, "updatedAt")
      join "ExternalAccount" a on a.id = bot."externalAccountId"
      order by bot."updatedAt" desc
    `.execute(db);
    return {
      defaultAccountId: rows.find(({ isDefault }) => isDefault)?.id ?? null,
      platformUserIds: new Set(rows.flatMap(({ platformUserId }) => platformUserId ?? [])),
      names: new Set(rows.flatMap(({ login, displayName }) => [login ?? [], displayName ?? []].flat())),
    };
  });
}

interface OwnerAccount {
  readonly id: ExternalAccountId;
  /** Its grant is over, and so is that of every other account of the owner. */
  readonly isBroken: boolean;
}

/**
 * The owner's own account: never one that is a bot anywhere; first one whose grant lives, then one that can be refreshed
 * and has the scopes, then the newest (docs/contract/workers.md#choosing-the-owner-account).
 */
export function chooseOwnerAccount(
  db: Db,
  { id, tables }: BotTables,
  scopes: readonly string[],
  channelId: ChannelId,
): Promise<OwnerAccount | null> {
  return withPresentTables(db, tables, async ({ defaults, overrides }) => {
    const isNoBot = [...defaults, ...overrides].map(
      (table) => sql`and not exists (select from ${table} bot where bot."externalAccountId" = a.id)`,
    );
    const { rows } = await sql<OwnerAccount>`
      select a.id, a."brokenAt" is not null as "isBroken" from "User" u join "ExternalAccount" a on a."userId" = u.id
      where u."channelId" = ${channelId} and a.provider::text = ${id}
        ${sql.join(isNoBot, sql` `)}
      order by
        a."brokenAt" is null desc,
        a."refreshToken" is not null
          and regexp_split_to_array(coalesce(a.scopes, ''), '[\\s,]+') @> ${sql.val(scopes)}::text[] desc,
        a."createdAt" desc
      limit 1
    `.execute(db);
    return rows[0] ?? null;
  });
}

interface PresentTables {
  readonly defaults: readonly RawBuilder<unknown>[];
  readonly overrides: readonly RawBuilder<unknown>[];
}

/** An installation migrated only in part does without what is not there. */
async function withPresentTables<T>(
  db: Db,
  { defaultCredential, override }: PlatformDescription['tables'],
  query: (present: PresentTables) => Promise<T>,
): Promise<T> {
  const all = { defaults: [sql.table(defaultCredential)], overrides: [sql.table(override)] };
  try {
    return await query(all);
  } catch (error) {
    if (!isMissingSchema(error)) throw error;
    const { rows } = await sql<{ hasDefaults: boolean; hasOverrides: boolean }>`
      select to_regclass(quote_ident(${defaultCredential})) is not null as "hasDefaults",
        to_regclass(quote_ident(${override})) is not null as "hasOverrides"
    `.execute(db);
    const { hasDefaults = false, hasOverrides = false } = rows[0] ?? {};
    if (hasDefaults && hasOverrides) throw error;
    return query({ defaults: hasDefaults ? all.defaults : [], overrides: hasOverrides ? all.overrides : [] });
  }
}
