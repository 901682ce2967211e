/** A linked account's row: whose it is, and what a new grant writes into it (docs/contract/http-api.md#callback-outcomes). */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/tables.ts';
import type { ExternalAccountId, PlatformUserId, ProviderId, UserId } from '../../lib/brand.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { GrantedTokens, PlatformIdentity } from '../../platforms/account-side.ts';
import { grantEndOf } from '../grant-end.ts';
import { endOf } from '../token-vault.ts';
import type { OAuthKind } from './oauth-state.ts';

/** A person of a platform, and the grant they just gave. */
export interface FreshGrant {
  readonly provider: ProviderId;
  readonly identity: PlatformIdentity;
  readonly tokens: GrantedTokens;
  readonly now: Date;
}

export interface KnownAccount {
  readonly id: ExternalAccountId;
  readonly userId: UserId;
  readonly linkedAs: OAuthKind | null;
  readonly scopes: readonly string[];
  /** Whether its tokens can be used or renewed, as far as we know. */
  readonly isAlive: boolean;
}

/**
 * Holds the person until the transaction ends: two callbacks about one account must not decide at once. The row too:
 * what is written depends on what is in it, and somebody may be unlinking it.
 */
export async function findAccount(
  tx: Transaction<Database>,
  provider: ProviderId,
  platformUserId: PlatformUserId,
  now: Date,
): Promise<KnownAccount | null> {
  const person = `sign-in:${provider}:${platformUserId}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${person}, 0))`.execute(tx);
  const { rows } = await sql<Omit<KnownAccount, 'scopes'> & { scopes: string | null }>`
    select id, "userId", "linkedAs", scopes,
      "brokenAt" is null and "accessToken" is not null
        and ("refreshToken" is not null or coalesce("tokenExpiresAt" > ${now}, true)) as "isAlive"
    from "ExternalAccount" where provider::text = ${provider} and "providerAccountId" = ${platformUserId}
    for no key update
  `.execute(tx);
  const [row] = rows;
  return row === undefined ? null : { ...row, scopes: (row.scopes ?? '').split(/[\s,]+/).filter(Boolean) };
}

/** Rights to ask for as well: an earlier link of the account has some that the new grant lacks, and lacks some. */
export interface LackedScopes {
  readonly lacks: readonly string[];
}

/**
 * Keeps the grant that can do more. One that can do something else is not taken before the person was asked for both:
 * a bot that is linked as its streamer too would lose the right to write.
 */
export async function storeGrant(
  tx: Transaction<Database>,
  { known, userId, linkedAs, isAskedAgain }: Storing,
  grant: FreshGrant,
  seal: TokenSeal,
): Promise<ExternalAccountId | LackedScopes> {
  const gain = compare(known, grant);
  if (gain === 'mixed' && known !== null && !isAskedAgain) return { lacks: known.scopes };
  return gain === 'less' ? writeProfile(tx, userId, linkedAs, grant) : writeAccount(tx, userId, linkedAs, grant, seal);
}

export interface Storing {
  readonly known: KnownAccount | null;
  readonly userId: UserId;
  readonly linkedAs: OAuthKind;
  /** Whether this grant was asked for with the rights of an earlier one. */
  readonly isAskedAgain: boolean;
}

/** What the new grant is worth beside the stored one. */
function compare(known: KnownAccount | null, { tokens }: FreshGrant): 'more' | 'less' | 'mixed' {
  if (known === null || !known.isAlive || tokens.scopes === null) return 'more';
  const granted = new Set(tokens.scopes);
  if (known.scopes.every((scope) => granted.has(scope))) return 'more';
  const stored = new Set(known.scopes);
  return tokens.scopes.every((scope) => stored.has(scope)) ? 'less' : 'mixed';
}

/** Writes what the platform granted; a refresh token is never overwritten by nothing. */
async function writeAccount(
  tx: Transaction<Database>,
  userId: UserId,
  linkedAs: OAuthKind,
  { provider, identity, tokens, now }: FreshGrant,
  seal: TokenSeal,
): Promise<ExternalAccountId> {
  const refreshToken = tokens.refreshToken === null ? null : seal.seal(tokens.refreshToken);
  const { rows } = await sql<{ id: ExternalAccountId }>`
    insert into "ExternalAccount" ("userId", provider, "providerAccountId", "linkedAs", "displayName", login,
      "avatarUrl", "profileUrl", "accessToken", "refreshToken", "tokenExpiresAt", "grantEndsAt", scopes)
    values (${userId}, ${provider}, ${identity.platformUserId}, ${linkedAs}, ${identity.displayName}, ${identity.login},
      ${identity.avatarUrl}, ${identity.profileUrl}, ${seal.seal(tokens.accessToken)}, ${refreshToken},
      ${endOf(tokens, now)}, ${grantEndOf(tokens, now)}, ${tokens.scopes?.join(' ') || null})
    on conflict (provider, "providerAccountId") do update set
      ${PROFILE},
      "accessToken" = excluded."accessToken",
      "refreshToken" = coalesce(excluded."refreshToken", "ExternalAccount"."refreshToken"),
      "tokenExpiresAt" = excluded."tokenExpiresAt",
      "grantEndsAt" = excluded."grantEndsAt",
      scopes = coalesce(excluded.scopes, "ExternalAccount".scopes),
      "brokenAt" = null,
      "brokenReason" = null
    returning id
  `.execute(tx);
  return onlyId(rows);
}

/** Writes how the person is called now and leaves the stored grant, which can do more than the new one. */
async function writeProfile(
  tx: Transaction<Database>,
  userId: UserId,
  linkedAs: OAuthKind,
  { provider, identity }: FreshGrant,
): Promise<ExternalAccountId> {
  const { rows } = await sql<{ id: ExternalAccountId }>`
    insert into "ExternalAccount" ("userId", provider, "providerAccountId", "linkedAs", "displayName", login,
      "avatarUrl", "profileUrl")
    values (${userId}, ${provider}, ${identity.platformUserId}, ${linkedAs}, ${identity.displayName}, ${identity.login},
      ${identity.avatarUrl}, ${identity.profileUrl})
    on conflict (provider, "providerAccountId") do update set ${PROFILE}
    returning id
  `.execute(tx);
  return onlyId(rows);
}

/** Somebody's own account stays theirs when it becomes a bot as well. */
const PROFILE = sql`
  "displayName" = coalesce(excluded."displayName", "ExternalAccount"."displayName"),
  login = coalesce(excluded.login, "ExternalAccount".login),
  "avatarUrl" = coalesce(excluded."avatarUrl", "ExternalAccount"."avatarUrl"),
  "profileUrl" = coalesce(excluded."profileUrl", "ExternalAccount"."profileUrl"),
  "linkedAs" = case excluded."linkedAs" when 'bot_link' then "ExternalAccount"."linkedAs" else excluded."linkedAs" end
`;

function onlyId([row]: readonly { readonly id: ExternalAccountId }[]): ExternalAccountId {
  if (row === undefined) throw new Error('an upsert returned no row');
  return row.id;
}
