/** Takes accounts away, and their tokens back at the platform (docs/contract/http-api.md#accounts, docs/contract/http-api.md#unlink-the-custom-sender). */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { Database } from '../../db/tables.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { ExternalAccountId, UserId } from '../../lib/brand.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { PlatformOAuth } from '../../platforms/account-side.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { endSessionsOf } from '../session-ends.ts';
import { type BotRole, botRolesOf, presentBotTables } from './bot-roles.ts';
import type { OAuthKind } from './oauth-state.ts';

/** Tokens of an account that is gone, as they were stored. */
export interface LeftTokens {
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
}

type UnlinkablePlatform = Pick<PlatformDescription, 'id' | 'tables' | 'userColumns'>;

export type Unlinked =
  /** `sessionsFrom`: every login from before is over, since it may have come through that account. */
  | { kind: 'unlinked'; provider: string; tokens: LeftTokens; sessionsFrom: Date | null }
  | { kind: 'not_found' }
  | { kind: 'bot'; provider: string; role: BotRole }
  | { kind: 'last_account' };

interface OwnAccount extends LeftTokens {
  readonly id: ExternalAccountId;
  readonly provider: string;
  readonly providerAccountId: string;
  readonly linkedAs: OAuthKind | null;
}

/** Unlinks an account. The last own account of a user stays, and a bot has to be unlinked as a bot first. */
export async function unlinkAccount(
  db: Db,
  platforms: readonly UnlinkablePlatform[],
  userId: UserId,
  accountId: ExternalAccountId,
): Promise<Unlinked> {
  const botTables = await presentBotTables(db, platforms);
  return inTransaction(db, async (tx) => {
    // All of them, and in one order: of two requests at once the second sees what the first left, or they would take
    // the last two. Not the user: a sign-in holds its account before its user, and would wait for us as we for it.
    const { rows } = await sql<OwnAccount>`
      select id, provider::text, "providerAccountId", "linkedAs", "accessToken", "refreshToken"
      from "ExternalAccount" where "userId" = ${userId} order by id for update
    `.execute(tx);
    const account = rows.find(({ id }) => id === accountId);
    if (account === undefined) return { kind: 'not_found' };
    const bots = await botRolesOf(
      tx,
      botTables,
      rows.map(({ id }) => id),
    );
    const { provider, accessToken, refreshToken } = account;
    const role = bots.get(accountId);
    if (role !== undefined) return { kind: 'bot', provider, role };
    // What was linked to be a bot signs nobody in: it does not count, and may always go.
    const own = rows.filter(({ id, linkedAs }) => !bots.has(id) && linkedAs !== 'bot_link');
    if (own.length === 1 && own[0]?.id === accountId) return { kind: 'last_account' };
    await tx.deleteFrom('ExternalAccount').where('id', '=', accountId).execute();
    await clearUserColumns(tx, platforms, userId, account);
    const sessionsFrom = await endSessionsOf(tx, userId);
    return { kind: 'unlinked', provider, tokens: { accessToken, refreshToken }, sessionsFrom };
  });
}

/** Who unlinks an account means that it signs them in no more. */
async function clearUserColumns(
  tx: Transaction<Database>,
  platforms: readonly UnlinkablePlatform[],
  userId: UserId,
  { provider, providerAccountId }: OwnAccount,
): Promise<void> {
  const columns = platforms.find(({ id }) => id === provider)?.userColumns;
  if (columns === undefined) return;
  await sql`
    update "User" set ${sql.ref(columns.id)} = null, ${sql.ref(columns.accessToken)} = null,
      ${sql.ref(columns.refreshToken)} = null
    where id = ${userId} and ${sql.ref(columns.id)} = ${providerAccountId}
  `.execute(tx);
}

/**
 * Once it is committed that they are bots no more, and each by itself: whoever holds one account never waits for
 * another, or two who change bots at once could wait for each other.
 *
 * @returns the tokens of those that are gone, to be revoked
 */
export async function forgetFormerBots(
  db: Db,
  platform: Pick<PlatformDescription, 'tables'>,
  accountIds: readonly ExternalAccountId[],
): Promise<readonly LeftTokens[]> {
  const left: LeftTokens[] = [];
  for (const id of accountIds) {
    const tokens = await inTransaction(db, (tx) => forgetFormerBot(tx, platform, id));
    if (tokens !== null) left.push(tokens);
  }
  return left;
}

/**
 * Deletes an account that was linked to be a bot and is none any more; anybody's own account stays.
 *
 * @returns its tokens; null when it stays
 */
export async function forgetFormerBot(
  tx: Transaction<Database>,
  { tables }: Pick<PlatformDescription, 'tables'>,
  accountId: ExternalAccountId,
): Promise<LeftTokens | null> {
  // In a statement of its own: somebody may be making it a bot again, and the next one has to see that.
  await sql`select from "ExternalAccount" where id = ${accountId} for update`.execute(tx);
  const { rows } = await sql<LeftTokens>`
    delete from "ExternalAccount" a
    where a.id = ${accountId} and a."linkedAs" = 'bot_link'
      and not exists (select from ${sql.table(tables.override)} o where o."externalAccountId" = a.id)
      and not exists (select from ${sql.table(tables.defaultCredential)} d where d."externalAccountId" = a.id)
    returning "accessToken", "refreshToken"
  `.execute(tx);
  return rows[0] ?? null;
}

/** Best effort: the platform may be away, and a token may be dead or unreadable already. */
export async function revokeTokens(
  oauth: Pick<PlatformOAuth, 'revoke'>,
  seal: Pick<TokenSeal, 'open'>,
  { accessToken, refreshToken }: LeftTokens,
): Promise<void> {
  // Where either ends the whole grant the other is refused, which is as good.
  for (const stored of [accessToken, refreshToken]) {
    const token = stored === null ? null : opened(seal, stored);
    if (token !== null) await oauth.revoke(token);
  }
}

function opened(seal: Pick<TokenSeal, 'open'>, stored: string): string | null {
  try {
    return seal.open(stored);
  } catch {
    return null;
  }
}
