/** The accounts a user sees as their own (docs/contract/http-api.md#accounts). */
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
  /** Bots are shown where bots are. */
  readonly isBot: boolean;
}

/** Oldest first. @param after the end of the page before */
export async function ownAccountsOf(
  db: Db,
  platforms: readonly Pick<PlatformDescription, 'tables'>[],
  userId: UserId,
  { after, limit }: { readonly after: Pick<OwnAccount, 'createdAt' | 'id'> | null; readonly limit: number },
): Promise<readonly OwnAccount[]> {
  let accounts = db
    .selectFrom('ExternalAccount')
    .select(['id', 'provider', 'providerAccountId', 'displayName', 'login', 'avatarUrl', 'profileUrl'])
    .select(['createdAt', 'updatedAt'])
    .where('userId', '=', userId)
    .orderBy('createdAt')
    .orderBy('id')
    .limit(limit);
  if (after !== null) {
    const { createdAt, id } = after;
    accounts = accounts.where(({ eb, refTuple, tuple }) => eb(refTuple('createdAt', 'id'), '>', tuple(createdAt, id)));
  }
  const rows = await accounts.execute();
  const ids = rows.map(({ id }) => id as ExternalAccountId);
  const bots = await botRolesOf(db, await presentBotTables(db, platforms), ids);
  return rows.map((row) => ({ ...row, isBot: bots.has(row.id as ExternalAccountId) }));
}
