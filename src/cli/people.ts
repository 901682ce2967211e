/** How an operator gets the first owner and the first streamers going. */
import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { bindOwnerLogin, makeAdmin, revokeAdmin } from '../accounts/owners.ts';
import { endSessionsOf } from '../accounts/session-ends.ts';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { UserId } from '../lib/brand.ts';
import { BadInput } from '../lib/errors.ts';
import { platforms } from '../platforms/all.ts';

/** Whom an operator means. */
export interface Person {
  readonly provider: string;
  /** Lower-case. */
  readonly login: string;
  /** The platform's own id of the account, where the login alone does not tell; null otherwise. */
  readonly platformUserId: string | null;
}

/** A login changes hands rarely; an operator reads them all. */
const ACCOUNTS_SHOWN = 20;

interface Account {
  readonly userId: UserId;
  readonly providerAccountId: string;
  readonly displayName: string | null;
  readonly channelId: string | null;
  readonly role: string;
}

/** @returns a sentence for the operator */
export async function grantAdmin(db: Db, person: Person): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const account = await findAccount(tx, person);
    const named = { ...person, platformUserId: account.providerAccountId };
    await bindOwnerLogin(tx, named);
    await makeAdmin(tx, account.userId, named, { actorId: null, by: 'operator' });
    return `${person.login} is now an owner (user ${account.userId}). The change takes effect within seconds.`;
  });
}

/** Takes the right of an owner away for good and ends all logins of the person. @returns a sentence for the operator */
export async function takeAdmin(db: Db, person: Person): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const account = await findAccount(tx, person, ({ role }) => role === 'admin');
    if (account.role !== 'admin')
      throw new BadInput('CONFLICT', `${person.login} is not an owner. Nothing was changed.`);
    const named = { ...person, platformUserId: account.providerAccountId };
    // Bound to whom it was: a list that still names the login must not make the next one of that name an owner.
    await bindOwnerLogin(tx, named);
    await revokeAdmin(tx, account.userId, named);
    await endSessionsOf(tx, account.userId);
    return `${person.login} is no longer an owner (user ${account.userId}) and was signed out everywhere.`;
  });
}

/** Creates the channel and links it to the person's platform account. @returns a sentence for the operator */
export async function createChannel(
  db: Db,
  person: Person & { readonly slug: string | null; readonly name: string | null },
): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const account = await findAccount(tx, person);
    if (account.channelId !== null) throw new BadInput('CONFLICT', `${person.login} already has a channel`);
    const channelId = randomUUID();
    const slug = (person.slug ?? person.login).trim().toLowerCase();
    if (slug === '') throw new BadInput('BAD_REQUEST', '--slug must not be empty');
    const linkColumn = platforms.find(({ id }) => id === person.provider)?.channelIdColumn;
    const link = linkColumn === undefined ? sql`` : sql`, ${sql.ref(linkColumn)}`;
    const linkValue = linkColumn === undefined ? sql`` : sql`, ${account.providerAccountId}`;
    const created = await sql`
      insert into "Channel" (id, slug, name${link})
      select ${channelId}, ${slug}, ${person.name ?? account.displayName ?? person.login}${linkValue}
      where not exists (select from "Channel" where lower(slug) = ${slug})
      on conflict do nothing
    `.execute(tx);
    if (created.numAffectedRows === 0n) {
      throw new BadInput(
        'CONFLICT',
        `Another channel already has the slug ${slug} or the platform account of ${person.login}. Try another --slug.`,
      );
    }
    await sql`
      update "User" set "channelId" = ${channelId}, role = case role when 'admin' then role else 'streamer' end
      where id = ${account.userId}
    `.execute(tx);
    return `Channel ${slug} (${channelId}) now belongs to ${person.login}.`;
  });
}

/**
 * A bot's account is no sign-in: whoever linked it may be somebody else than the person of that name.
 *
 * @param isMeant where several accounts were last seen with the login, those that can be meant
 * @throws BadInput `NOT_FOUND`; `CONFLICT` that lists the accounts where the login does not tell which one is meant
 */
async function findAccount(
  tx: Transaction<Database>,
  { provider, login, platformUserId }: Person,
  isMeant: (account: Account) => boolean = () => true,
): Promise<Account> {
  const { rows } = await sql<Account>`
    select a."userId", a."providerAccountId", a."displayName", u."channelId", u.role
    from "ExternalAccount" a join "User" u on u.id = a."userId"
    where a.provider::text = ${provider} and lower(a.login) = ${login}
      and a."linkedAs" is distinct from 'bot_link'
      and coalesce(a."providerAccountId" = ${platformUserId}, true)
    order by a."updatedAt" desc limit ${ACCOUNTS_SHOWN}
    for update of u
  `.execute(tx);
  const meant = rows.filter(isMeant);
  const account = meant[0] ?? rows[0];
  if (account === undefined) {
    const whom = platformUserId === null ? login : `${login} with the id ${platformUserId}`;
    throw new BadInput(
      'NOT_FOUND',
      `Nobody has signed in as ${whom} on ${provider} yet. Sign in at /auth/${provider} first.`,
    );
  }
  if (meant.length <= 1) return account;
  const accounts = meant.map(({ providerAccountId, userId }) => `--id ${providerAccountId} (user ${userId})`);
  throw new BadInput(
    'CONFLICT',
    `Several accounts on ${provider} last signed in as ${login}. Nothing was changed. ` +
      `Add one of these options (latest sign-in first): ${accounts.join(', ')}`,
  );
}
