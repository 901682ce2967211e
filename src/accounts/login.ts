/** Turns a platform identity into a MemAlerts user: found, or created as a viewer (docs/contract/http-api.md#login-and-logout). */
import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import { inTransaction } from '../db/transaction.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { giveChannel } from './first-channel.ts';
import { type FreshGrant, findAccount, type KnownAccount, storeGrant } from './linking/stored-account.ts';
import { claimOwnership, type OwnerClaim } from './owners.ts';
import type { Session, UserRole } from './sessions.ts';

type LoginPlatform = Pick<PlatformDescription, 'id' | 'userColumns' | 'channelIdColumn' | 'authorAccountColumn'>;

export interface SignIn extends FreshGrant {
  readonly platform: LoginPlatform;
  /** Whether the grant was asked for with the rights of an earlier one. */
  readonly isAskedAgain: boolean;
}

export interface SignInRules {
  readonly seal: TokenSeal;
  /** Logins that become owners when they sign in, lower-case, by platform. */
  readonly ownerLogins: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a viewer who signs in gets a channel and becomes a streamer. */
  readonly selfSignup: boolean;
}

export type SignInOutcome =
  | {
      kind: 'signed_in';
      session: Session;
      /** Its token is issued from then on, where that is later than now. */
      sessionsFrom: Date | null;
      /** They carry the login of an owner that belongs to somebody else, and are none. */
      hasOwnersName: boolean;
      /** Their login is one of the configuration, and this sign-in made them an owner. */
      becameOwner: boolean;
    }
  | { kind: 'account_already_linked' }
  | { kind: 'lacks_scopes'; scopes: readonly string[] };

/** One transaction: the user, the account row and, where the installation says so, the channel. */
export function signIn(db: Db, signing: SignIn, rules: SignInRules): Promise<SignInOutcome> {
  const { platform, identity, isAskedAgain } = signing;
  return inTransaction(db, async (tx) => {
    // Two sign-ins of one person at once must not create two users.
    const known = await findAccount(tx, platform.id, identity.platformUserId, signing.now);
    const found = await findUser(tx, signing, known);
    if (found === 'foreign') return { kind: 'account_already_linked' };
    const userId = found ?? (await createUser(tx, signing));
    const stored = await storeGrant(tx, { known, userId, linkedAs: 'login', isAskedAgain }, signing, rules.seal);
    if (typeof stored !== 'string') return { kind: 'lacks_scopes', scopes: stored.lacks };
    await writeUser(tx, userId, signing, rules.seal);
    const claim = await promote(tx, userId, signing, rules);
    const hasOwnersName = claim === 'name_of_another';
    const becameOwner = claim === 'made_owner';
    return { kind: 'signed_in', hasOwnersName, becameOwner, ...(await readSessionOf(tx, userId)) };
  });
}

/**
 * Where the user table names the platform's people, it alone says who somebody is. Elsewhere the account does, unless
 * it was linked to be a bot: whoever helps with a bot must not become its owner.
 */
async function findUser(
  tx: Transaction<Database>,
  { platform, identity }: SignIn,
  known: KnownAccount | null,
): Promise<UserId | 'foreign' | null> {
  const column = platform.userColumns?.id;
  if (column === undefined) {
    if (known === null) return null;
    return known.linkedAs === 'login' || known.linkedAs === 'link' ? known.userId : 'foreign';
  }
  const { rows } = await sql<{ id: UserId }>`
    select id from "User" where ${sql.ref(column)} = ${identity.platformUserId}
  `.execute(tx);
  const userId = rows[0]?.id ?? null;
  return known === null || known.userId === userId ? userId : 'foreign';
}

async function createUser(tx: Transaction<Database>, { identity }: SignIn): Promise<UserId> {
  const id = randomUUID() as UserId;
  const displayName = identity.displayName ?? identity.login ?? identity.platformUserId;
  await sql`
    insert into "User" (id, "displayName", role, "channelId") values (${id}, ${displayName}, 'viewer', null)
  `.execute(tx);
  return id;
}

async function writeUser(
  tx: Transaction<Database>,
  userId: UserId,
  { platform, identity, tokens }: SignIn,
  seal: TokenSeal,
): Promise<void> {
  await sql`
    update "User" set
      "displayName" = coalesce(${identity.displayName}, "displayName"),
      "profileImageUrl" = coalesce(${identity.avatarUrl}, "profileImageUrl")
    where id = ${userId}
  `.execute(tx);
  const columns = platform.userColumns;
  if (columns === undefined) return;
  const refreshToken = tokens.refreshToken === null ? null : seal.seal(tokens.refreshToken);
  await sql`
    update "User" set
      ${sql.ref(columns.id)} = ${identity.platformUserId},
      ${sql.ref(columns.accessToken)} = ${seal.seal(tokens.accessToken)},
      ${sql.ref(columns.refreshToken)} = coalesce(${refreshToken}, ${sql.ref(columns.refreshToken)})
    where id = ${userId}
  `.execute(tx);
}

async function promote(
  tx: Transaction<Database>,
  userId: UserId,
  { platform, identity }: SignIn,
  { ownerLogins, selfSignup }: SignInRules,
): Promise<OwnerClaim | null> {
  const login = identity.login?.toLowerCase() ?? '';
  const isNamed = ownerLogins.get(platform.id)?.has(login) === true;
  const named = { provider: platform.id, login, platformUserId: identity.platformUserId };
  const claim = isNamed ? await claimOwnership(tx, userId, named) : null;
  if (selfSignup) await giveChannel(tx, userId, platform, identity);
  return claim;
}

async function readSessionOf(
  tx: Transaction<Database>,
  userId: UserId,
): Promise<{ session: Session; sessionsFrom: Date | null }> {
  const { rows } = await sql<{ role: UserRole; channelId: ChannelId | null; sessionsFrom: Date | null }>`
    select role, "channelId", "sessionsFrom" from "User" where id = ${userId}
  `.execute(tx);
  const { role = 'viewer', channelId = null, sessionsFrom = null } = rows[0] ?? {};
  return { session: { userId, role, channelId }, sessionsFrom };
}
