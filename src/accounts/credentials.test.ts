import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import { cuttableLine } from '../../test/support/cuttable-line.ts';
import { readDesired } from '../engine/channels/desired.ts';
import { twitch } from '../platforms/twitch/index.ts';

const LEGACY_ENV = { CHAT_BOT_LOGIN: 'legacy_bot' };

test('the override of an entitled channel speaks first, then the default bot, then the environment, then nobody', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const own = await world.account({ login: 'own_bot' });
  await world.override(room0, own);
  const shared = await world.account({ login: 'shared_bot' });
  await world.defaultBot(shared);
  const legacy = await world.account({ login: 'legacy_bot' });
  const twitchUserId = world.sim.person('legacy_bot').id;
  await world.db.updateTable('User').set({ twitchUserId }).where('displayName', '=', 'legacy_bot').execute();
  const process = await world.process({ env: LEGACY_ENV });
  const { credentials } = process;

  expect(await world.speaks(process, room0)).toEqual({ login: 'own_bot', kind: 'override' });
  await world.db.deleteFrom('TwitchBotIntegration').execute();
  expect(await world.speaks(process, room0)).toEqual({ login: 'shared_bot', kind: 'default' });
  await world.db.updateTable('GlobalTwitchBotCredential').set({ enabled: false }).execute();
  credentials.invalidate();
  expect(await world.speaks(process, room0)).toEqual({ login: 'legacy_bot', kind: 'legacy' });
  await world.db.deleteFrom('ExternalAccount').where('id', '=', legacy).execute();
  credentials.invalidate();
  expect(await world.speaks(process, room0)).toBeNull();
});

test('a channel without the entitlement, or whose entitlement ended, never speaks by its override', async () => {
  const world = await credentialsWorld();
  const [room0, room1] = [await world.channel('room0'), await world.channel('room1')];
  await world.override(room0, await world.account({ login: 'own_bot' }), { entitled: false });
  await world.override(room1, await world.account({ login: 'other_bot' }));
  await world.defaultBot(await world.account({ login: 'shared_bot' }));
  const process = await world.process();
  expect(await world.speaks(process, room0)).toMatchObject({ login: 'shared_bot' });
  expect(await world.speaks(process, room1)).toMatchObject({ login: 'other_bot' });
  const expiresAt = new Date(world.clock.now().getTime() + HOUR_MS);
  await world.db.updateTable('ChannelEntitlement').set({ expiresAt }).execute();
  await world.clock.advance(HOUR_MS);
  expect(await world.speaks(process, room1)).toMatchObject({ login: 'shared_bot' });
});

test('a right that ends by itself ends then, also for whoever read the channel before', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  await world.override(room0, await world.account({ login: 'own_bot', livesMs: 8 * HOUR_MS }));
  await world.defaultBot(await world.account({ login: 'shared_bot', livesMs: 8 * HOUR_MS }));
  const overrideEndsAt = new Date(world.clock.now().getTime() + HOUR_MS);
  await world.db.updateTable('ChannelEntitlement').set({ expiresAt: overrideEndsAt }).execute();
  const { credentials, events } = await world.process();
  const [channel] = await readDesired(world.db, twitch, [room0], world.clock.now());
  if (channel === undefined) throw new Error('the channel is not desired');
  await world.clock.advance(HOUR_MS - 1);
  expect(await credentials.senderFor(channel)).toMatchObject({ login: 'own_bot' });
  await world.clock.advance(1);
  expect(await credentials.senderFor(channel)).toMatchObject({ login: 'shared_bot' });
  // It is no fault of the account.
  expect(events('chatbot.sender_fallback')).toEqual([]);
});

test("the owner's own account never speaks, whatever else is missing", async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const userId = await world.user({ displayName: 'room0', channelId: room0 });
  await world.account({ login: 'room0', userId });
  const dead = await world.account({ login: 'own_bot', refreshToken: null, livesMs: 0 });
  await world.override(room0, dead);
  const process = await world.process();
  expect(await world.speaks(process, room0)).toBeNull();
  expect(await process.credentials.owner(room0)).toMatchObject({ login: 'room0' });
});

test('an override that cannot be used falls back and says so once, and again after it recovered and failed anew', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const own = await world.account({ login: 'own_bot', livesMs: 0 });
  await world.override(room0, own);
  await world.defaultBot(await world.account({ login: 'shared_bot', livesMs: 8 * HOUR_MS }));
  const process = await world.process();
  world.sim.faults.revokeGrant('own_bot');
  for (let messages = 0; messages < 3; messages += 1) {
    expect(await world.speaks(process, room0)).toEqual({ login: 'shared_bot', kind: 'default' });
  }
  const said = () => process.events('chatbot.sender_fallback');
  expect(said()).toMatchObject([{ channelId: room0, overrideExternalAccountId: own }]);

  await world.relink(own, 'own_bot');
  process.credentials.invalidate();
  expect(await world.speaks(process, room0)).toEqual({ login: 'own_bot', kind: 'override' });
  world.sim.faults.revokeGrant('own_bot');
  await world.clock.advance(4 * HOUR_MS);
  expect(await world.speaks(process, room0)).toEqual({ login: 'shared_bot', kind: 'default' });
  expect(await world.speaks(process, room0)).toEqual({ login: 'shared_bot', kind: 'default' });
  expect(said()).toHaveLength(2);

  await world.db.deleteFrom('TwitchBotIntegration').execute();
  await world.override(room0, await world.account({ login: 'third_bot', refreshToken: null, livesMs: 0 }), {
    entitled: false,
  });
  expect(await world.speaks(process, room0)).toEqual({ login: 'shared_bot', kind: 'default' });
  expect(said()).toHaveLength(3);
});

test('an override keeps its identity while the database is away, and nobody speaks for it while it cannot be asked', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const overrideAccountId = await world.account({ login: 'own_bot' });
  await world.defaultBot(await world.account({ login: 'shared_bot', livesMs: 8 * HOUR_MS }));
  const line = await cuttableLine(world.databaseUrl);
  const { credentials } = await world.process({ databaseUrl: line.url });
  const channel = { channelId: room0, overrideAccountId };
  expect(await credentials.senderFor(channel)).toMatchObject({ login: 'own_bot' });
  expect(await credentials.defaultSender()).toMatchObject({ login: 'shared_bot' });
  line.cut();
  credentials.invalidate();
  expect(await credentials.senderFor(channel)).toMatchObject({ login: 'own_bot' });
  await world.clock.advance(HOUR_MS);
  await expect(credentials.senderFor(channel)).rejects.toThrow();
  // The shared bot speaks elsewhere all the while.
  expect(await credentials.defaultSender()).toMatchObject({ login: 'shared_bot' });
  line.mend();
  expect(await credentials.senderFor(channel)).toMatchObject({ login: 'own_bot' });
});

test('the last known bot accounts stay ours while the database is away', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  await world.override(room0, await world.account({ login: 'own_bot' }));
  await world.defaultBot(await world.account({ login: 'shared_bot' }));
  const line = await cuttableLine(world.databaseUrl);
  const { credentials, events } = await world.process({ databaseUrl: line.url });
  await credentials.defaultSender();
  const ours = ['own_bot', 'shared_bot'].map((login) => world.sim.person(login).id).sort();
  expect([...credentials.ownAccountIds()].sort()).toEqual(ours);
  line.cut();
  credentials.invalidate();
  for (let messages = 0; messages < 3; messages += 1) {
    expect(await credentials.defaultSender()).toMatchObject({ login: 'shared_bot' });
  }
  expect([...credentials.ownAccountIds()].sort()).toEqual(ours);
  expect(events('chatbot.sender_lookup_failed').filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('an account that was unlinked does not speak after the next hint', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const shared = await world.account({ login: 'shared_bot' });
  await world.defaultBot(shared);
  const { credentials } = await world.process({ hears: true });
  expect(await credentials.senderFor({ channelId: room0, overrideAccountId: null })).not.toBeNull();
  await world.db.deleteFrom('GlobalTwitchBotCredential').execute();
  await vi.waitFor(async () => {
    expect(await credentials.senderFor({ channelId: room0, overrideAccountId: null })).toBeNull();
  });
  expect(credentials.ownAccountIds().size).toBe(0);
});

test('of several default bots the newest enabled one speaks', async () => {
  const world = await credentialsWorld();
  await world.defaultBot(await world.account({ login: 'first_bot' }));
  await world.defaultBot(await world.account({ login: 'second_bot' }));
  await world.defaultBot(await world.account({ login: 'third_bot' }), false);
  await sql`update "GlobalTwitchBotCredential" set enabled = enabled where "externalAccountId" =
    (select id from "ExternalAccount" where login = 'second_bot')`.execute(world.db);
  const { credentials } = await world.process();
  expect(await credentials.defaultSender()).toMatchObject({ login: 'second_bot' });
});

test('an installation without the table of overrides, or of defaults, does without', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const userId = await world.user({ displayName: 'room0', channelId: room0 });
  await world.account({ login: 'room0', userId });
  const shared = await world.account({ login: 'shared_bot', userId });
  await world.defaultBot(shared);
  await sql`drop table "TwitchBotIntegration"`.execute(world.db);
  const process = await world.process();
  expect(await world.speaks(process, room0)).toMatchObject({ login: 'shared_bot' });
  expect(await process.credentials.owner(room0)).toMatchObject({ login: 'room0' });
  await sql`drop table "GlobalTwitchBotCredential"`.execute(world.db);
  process.credentials.invalidate();
  expect(await world.speaks(process, room0)).toBeNull();
});
