import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { credentialsWorld } from '../../../test/support/credentials-world.ts';
import { lockWaits } from '../../../test/support/lock-waits.ts';
import type { UserId } from '../../lib/brand.ts';
import { twitch } from '../../platforms/twitch/index.ts';
import { forgetFormerBot, revokeTokens, unlinkAccount } from './unlink.ts';

test('a former bot that is made a bot again meanwhile stays', async () => {
  const world = await credentialsWorld();
  const bot = await world.account({ login: 'helperbot' });
  await world.db.updateTable('ExternalAccount').set({ linkedAs: 'bot_link' }).where('id', '=', bot).execute();
  const isLocked = Promise.withResolvers<void>();
  const maySettle = Promise.withResolvers<void>();
  const making = world.db.transaction().execute(async (tx) => {
    await tx.updateTable('ExternalAccount').set({ displayName: 'Helper' }).where('id', '=', bot).execute();
    isLocked.resolve();
    await maySettle.promise;
    await tx.insertInto('GlobalTwitchBotCredential').values({ externalAccountId: bot }).execute();
  });
  await isLocked.promise;
  const forgetting = world.db.transaction().execute((tx) => forgetFormerBot(tx, twitch, bot));
  await lockWaits(world.db, 1);
  maySettle.resolve();
  await making;
  expect(await forgetting).toBeNull();
  expect(await world.row(bot)).toMatchObject({ displayName: 'Helper' });
});

test('an account that is no bot any more goes with its tokens; somebody’s own account never does', async () => {
  const world = await credentialsWorld();
  const forget = (id: Awaited<ReturnType<typeof world.account>>) =>
    world.db.transaction().execute((tx) => forgetFormerBot(tx, twitch, id));
  const [former, own, unknown] = [
    await world.account({ login: 'former' }),
    await world.account({ login: 'own' }),
    await world.account({ login: 'unknown' }),
  ];
  await world.db.updateTable('ExternalAccount').set({ linkedAs: 'bot_link' }).where('id', '=', former).execute();
  await world.db.updateTable('ExternalAccount').set({ linkedAs: 'link' }).where('id', '=', own).execute();
  expect(await forget(own)).toBeNull();
  expect(await forget(unknown)).toBeNull();
  const left = await forget(former);
  expect(world.seal.open(left?.accessToken ?? '')).toBeTruthy();
  expect(await forget(former)).toBeNull();
});

test('an account that was linked to be a bot is not the last one somebody signs in with', async () => {
  const world = await credentialsWorld();
  const userId = (await world.user({ displayName: 'Ada' })) as UserId;
  const own = await world.account({ login: 'own', userId });
  const leftover = await world.account({ login: 'leftover', userId });
  await world.db.updateTable('ExternalAccount').set({ linkedAs: 'bot_link' }).where('id', '=', leftover).execute();
  expect(await unlinkAccount(world.db, [twitch], userId, own)).toEqual({ kind: 'last_account' });
  expect(await unlinkAccount(world.db, [twitch], userId, leftover)).toMatchObject({ kind: 'unlinked' });
});

test('tokens that no key opens are left alone, the others are revoked', async () => {
  const revoked: string[] = [];
  const oauth = { revoke: async (token: string) => void revoked.push(token) };
  const open = (stored: string) => {
    if (stored === 'unreadable') throw new Error('no key');
    return stored.toUpperCase();
  };
  await revokeTokens(oauth, { open }, { accessToken: 'unreadable', refreshToken: 'readable' });
  await revokeTokens(oauth, { open }, { accessToken: null, refreshToken: null });
  expect(revoked).toEqual(['READABLE']);
});

test('an account is unlinked while its person signs in with it, and neither waits for the other for ever', async () => {
  const world = await credentialsWorld();
  const userId = (await world.user({ displayName: 'Vera' })) as UserId;
  const going = await world.account({ login: 'going', userId });
  await world.account({ login: 'staying', userId });
  const { unlinking } = await world.db.transaction().execute(async (tx) => {
    // The steps of a sign-in, with somebody in between.
    await tx.updateTable('ExternalAccount').set({ displayName: 'Vera K' }).where('id', '=', going).execute();
    const unlinking = unlinkAccount(world.db, [twitch], userId, going);
    await lockWaits(world.db, 1);
    await tx.updateTable('User').set({ displayName: 'Vera K' }).where('id', '=', userId).execute();
    return { unlinking };
  });
  expect(await unlinking).toMatchObject({ kind: 'unlinked' });
});

test('of two requests at once that unlink the last two accounts, one is refused', async () => {
  const world = await credentialsWorld();
  const userId = (await world.user({ displayName: 'Vera' })) as UserId;
  const accounts = [await world.account({ login: 'one', userId }), await world.account({ login: 'two', userId })];
  const { unlinking } = await world.db.transaction().execute(async (tx) => {
    // Both have read the accounts, or wait to read them, before either deletes one.
    await sql`lock table "GlobalTwitchBotCredential"`.execute(tx);
    const unlinking = accounts.map((account) => unlinkAccount(world.db, [twitch], userId, account));
    await lockWaits(world.db, 2);
    return { unlinking };
  });
  const kinds = (await Promise.all(unlinking)).map(({ kind }) => kind);
  expect(kinds.sort()).toEqual(['last_account', 'unlinked']);
});
