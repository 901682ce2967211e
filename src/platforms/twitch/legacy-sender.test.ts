import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ScriptedTwitchApi } from '../../../test/support/scripted-twitch-api.ts';
import { twitchDeps } from '../../../test/support/twitch-api-world.ts';
import { createPool } from '../../db/pool.ts';
import { findLegacySender } from './legacy-sender.ts';

async function world() {
  const deps = twitchDeps(await ScriptedTwitchApi.start());
  const pool = createPool((await createTestDatabase()).url, { applicationName: 'test', slowMs: 10_000, log: deps.log });
  onTestFinished(() => pool.end());
  const { db } = pool;
  const user = async (displayName: string, twitchUserId: string, twitchAccessToken: string | null) => {
    const row = { displayName, twitchUserId, twitchAccessToken, twitchRefreshToken: `r-${twitchUserId}` };
    return db.insertInto('User').values(row).returning('id').executeTakeFirstOrThrow();
  };
  const find = (env: Record<string, string | null>) =>
    findLegacySender({ ...deps, settings: { ...deps.settings, ...env }, db });
  return { db, user, find };
}

test('the environment names the sender by user id, then by Twitch id, then by display name', async () => {
  const { user, find } = await world();
  const first = await user('First', '1', 'a-1');
  await user('Second', '2', 'a-2');
  await user('HelperBot', '3', 'a-3');
  const env = { CHAT_BOT_USER_ID: first.id, CHAT_BOT_TWITCH_USER_ID: '2', CHAT_BOT_LOGIN: 'helperbot' };
  expect(await find(env)).toMatchObject({
    accountId: null,
    platformUserId: '1',
    accessToken: 'a-1',
    refreshToken: 'r-1',
  });
  expect(await find({ ...env, CHAT_BOT_USER_ID: 'gone' })).toMatchObject({ platformUserId: '2' });
  const byLogin = { ...env, CHAT_BOT_USER_ID: null, CHAT_BOT_TWITCH_USER_ID: null };
  expect(await find(byLogin)).toMatchObject({ platformUserId: '3', login: 'helperbot' });
  expect(await find({ ...byLogin, CHAT_BOT_LOGIN: null })).toBeNull();
});

test('somebody who calls themselves like the bot elsewhere is not the bot, however long they have been here', async () => {
  const { db, user, find } = await world();
  const older = new Date('2020-01-01T00:00:00Z');
  await db.insertInto('User').values({ displayName: 'HelperBot', createdAt: older }).execute();
  const { id: userId } = await user('HelperBot', '66', 'a-66');
  await db.updateTable('User').set({ createdAt: older }).where('id', '=', userId).execute();
  const account = {
    userId,
    provider: 'twitch',
    providerAccountId: '66',
    login: 'mallory',
    accessToken: 'b-66',
  } as const;
  await db.insertInto('ExternalAccount').values(account).execute();
  expect(await find({ CHAT_BOT_LOGIN: 'helperbot' })).toBeNull();
  await user('HelperBot', '3', 'a-3');
  expect(await find({ CHAT_BOT_LOGIN: 'helperbot' })).toMatchObject({ platformUserId: '3', accessToken: 'a-3' });
});

test('a named user without a token is no sender', async () => {
  const { user, find } = await world();
  await user('HelperBot', '3', null);
  expect(await find({ CHAT_BOT_LOGIN: 'helperbot' })).toBeNull();
});

test('refreshed tokens go back to where they were found, and nothing erases a refresh token', async () => {
  const { db, user, find } = await world();
  const { id } = await user('HelperBot', '3', 'a-3');
  const legacy = await find({ CHAT_BOT_LOGIN: 'helperbot' });
  await legacy?.save({ accessToken: 'a-4', refreshToken: null, expiresAt: null });
  expect(await find({ CHAT_BOT_USER_ID: id })).toMatchObject({ accessToken: 'a-4', refreshToken: 'r-3' });

  const account = {
    userId: id,
    provider: 'twitch',
    providerAccountId: '3',
    accessToken: 'b-1',
    refreshToken: 'rb-1',
  } as const;
  await db
    .insertInto('ExternalAccount')
    .values({ ...account, login: 'helper_bot' })
    .execute();
  const linked = await find({ CHAT_BOT_USER_ID: id });
  expect(linked).toMatchObject({ accessToken: 'b-1', login: 'helper_bot', platformUserId: '3' });
  const expiresAt = new Date('2026-01-02T00:00:00Z');
  await linked?.save({ accessToken: 'b-2', refreshToken: 'rb-2', expiresAt });
  expect(await find({ CHAT_BOT_USER_ID: id })).toMatchObject({ accessToken: 'b-2', refreshToken: 'rb-2', expiresAt });
  const old = await db.selectFrom('User').select('twitchAccessToken').where('id', '=', id).executeTakeFirst();
  expect(old?.twitchAccessToken).toBe('a-4');
});

test('the login of the environment is taken only for the user who goes by it', async () => {
  const { user, find } = await world();
  const { id } = await user('ヘルパー', '3', 'a-3');
  expect(await find({ CHAT_BOT_USER_ID: id, CHAT_BOT_LOGIN: 'helperbot' })).toMatchObject({ login: null });
  expect(await find({ CHAT_BOT_TWITCH_USER_ID: '3' })).toMatchObject({ platformUserId: '3', login: null });
});
