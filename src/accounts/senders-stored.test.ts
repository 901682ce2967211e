import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import { createTokenSeal } from '../lib/token-seal.ts';

const BY_ENVIRONMENT = { env: { CHAT_BOT_LOGIN: 'legacy_bot' } };

test('people are told who speaks and why, and each time it is the account that does speak', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  const process = await world.process(BY_ENVIRONMENT);
  const told = async () => {
    process.credentials.invalidate();
    // Compares what a worker does with what is told.
    await world.speaks(process, room0);
    const { kind, login, reason } = await process.senders.effective(room0);
    return [kind, login, reason];
  };
  expect(await told()).toEqual(['none', null, 'no_bot']);
  const legacy = await world.account({ login: 'legacy_bot' });
  const twitchUserId = world.sim.person('legacy_bot').id;
  await world.db.updateTable('User').set({ twitchUserId }).where('displayName', '=', 'legacy_bot').execute();
  expect(await told()).toEqual(['legacy', 'legacy_bot', 'environment']);

  const own = await world.account({ login: 'own_bot' });
  await world.override(room0, own, { entitled: false });
  expect(await told()).toEqual(['legacy', 'legacy_bot', 'own_bot_not_entitled']);
  await world.db
    .insertInto('ChannelEntitlement')
    .values({ channelId: room0, key: 'custom_bot', enabled: true })
    .execute();
  expect(await told()).toEqual(['override', 'own_bot', 'own_bot']);

  const shared = await world.account({ login: 'shared_bot' });
  await world.defaultBot(shared);
  const setOverride = (enabled: boolean) => world.db.updateTable('TwitchBotIntegration').set({ enabled }).execute();
  await setOverride(false);
  expect(await told()).toEqual(['default', 'shared_bot', 'own_bot_off']);
  await setOverride(true);
  await world.db.updateTable('ChannelEntitlement').set({ expiresAt: world.clock.now() }).execute();
  expect(await told()).toEqual(['default', 'shared_bot', 'own_bot_not_entitled']);
  await world.db.updateTable('ChannelEntitlement').set({ expiresAt: null }).execute();

  const end = (id: string) =>
    world.db.updateTable('ExternalAccount').set({ brokenAt: world.clock.now() }).where('id', '=', id).execute();
  await end(own);
  expect(await told()).toEqual(['default', 'shared_bot', 'own_bot_relink']);
  await world.db.deleteFrom('TwitchBotIntegration').execute();
  expect(await told()).toEqual(['default', 'shared_bot', 'default_bot']);
  // The environment does not speak for a default bot that cannot.
  await end(shared);
  expect(await told()).toEqual(['none', null, 'default_bot_relink']);
  await world.db.deleteFrom('GlobalTwitchBotCredential').execute();
  expect(await told()).toEqual(['legacy', 'legacy_bot', 'environment']);
  await end(legacy);
  expect(await told()).toEqual(['none', null, 'no_bot']);
});

test('an account whose tokens no key opens speaks nowhere, and that is the reason told', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  await world.override(room0, await world.account({ login: 'own_bot' }));
  await world.defaultBot(await world.account({ login: 'shared_bot', sealed: false }));
  const process = await world.process({ seal: createTokenSeal([Buffer.alloc(32, 9)]) });
  expect(await world.speaks(process, room0)).toEqual({ login: 'shared_bot', kind: 'default' });
  expect(await process.senders.effective(room0)).toMatchObject({ reason: 'own_bot_unreadable' });
});

test('asking for the sender asks no platform and renews nothing', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  await world.override(room0, await world.account({ login: 'own_bot', livesMs: 0 }));
  const { senders } = await world.process({ announces: false });
  const asked = world.sim.calls.length;
  expect(await senders.effective(room0)).toMatchObject({ kind: 'override', login: 'own_bot' });
  await world.clock.advance(HOUR_MS);
  expect(await senders.effective(null)).toMatchObject({ kind: 'none', reason: 'no_bot' });
  expect(world.sim.calls.length).toBe(asked);
});

test('tables that are not there name nobody', async () => {
  const world = await credentialsWorld();
  const room0 = await world.channel('room0');
  await world.override(room0, await world.account({ login: 'own_bot' }));
  await world.defaultBot(await world.account({ login: 'shared_bot' }));
  const { senders } = await world.process({ announces: false });
  await sql`drop table "ChannelEntitlement"`.execute(world.db);
  expect(await senders.effective(room0)).toMatchObject({ kind: 'default', reason: 'own_bot_not_entitled' });
  await sql`drop table "TwitchBotIntegration"`.execute(world.db);
  expect(await senders.effective(room0)).toMatchObject({ kind: 'default', reason: 'default_bot' });
  await sql`drop table "GlobalTwitchBotCredential"`.execute(world.db);
  expect(await senders.effective(room0)).toMatchObject({ kind: 'none', reason: 'no_bot' });
});
