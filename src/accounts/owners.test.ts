import { expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool } from '../db/pool.ts';
import type { PlatformUserId, UserId } from '../lib/brand.ts';
import { createTokenSeal } from '../lib/token-seal.ts';
import { twitch } from '../platforms/twitch/index.ts';
import { signIn } from './login.ts';
import { makeAdmin, revokeAdmin } from './owners.ts';

async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  const rules = {
    seal: createTokenSeal([]),
    ownerLogins: new Map([['twitch', new Set(['bigowner'])]]),
    selfSignup: false,
  };
  return {
    ...pool,
    /** @param id the platform's own id of whoever has the login now */
    signIn: (id: string, login: string) =>
      signIn(
        pool.db,
        {
          platform: twitch,
          provider: twitch.id,
          isAskedAgain: false,
          identity: {
            platformUserId: id as PlatformUserId,
            login,
            displayName: login,
            avatarUrl: null,
            profileUrl: null,
          },
          tokens: { accessToken: 'a', refreshToken: 'r', expiresInSeconds: 9000, scopes: [] },
          now: new Date(),
        },
        rules,
      ),
    roleOf: async (id: string) =>
      (await pool.db.selectFrom('User').select('role').where('twitchUserId', '=', id).executeTakeFirst())?.role,
    audited: async () =>
      (await pool.db.selectFrom('AuditLog').select(['action', 'payloadJson']).orderBy('createdAt').execute()).map(
        ({ action, payloadJson }) => [action, JSON.parse(payloadJson)],
      ),
  };
}

test('the first who signs in under the login of an owner is one for good; a later bearer of that login is not', async () => {
  await using people = await closing(await world());
  expect(await people.signIn('1', 'BigOwner')).toMatchObject({ session: { role: 'admin' }, hasOwnersName: false });
  // They rename, and somebody takes the login they gave up.
  await people.signIn('1', 'another_name');
  expect(await people.signIn('2', 'bigowner')).toMatchObject({ session: { role: 'viewer' }, hasOwnersName: true });
  expect(await people.roleOf('1')).toBe('admin');
  expect(await people.roleOf('2')).toBe('viewer');
});

test('a promotion is in the audit log, once', async () => {
  await using people = await closing(await world());
  await people.signIn('1', 'bigowner');
  await people.signIn('1', 'bigowner');
  expect(await people.audited()).toEqual([
    [
      'owner.admins.grant',
      { userId: expect.any(String), provider: 'twitch', login: 'bigowner', platformUserId: '1', by: 'configuration' },
    ],
  ]);
});

test('an owner there already is keeps their login, also one who signed in before logins were bound to people', async () => {
  await using people = await closing(await world());
  await people.signIn('1', 'bigowner');
  await people.pg.query('delete from "OwnerLogin"');
  expect(await people.signIn('2', 'bigowner')).toMatchObject({ session: { role: 'viewer' }, hasOwnersName: true });
  expect(await people.signIn('1', 'bigowner')).toMatchObject({ session: { role: 'admin' }, hasOwnersName: false });
});

test('whoever is no owner any more is not made one again by the name in the configuration', async () => {
  await using people = await closing(await world());
  const signedIn = await people.signIn('1', 'bigowner');
  const userId = (signedIn.kind === 'signed_in' ? signedIn.session.userId : '') as UserId;
  const account = { provider: 'twitch', login: 'bigowner', platformUserId: '1' };
  await people.db.transaction().execute((tx) => revokeAdmin(tx, userId, account));
  expect(await people.signIn('1', 'bigowner')).toMatchObject({ session: { role: 'viewer' }, hasOwnersName: false });
  expect((await people.audited()).map(([action]) => action)).toEqual(['owner.admins.grant', 'owner.admins.revoke']);
});

test('a copy of the API from before owners were bound to accounts does not bring a revoked one back either', async () => {
  await using people = await closing(await world());
  const signedIn = await people.signIn('1', 'bigowner');
  const userId = (signedIn.kind === 'signed_in' ? signedIn.session.userId : '') as UserId;
  const account = { provider: 'twitch', login: 'bigowner', platformUserId: '1' };
  const promoteAsBefore = () => people.pg.query(`update "User" set role = 'admin' where id = $1`, [userId]);
  await people.db.transaction().execute((tx) => revokeAdmin(tx, userId, account));
  await promoteAsBefore();
  expect(await people.roleOf('1')).toBe('viewer');
  await people.db.transaction().execute((tx) => makeAdmin(tx, userId, account, { actorId: null, by: 'operator' }));
  expect(await people.roleOf('1')).toBe('admin');
  await promoteAsBefore();
  expect(await people.roleOf('1')).toBe('admin');
});

test('of two who use a login for the first time at once one becomes an owner', async () => {
  await using people = await closing(await world());
  const both = await Promise.all(['1', '2'].map((id) => people.signIn(id, 'bigowner')));
  const roles = both.map((one) => one.kind === 'signed_in' && one.session.role);
  expect(roles.sort()).toEqual(['admin', 'viewer']);
});

async function closing<T extends { end(): Promise<void> }>(opened: T): Promise<T & AsyncDisposable> {
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.end() });
}
