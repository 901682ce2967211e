import { expect, test } from 'vitest';
import {
  BOT_SCOPES,
  type CredentialsWorld,
  credentialsWorld,
  HOUR_MS,
  sealKey,
} from '../../test/support/credentials-world.ts';
import { createTokenSeal } from '../lib/token-seal.ts';
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

test("another's account is nobody's, and an owner whose grants are over is told apart from one who never linked", async () => {
  const world = await credentialsWorld();
  const { userId, channelId, owner, process } = await streamer(world);
  await world.account({ login: 'stranger' });
  expect(await process.source.owner(channelId)).toBe('unlinked');
  const broken = await world.account({ login: 'room0', userId, createdAt: day(2) });
  await world.db.updateTable('ExternalAccount').set({ brokenAt: new Date() }).where('id', '=', broken).execute();
  expect(await process.source.owner(channelId)).toBe('none');
  await world.account({ login: 'living', userId, createdAt: day(1) });
  expect(await owner()).toBe('living');
});

test('an owner whose tokens no key opens is told apart from one whose grant is over', async () => {
  const world = await credentialsWorld();
  const { userId, channelId } = await streamer(world);
  await world.account({ login: 'room0', userId });
  const { source } = await world.process({ announces: false, seal: createTokenSeal([sealKey(2)]) });
  expect(await source.owner(channelId)).toBe('unreadable');
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
