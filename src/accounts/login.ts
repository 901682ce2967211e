/** Turns a platform identity into a MemAlerts user: found, or created as a viewer (http-api §9.7). */
import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { GrantedTokens, PlatformDescription, PlatformIdentity } from '../platforms/platform.ts';
import { grantEndOf } from './grant-end.ts';
import type { Session, UserRole } from './sessions.ts';

export interface SignIn {
  readonly platform: PlatformDescription;
  readonly identity: PlatformIdentity;
  readonly tokens: GrantedTokens;
  readonly now: Date;
}

export interface SignInRules {
  readonly seal: TokenSeal;
  /** Logins of the platform that become owners when they sign in, lower-case. */
  readonly ownerLogins: ReadonlySet<string>;
  /** Whether a viewer who signs in gets a channel and becomes a streamer. */
  readonly selfSignup: boolean;
}

export type SignInOutcome = { kind: 'signed_in'; session: Session } | { kind: 'account_already_linked' };

/** One transaction: the user, the account row and, where the installation says so, the channel. */
export function signIn(db: Db, signing: SignIn, rules: SignInRules): Promise<SignInOutcome> {
  return db.transaction().execute(async (tx) => {
    // Two sign-ins of one person at once must not create two users.
    const person = `sign-in:${signing.platform.id}:${signing.identity.platformUserId}`;
    await sql`select pg_advisory_xact_lock(hashtextextended(${person}, 0))`.execute(tx);
    const found = await findUser(tx, signing);
    if (found === 'foreign') return { kind: 'account_already_linked' };
    const userId = found ?? (await createUser(tx, signing));
    await writeUser(tx, userId, signing, rules.seal);
    await writeAccount(tx, userId, signing, rules.seal);
    await promote(tx, userId, signing, rules);
    return { kind: 'signed_in', session: await readSessionOf(tx, userId) };
  });
}

/** The account may have been linked by somebody else, who keeps it: a bot's account belongs to whoever linked the bot. */
async function findUser(tx: Transaction<Database>, { platform, identity }: SignIn): Promise<UserId | 'foreign' | null> {
  const byAccount = await sql<{ userId: UserId }>`
    select "userId" from "ExternalAccount"
    where provider::text = ${platform.id} and "providerAccountId" = ${identity.platformUserId}
  `.execute(tx);
  const owner = byAccount.rows[0]?.userId ?? null;
  const column = platform.userColumns?.id;
  if (column === undefined) return owner;
  const byColumn = await sql<{ id: UserId }>`
    select id from "User" where ${sql.ref(column)} = ${identity.platformUserId}
  `.execute(tx);
  const known = byColumn.rows[0]?.id ?? null;
  return owner === null || owner === known ? known : 'foreign';
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
  await sql`
    update "User" set
      ${sql.ref(columns.id)} = ${identity.platformUserId},
      ${sql.ref(columns.accessToken)} = ${seal.seal(tokens.accessToken)},
      ${sql.ref(columns.refreshToken)} = coalesce(${sealed(seal, tokens.refreshToken)}, ${sql.ref(columns.refreshToken)})
    where id = ${userId}
  `.execute(tx);
}

/** Writes what the platform granted; a refresh token is never overwritten by nothing. */
async function writeAccount(
  tx: Transaction<Database>,
  userId: UserId,
  { platform, identity, tokens, now }: SignIn,
  seal: TokenSeal,
): Promise<void> {
  const expiresAt = tokens.expiresInSeconds === null ? null : new Date(now.getTime() + tokens.expiresInSeconds * 1000);
  await sql`
    insert into "ExternalAccount" ("userId", provider, "providerAccountId", "displayName", login, "avatarUrl",
      "profileUrl", "accessToken", "refreshToken", "tokenExpiresAt", "grantEndsAt", scopes)
    values (${userId}, ${platform.id}, ${identity.platformUserId}, ${identity.displayName}, ${identity.login},
      ${identity.avatarUrl}, ${identity.profileUrl}, ${seal.seal(tokens.accessToken)},
      ${sealed(seal, tokens.refreshToken)}, ${expiresAt}, ${grantEndOf(tokens, now)}, ${tokens.scopes?.join(' ') ?? null})
    on conflict (provider, "providerAccountId") do update set
      "displayName" = coalesce(excluded."displayName", "ExternalAccount"."displayName"),
      login = coalesce(excluded.login, "ExternalAccount".login),
      "avatarUrl" = coalesce(excluded."avatarUrl", "ExternalAccount"."avatarUrl"),
      "profileUrl" = coalesce(excluded."profileUrl", "ExternalAccount"."profileUrl"),
      "accessToken" = excluded."accessToken",
      "refreshToken" = coalesce(excluded."refreshToken", "ExternalAccount"."refreshToken"),
      "tokenExpiresAt" = excluded."tokenExpiresAt",
      "grantEndsAt" = excluded."grantEndsAt",
      scopes = coalesce(excluded.scopes, "ExternalAccount".scopes),
      "brokenAt" = null,
      "brokenReason" = null
  `.execute(tx);
}

async function promote(
  tx: Transaction<Database>,
  userId: UserId,
  { platform, identity }: SignIn,
  rules: SignInRules,
): Promise<void> {
  if (identity.login !== null && rules.ownerLogins.has(identity.login.toLowerCase())) {
    await sql`update "User" set role = 'admin' where id = ${userId}`.execute(tx);
  }
  if (rules.selfSignup && identity.login !== null) await giveChannel(tx, userId, platform, identity);
}

/** A channel named after the login, unless the user has one already or another channel has that name. */
async function giveChannel(
  tx: Transaction<Database>,
  userId: UserId,
  platform: PlatformDescription,
  identity: PlatformIdentity,
): Promise<void> {
  const linkColumn = platform.channelIdColumn;
  if (linkColumn === undefined) return;
  const channelId = randomUUID() as ChannelId;
  const created = await sql<{ id: ChannelId }>`
    insert into "Channel" (id, slug, name, ${sql.ref(linkColumn)})
    select ${channelId}, ${identity.login?.toLowerCase()}, ${identity.displayName ?? identity.login},
      ${identity.platformUserId}
    where exists (select 1 from "User" where id = ${userId} and "channelId" is null)
    on conflict do nothing
    returning id
  `.execute(tx);
  if (created.rows[0] === undefined) return;
  await sql`
    update "User" set "channelId" = ${channelId}, role = case role when 'admin' then 'admin' else 'streamer' end
    where id = ${userId}
  `.execute(tx);
}

async function readSessionOf(tx: Transaction<Database>, userId: UserId): Promise<Session> {
  const result = await sql<{ role: UserRole; channelId: ChannelId | null }>`
    select role, "channelId" from "User" where id = ${userId}
  `.execute(tx);
  const row = result.rows[0];
  return { userId, role: row?.role ?? 'viewer', channelId: row?.channelId ?? null };
}

function sealed(seal: TokenSeal, token: string | null): string | null {
  return token === null ? null : seal.seal(token);
}
