/** The accounts a user sees as their own (http-api §9.6). */
import type { Db } from '../../db/pool.ts';
import type { ExternalAccountId, UserId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { botRolesOf, presentBotTables } from './bot-roles.ts';

export interface OwnAccount {
  readonly id: string;
  readonly provider: string;
  readonly providerAccountId: string;
  readonly displayName: string | null;
  readonly login: string | null;
  readonly avatarUrl: string | null;
  readonly profileUrl: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Oldest first; bots are shown where bots are. */
export async function ownAccountsOf(
  db: Db,
  platforms: readonly Pick<PlatformDescription, 'tables'>[],
  userId: UserId,
): Promise<readonly OwnAccount[]> {
  const accounts = await db
    .selectFrom('ExternalAccount')
    .select(['id', 'provider', 'providerAccountId', 'displayName', 'login', 'avatarUrl', 'profileUrl'])
    .select(['createdAt', 'updatedAt'])
    .where('userId', '=', userId)
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  const ids = accounts.map(({ id }) => id as ExternalAccountId);
  const bots = await botRolesOf(db, await presentBotTables(db, platforms), ids);
  return accounts.filter(({ id }) => !bots.has(id as ExternalAccountId));
}
