/** Takes bots back: the one of a channel, or the one of all channels (http-api §4.3, §8.1). */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { ChannelId, ExternalAccountId } from '../lib/brand.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { forgetFormerBot, type LeftTokens } from './linking/unlink.ts';

/** What was taken back; empty when there was nothing. */
export interface TakenBack {
  readonly accountIds: readonly ExternalAccountId[];
  /** Of accounts nobody has a use for any more: to be revoked once the transaction is committed. */
  readonly tokens: readonly LeftTokens[];
}

export async function removeOwnBot(
  tx: Transaction<Database>,
  platform: Pick<PlatformDescription, 'tables'>,
  channelId: ChannelId,
): Promise<TakenBack> {
  const { rows } = await sql<{ id: ExternalAccountId }>`
    delete from ${sql.table(platform.tables.override)} where "channelId" = ${channelId}
    returning "externalAccountId" as id
  `.execute(tx);
  return forget(tx, platform, rows);
}

/** Also those switched off: none of them comes back by itself. */
export async function removeDefaultBot(
  tx: Transaction<Database>,
  platform: Pick<PlatformDescription, 'tables'>,
): Promise<TakenBack> {
  const { rows } = await sql<{ id: ExternalAccountId }>`
    delete from ${sql.table(platform.tables.defaultCredential)} returning "externalAccountId" as id
  `.execute(tx);
  return forget(tx, platform, rows);
}

async function forget(
  tx: Transaction<Database>,
  platform: Pick<PlatformDescription, 'tables'>,
  rows: readonly { readonly id: ExternalAccountId }[],
): Promise<TakenBack> {
  const accountIds = rows.map(({ id }) => id);
  const tokens: LeftTokens[] = [];
  for (const id of accountIds) {
    const left = await forgetFormerBot(tx, platform, id);
    if (left !== null) tokens.push(left);
  }
  return { accountIds, tokens };
}
