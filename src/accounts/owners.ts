/** Who runs the installation: people, known by their account on a platform, not by a name that others can take later. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { UserId } from '../lib/brand.ts';

/** An account of a platform under the login it has now. */
export interface NamedAccount {
  readonly provider: string;
  /** Lower case. */
  readonly login: string;
  readonly platformUserId: string;
}

/** `made_owner`: this very sign-in made them one. `revoked`: they were an owner, and a name in the configuration does not bring it back. */
export type OwnerClaim = 'owner' | 'made_owner' | 'revoked' | 'name_of_another';

/** For somebody who signs in under a login that makes an owner. Its first use decides whose it is. */
export async function claimOwnership(
  tx: Transaction<Database>,
  userId: UserId,
  account: NamedAccount,
): Promise<OwnerClaim> {
  if ((await bindOwnerLogin(tx, account)) !== account.platformUserId) return 'name_of_another';
  const user = await tx
    .selectFrom('User')
    .select(['role', 'adminRevokedAt'])
    .where('id', '=', userId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (user?.role === 'admin') return 'owner';
  if (user?.adminRevokedAt !== null) return 'revoked';
  await makeAdmin(tx, userId, account, { actorId: userId, by: 'configuration' });
  return 'made_owner';
}

/**
 * An owner there already is comes first: they may have signed in before names were bound.
 *
 * @returns the account the login belongs to from now on
 */
export async function bindOwnerLogin(
  tx: Transaction<Database>,
  { provider, login, platformUserId }: NamedAccount,
): Promise<string> {
  await sql`
    insert into "OwnerLogin" (provider, login, "providerAccountId")
    values (${provider}, ${login}, coalesce((
      select a."providerAccountId" from "ExternalAccount" a join "User" u on u.id = a."userId"
      where u.role = 'admin' and a.provider::text = ${provider} and lower(a.login) = ${login}
        and a."linkedAs" is distinct from 'bot_link'
      order by a."providerAccountId" = ${platformUserId} desc, a."updatedAt" desc limit 1
    ), ${platformUserId}))
    on conflict do nothing
  `.execute(tx);
  // In a statement of its own: of two at once the second has to see what the first wrote.
  const bound = await tx
    .selectFrom('OwnerLogin')
    .select('providerAccountId')
    .where('provider', '=', provider)
    .where('login', '=', login)
    .executeTakeFirstOrThrow();
  return bound.providerAccountId;
}

/** @param actorId null for the operator, who is no user */
export async function makeAdmin(
  tx: Transaction<Database>,
  userId: UserId,
  account: NamedAccount,
  { actorId, by }: { readonly actorId: UserId | null; readonly by: 'configuration' | 'operator' },
): Promise<void> {
  await tx.updateTable('User').set({ role: 'admin', adminRevokedAt: null }).where('id', '=', userId).execute();
  await record(tx, actorId, 'owner.admins.grant', { userId, ...account, by });
}

/** They are a streamer or a viewer from now on, and stay it. Their logins are the caller's to end. */
export async function revokeAdmin(tx: Transaction<Database>, userId: UserId, account: NamedAccount): Promise<void> {
  await sql`
    update "User" set role = case when "channelId" is null then 'viewer' else 'streamer' end,
      "adminRevokedAt" = timezone('utc', now())
    where id = ${userId}
  `.execute(tx);
  await record(tx, null, 'owner.admins.revoke', { userId, ...account, by: 'operator' });
}

async function record(
  tx: Transaction<Database>,
  actorId: UserId | null,
  action: string,
  payload: Readonly<Record<string, string>>,
): Promise<void> {
  await tx
    .insertInto('AuditLog')
    .values({ actorId, channelId: null, action, payloadJson: JSON.stringify(payload) })
    .execute();
}
