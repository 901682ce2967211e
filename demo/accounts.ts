/** Accounts people linked. Until they can do it in the API, they are written here. */
import { sql } from 'kysely';
import type { LinkedAccount } from '../simulators/world/simulated-platform.ts';
import type { UserId } from '../src/lib/brand.ts';
import type { PlatformDescription } from '../src/platforms/platform.ts';
import type { Stack } from './stack.ts';

export async function linkAccount(
  { pool, seal }: Pick<Stack, 'pool' | 'seal'>,
  userId: UserId,
  { id }: PlatformDescription,
  name: string,
  account: LinkedAccount,
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into "ExternalAccount" ("userId", provider, "providerAccountId", login, "displayName", "accessToken",
      "refreshToken", scopes)
    values (${userId}, ${id}::"ExternalAccountProvider", ${account.platformUserId}, ${account.login}, ${name},
      ${seal.seal(account.accessToken)}, ${account.refreshToken && seal.seal(account.refreshToken)},
      ${account.scopes.join(' ')})
    returning id`.execute(pool.db);
  return rows[0]?.id ?? '';
}

/** Makes it the account that all channels' bots speak with. */
export async function linkDefaultBot(
  stack: Pick<Stack, 'pool' | 'seal'>,
  ownerId: UserId,
  platform: PlatformDescription,
  name: string,
  account: LinkedAccount,
): Promise<void> {
  const accountId = await linkAccount(stack, ownerId, platform, name, account);
  await sql`
    insert into ${sql.table(platform.tables.defaultCredential)} ("externalAccountId", enabled)
    values (${accountId}, true)`.execute(stack.pool.db);
}
