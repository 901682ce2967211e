/** Writes down that a streamer, or a bot, goes by another name on the platform. */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformChannelId } from '../../lib/brand.ts';
import type { Logger } from '../../lib/logger.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { PlatformName } from '../../platforms/worker-side.ts';

interface RenameDeps {
  readonly db: Db;
  readonly log: Logger;
  readonly platform: Pick<PlatformDescription, 'tables' | 'logPrefix'>;
}

/**
 * The hint of that change makes the worker move.
 *
 * @param from nothing happens when it is another name by now
 * @param extra further columns that name the channel
 */
export async function renameTarget(
  { db, log, platform: { tables, logPrefix } }: RenameDeps,
  channelId: ChannelId,
  from: PlatformChannelId,
  to: PlatformChannelId,
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const column = sql.ref(tables.targetColumn);
  const more = Object.entries(extra).map(([name, value]) => sql`, ${sql.ref(name)} = ${value}`);
  const { numAffectedRows } = await sql`
    update ${sql.table(tables.subscription)} set ${column} = ${to} ${more.length === 0 ? sql`` : sql.join(more, sql` `)}
    where "channelId" = ${channelId} and trim(${column}) in (${from}, ${`#${from}`}) and ${column} <> ${to}
  `.execute(db);
  // Two that learn it at once, a poll and an event, tell of it once.
  if (numAffectedRows) log.info(`${logPrefix}renamed`, { channelId, from, to });
}

/** A bot account as the sweep of names compares it. */
export interface StoredBot {
  readonly accountId: ExternalAccountId;
  /** The id by which chat lines name their authors. */
  readonly platformUserId: string;
  readonly login: string | null;
  readonly displayName: string | null;
}

export async function readBots(
  db: Db,
  { authorAccountColumn = 'providerAccountId' }: Pick<PlatformDescription, 'authorAccountColumn'>,
  accountIds: readonly ExternalAccountId[],
): Promise<readonly StoredBot[]> {
  const id = sql.ref(authorAccountColumn);
  const { rows } = await sql<StoredBot>`
    select id as "accountId", ${id} as "platformUserId", login, "displayName"
    from "ExternalAccount" where id = any(${sql.val(accountIds)}::text[]) and ${id} is not null
  `.execute(db);
  return rows;
}

export async function renameBot(
  { db, log, platform: { logPrefix } }: RenameDeps,
  { accountId, login: from, displayName }: StoredBot,
  to: PlatformName,
): Promise<void> {
  const { numAffectedRows } = await sql`
    update "ExternalAccount" set login = ${to.login}, "displayName" = ${to.displayName}
    where id = ${accountId} and login is not distinct from ${from} and "displayName" is not distinct from ${displayName}
  `.execute(db);
  const names = { from, to: to.login, fromDisplayName: displayName, toDisplayName: to.displayName };
  if (numAffectedRows) log.info(`${logPrefix}bot_renamed`, { externalAccountId: accountId, ...names });
}
