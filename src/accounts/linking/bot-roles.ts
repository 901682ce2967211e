/** What accounts are bots of, and making one a bot: the override of a channel, or the default bot (docs/contract/http-api.md#sender-identities). */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { Database } from '../../db/tables.ts';
import type { ChannelId, ExternalAccountId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';

type Tables = Pick<PlatformDescription['tables'], 'override' | 'defaultCredential'>;

export type BotRole = 'default' | 'override';

export interface BotTable {
  readonly table: string;
  readonly role: BotRole;
}

/** Tables that are not there name nobody (docs/contract/http-api.md#feature-not-available). */
export async function presentBotTables(
  db: Db,
  platforms: readonly { readonly tables: Tables }[],
): Promise<readonly BotTable[]> {
  const all = platforms.flatMap(({ tables }): BotTable[] => [
    { table: tables.override, role: 'override' },
    { table: tables.defaultCredential, role: 'default' },
  ]);
  const { rows } = await sql<{ name: string }>`
    select name from unnest(${sql.val(all.map(({ table }) => table))}::text[]) as name
    where to_regclass(quote_ident(name)) is not null
  `.execute(db);
  const present = new Set(rows.map(({ name }) => name));
  return all.filter(({ table }) => present.has(table));
}

/** Enabled or not. Who is both is the default bot first (docs/contract/http-api.md#accounts). */
export async function botRolesOf(
  db: Db,
  tables: readonly BotTable[],
  accountIds: readonly ExternalAccountId[],
): Promise<ReadonlyMap<ExternalAccountId, BotRole>> {
  if (tables.length === 0) return new Map();
  const each = tables.map(
    ({ table, role }) => sql`select "externalAccountId" as id, ${role} as role from ${sql.table(table)}`,
  );
  const { rows } = await sql<{ id: ExternalAccountId; role: BotRole }>`
    select id, min(role) as role from (${sql.join(each, sql` union all `)}) bots
    where id = any(${sql.val(accountIds)}::text[]) group by id
  `.execute(db);
  return new Map(rows.map(({ id, role }) => [id, role]));
}

/** Whether it speaks for another channel than this one: an account is the override of one. */
export async function isOverrideElsewhere(
  tx: Transaction<Database>,
  tables: Tables,
  accountId: ExternalAccountId,
  channelId: ChannelId,
): Promise<boolean> {
  const { rows } = await sql`
    select from ${sql.table(tables.override)}
    where "externalAccountId" = ${accountId} and "channelId" <> ${channelId}
  `.execute(tx);
  return rows.length > 0;
}

/** @returns the accounts that are no bots there any more */
export async function makeOverride(
  tx: Transaction<Database>,
  tables: Tables,
  accountId: ExternalAccountId,
  channelId: ChannelId,
): Promise<readonly ExternalAccountId[]> {
  // Two first ones at once: the second has to see whose place it takes.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`own-bot:${tables.override}:${channelId}`}, 0))`.execute(
    tx,
  );
  const { rows } = await sql<{ id: ExternalAccountId }>`
    select "externalAccountId" as id from ${sql.table(tables.override)} where "channelId" = ${channelId} for update
  `.execute(tx);
  await sql`
    insert into ${sql.table(tables.override)} ("channelId", "externalAccountId", enabled)
    values (${channelId}, ${accountId}, true)
    on conflict ("channelId") do update set "externalAccountId" = excluded."externalAccountId", enabled = true
  `.execute(tx);
  return rows.map(({ id }) => id).filter((id) => id !== accountId);
}

/** There is one at most. @returns the accounts that are no default bots any more */
export async function makeDefault(
  tx: Transaction<Database>,
  tables: Tables,
  accountId: ExternalAccountId,
): Promise<readonly ExternalAccountId[]> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`default-bot:${tables.defaultCredential}`}, 0))`.execute(
    tx,
  );
  const { rows } = await sql<{ id: ExternalAccountId }>`
    delete from ${sql.table(tables.defaultCredential)} returning "externalAccountId" as id
  `.execute(tx);
  await sql`
    insert into ${sql.table(tables.defaultCredential)} ("externalAccountId", enabled) values (${accountId}, true)
  `.execute(tx);
  return rows.map(({ id }) => id).filter((id) => id !== accountId);
}
