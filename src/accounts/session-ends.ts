/** Ends logins before their tokens expire: one of them, or everything a person was signed in with until now. */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';
import type { ReadSession } from './sessions.ts';

/** What a person may do now, whatever their token says. */
export interface Rights {
  readonly role: string;
  readonly channelId: ChannelId | null;
  readonly hasBetaAccess: boolean;
}

/** The login of a token that names itself; one that does not cannot be ended alone. */
export async function endSession(db: Db, { jti, userId, expiresAt }: ReadSession): Promise<void> {
  if (jti === null) return;
  await db
    .insertInto('EndedSession')
    .values({ jti, userId, expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * Every login the person has. A later one is issued from the returned time on, and counts. The time is the database's:
 * the clock of whoever ends them may be wrong.
 *
 * @returns `User.sessionsFrom`; null when there is no such person
 */
export async function endSessionsOf(tx: Transaction<Database>, userId: UserId): Promise<Date | null> {
  // A second call within the same second has to end what was issued from the first one on.
  const { rows } = await sql<{ sessionsFrom: Date }>`
    update "User" set "sessionsFrom" = greatest(
      "sessionsFrom" + interval '1 second',
      date_trunc('second', timezone('utc', clock_timestamp())) + interval '1 second'
    )
    where id = ${userId} returning "sessionsFrom"
  `.execute(tx);
  return rows[0]?.sessionsFrom ?? null;
}

/** @returns `ended` for a login that was ended; null when the person is gone */
export async function rightsOf(db: Db, { userId, jti, issuedAt }: ReadSession): Promise<Rights | 'ended' | null> {
  const user = await db
    .selectFrom('User')
    .select(['role', 'channelId', 'hasBetaAccess', 'sessionsFrom'])
    .select(({ exists, selectFrom }) =>
      // Other services of the same secret may give two people's tokens one name.
      exists(selectFrom('EndedSession').select('jti').where('jti', '=', jti).where('userId', '=', userId)).as(
        'isEnded',
      ),
    )
    .where('id', '=', userId)
    .executeTakeFirst();
  if (user === undefined) return null;
  const { isEnded, sessionsFrom, channelId, ...rights } = user;
  if (isEnded || (sessionsFrom !== null && issuedAt < sessionsFrom)) return 'ended';
  return { ...rights, channelId: channelId as ChannelId | null };
}
