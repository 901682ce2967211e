import { expect, test } from 'vitest';
import { BOT_SCOPES, type CredentialsWorld, credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import { twitch } from '../platforms/twitch/index.ts';

async function streamer(world: CredentialsWorld) {
  const channelId = await world.channel('room0');
  const userId = await world.user({ displayName: 'room0', channelId });
  const process = await world.process({ announces: false });
  const scopes = twitch.oauth({ settings: {}, clock: world.clock } as never).scopes.streamer;
  return { channelId, userId, scopes, owner: async () => (await process.credentials.owner(channelId))?.login, process };
}

const day = (number: number) => new Date(Date.UTC(2026, 0, number));

test("the owner's account is never a bot: not an override of any channel, not a default bot, also not one switched off", async () => {
  const world = await credentialsWorld();
  const { userId, channelId, owner } = await streamer(world);
  const elsewhere = await world.channel('room1');
  const account = (login: string, number: number) => world.account({ login, userId, createdAt: day(number) });
  await account('room0', 1);
  await world.override(channelId, await account('own_bot', 2), { entitled: false, enabled: false });
  await world.override(elsewhere, await account('lent_bot', 3));
  await world.defaultBot(await account('shared_bot', 4));
  await world.defaultBot(await account('former_bot', 5), false);
  expect(await owner()).toBe('room0');
});

test('first comes an account that can be refreshed and has every scope, then the newest', async () => {
  const world = await credentialsWorld();
  const { userId, scopes, owner } = await streamer(world);
  await world.account({ login: 'old', userId, createdAt: day(1) });
  expect(await owner()).toBe('old');
  await world.account({ login: 'newer', userId, createdAt: day(2) });
  expect(await owner()).toBe('newer');
  await world.account({ login: 'able', userId, scopes, createdAt: day(0) });
  expect(await owner()).toBe('able');
  await world.account({ login: 'passing', userId, scopes, createdAt: day(5), refreshToken: null });
  expect(await owner()).toBe('able');
  await world.account({ login: 'abler', userId, scopes: ['extra', ...scopes], createdAt: day(3) });
  expect(await owner()).toBe('abler');
});

test('scopes stored with commas count too, and a refresh does not change who is chosen', async () => {
  const world = await credentialsWorld();
  const { userId, scopes, owner, process, channelId } = await streamer(world);
  const able = await world.account({ login: 'able', userId, scopes, createdAt: day(1), livesMs: 0 });
  await world.db
    .updateTable('ExternalAccount')
    .set({ scopes: scopes.join(', ') })
    .where('id', '=', able)
    .execute();
  await world.account({ login: 'newer', userId, scopes: BOT_SCOPES, createdAt: day(2) });
  expect(await owner()).toBe('able');
  expect(world.refreshes()).toBe(1);
  const { access } = await world.tokens(able);
  expect((await process.credentials.owner(channelId))?.accessToken).toBe(access);
});

test("another's account, and a broken one, are nobody's", async () => {
  const world = await credentialsWorld();
  const { userId, owner } = await streamer(world);
  await world.account({ login: 'stranger' });
  expect(await owner()).toBeUndefined();
  const broken = await world.account({ login: 'room0', userId });
  await world.db.updateTable('ExternalAccount').set({ brokenAt: new Date() }).where('id', '=', broken).execute();
  expect(await owner()).toBeUndefined();
});

test("the owner's token is refreshed like any other", async () => {
  const world = await credentialsWorld();
  const { userId, channelId, process } = await streamer(world);
  const id = await world.account({ login: 'room0', userId, livesMs: HOUR_MS });
  const first = await process.credentials.owner(channelId);
  await world.clock.advance(HOUR_MS);
  const second = await process.credentials.owner(channelId);
  expect(second?.accessToken).toBe((await world.tokens(id)).access);
  expect(second?.accessToken).not.toBe(first?.accessToken);
});

test('some account could speak: an entitled override, else the default bot, else the environment where there is no default', async () => {
  const world = await credentialsWorld();
  const { channelId, process } = await streamer(world);
  const byEnvironment = await world.process({ announces: false, env: { CHAT_BOT_LOGIN: 'legacy_bot' } });
  const has = async () => [
    await process.credentials.hasSender(channelId),
    await byEnvironment.credentials.hasSender(channelId),
  ];
  expect(await has()).toEqual([false, false]);
  await world.user({ displayName: 'Legacy_Bot', twitchUserId: '9009', twitchAccessToken: world.seal.seal('legacy-a') });
  expect(await has()).toEqual([false, true]);

  const own = await world.account({ login: 'own_bot' });
  await world.override(channelId, own, { entitled: false });
  expect(await has()).toEqual([false, true]);
  await world.db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();
  expect(await has()).toEqual([true, true]);
  await world.db.updateTable('ChannelEntitlement').set({ expiresAt: world.clock.now() }).execute();
  expect(await has()).toEqual([false, true]);

  const shared = await world.account({ login: 'shared_bot' });
  await world.defaultBot(shared);
  expect(await has()).toEqual([true, true]);
  // A worker does not speak by the environment in its place.
  await world.db.updateTable('ExternalAccount').set({ brokenAt: new Date() }).where('id', '=', shared).execute();
  expect(await has()).toEqual([false, false]);
});
