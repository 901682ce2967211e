/** Takes bots back: the one of a channel, or the one of all channels (docs/contract/http-api.md#unlink-the-custom-sender, docs/contract/http-api.md#default-bot). */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { ChannelId, ExternalAccountId } from '../lib/brand.ts';
import type { PlatformTables } from '../platforms/platform.ts';

/** @returns whom it was, to be forgotten (`forgetFormerBots`) */
export async function removeOwnBot(
  tx: Transaction<Database>,
  { override }: Pick<PlatformTables, 'override'>,
  channelId: ChannelId,
): Promise<readonly ExternalAccountId[]> {
  const { rows } = await sql<{ id: ExternalAccountId }>`
    delete from ${sql.table(override)} where "channelId" = ${channelId} returning "externalAccountId" as id
  `.execute(tx);
  return rows.map(({ id }) => id);
}

/**
 * Removes the rows that are switched off too, so that none becomes the default bot later.
 *
 * @returns the accounts, to be forgotten
 */
export async function removeDefaultBot(
  tx: Transaction<Database>,
  { defaultCredential }: Pick<PlatformTables, 'defaultCredential'>,
): Promise<readonly ExternalAccountId[]> {
  const { rows } = await sql<{ id: ExternalAccountId }>`
    delete from ${sql.table(defaultCredential)} returning "externalAccountId" as id
  `.execute(tx);
  return rows.map(({ id }) => id);
}
