/** How an operator gets the first owner and the first streamers going. */
import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { bindOwnerLogin, makeAdmin, revokeAdmin } from '../accounts/owners.ts';
import { endSessionsOf } from '../accounts/session-ends.ts';
import type { UserRole } from '../accounts/sessions.ts';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { UserId } from '../lib/brand.ts';
import { BadInput } from '../lib/errors.ts';
import { platforms } from '../platforms/all.ts';

interface Person {
  readonly provider: string;
  /** Lower-case. */
  readonly login: string;
}

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

/** Takes it back for good, and ends every login they have. @returns a sentence for the operator */
export async function takeAdmin(db: Db, person: Person, now: Date): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const account = await findAccount(tx, person, 'admin');
    if (account.role !== 'admin')
      throw new BadInput('CONFLICT', `${person.login} is not an owner. Nothing was changed.`);
    const named = { ...person, platformUserId: account.providerAccountId };
    // Bound to whom it was: a list that still names the login must not make the next one of that name an owner.
    await bindOwnerLogin(tx, named);
    await revokeAdmin(tx, account.userId, named, now);
    await endSessionsOf(tx, account.userId, now);
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
 * @param preferred the role of whom is meant where two had the same login one after the other
 */
async function findAccount(
  tx: Transaction<Database>,
  { provider, login }: Person,
  preferred: UserRole | null = null,
): Promise<Account> {
  const found = await sql<Account>`
    select a."userId", a."providerAccountId", a."displayName", u."channelId", u.role
    from "ExternalAccount" a join "User" u on u.id = a."userId"
    where a.provider::text = ${provider} and lower(a.login) = ${login}
      and a."linkedAs" is distinct from 'bot_link'
    order by u.role = ${preferred} desc, a."updatedAt" desc limit 1
    for update of u
  `.execute(tx);
  if (found.rows[0] === undefined) {
    throw new BadInput(
      'NOT_FOUND',
      `Nobody has signed in as ${login} on ${provider} yet. Sign in at /auth/${provider} first.`,
    );
  }
  return found.rows[0];
}
