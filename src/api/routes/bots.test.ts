import { describe, expect, test } from 'vitest';
import { type ApiWorld, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ScriptedTwitchApi } from '../../../test/support/scripted-twitch-api.ts';

const { url } = await createTestDatabase();
const PROVIDERS = ['twitch', 'vkvideo', 'youtube', 'trovo', 'kick'];
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

async function world({ env = {} as Record<string, string> } = {}) {
  const twitch = await ScriptedTwitchApi.start();
  const api = await startApiWorld(url, {
    env: { TWITCH_API_BASE_URL: `${twitch.url}/helix`, TWITCH_AUTH_BASE_URL: `${twitch.url}/oauth2`, ...env },
  });
  return { ...api, twitch };
}

/** Makes some linked account the default bot. */
async function linkDefaultBot({ pg }: ApiWorld): Promise<void> {
  await pg.query(`
    with owner as (insert into "User" ("displayName", role) values ('Owner', 'admin') returning id),
    account as (
      insert into "ExternalAccount" ("userId", provider, "providerAccountId", "accessToken")
      select id, 'twitch', 'bot' || id, 'token' from owner returning id
    )
    insert into "GlobalTwitchBotCredential" ("externalAccountId") select id from account`);
}

const dropDefaultBot = ({ pg }: ApiWorld) => pg.query('delete from "GlobalTwitchBotCredential"');

async function stored({ db }: ApiWorld, { channelId }: StreamerPerson) {
  const gates = await db
    .selectFrom('BotIntegrationSettings')
    .select(['provider', 'enabled'])
    .where('channelId', '=', channelId)
    .execute();
  const subscription = await db
    .selectFrom('ChatBotSubscription')
    .select(['enabled', 'twitchLogin'])
    .where('channelId', '=', channelId)
    .executeTakeFirst();
  return { gates, subscription };
}

test('the list has all five providers in display order, off and never touched', async () => {
  const api = await world();
  const streamer = await api.streamer();
  const { status, json } = await api.ask(streamer, 'GET', '/streamer/bots');
  expect(status).toBe(200);
  expect(json.items).toMatchObject(PROVIDERS.map((provider) => ({ provider, enabled: false, updatedAt: null })));
});

test('without a gate every provider falls back to its subscription, and a leftover of a dead platform is not shown', async () => {
  const api = await world();
  const { channelId, ...streamer } = await api.streamer();
  await api.pg.query(
    `insert into "KickChatBotSubscription" ("channelId", "userId", "kickChannelId") values ($1, $2, '5')`,
    [channelId, streamer.userId],
  );
  await api.pg.query(
    `insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'vkplaylive', true)`,
    [channelId],
  );
  const { json } = await api.ask(streamer, 'GET', '/streamer/bots');
  expect(json.items.map((item: { provider: string }) => item.provider)).toEqual(PROVIDERS);
  expect(json.items[4]).toMatchObject({ provider: 'kick', enabled: true, updatedAt: null });
});

test('enabling writes gate and subscription and moves the time on every call; the path forgives case and white space', async () => {
  const api = await world();
  await linkDefaultBot(api);
  const streamer = await api.streamer({ twitchId: '7702' });
  api.twitch.users.set('7702', 'NorthPine');
  for (const path of ['/streamer/bots/twitch', '/streamer/bots/%20TWITCH']) {
    const { status, json } = await api.ask(streamer, 'PATCH', path, { body: { enabled: true } });
    expect([status, json]).toEqual([200, { ok: true }]);
  }
  expect(await stored(api, streamer)).toEqual({
    gates: [{ provider: 'twitch', enabled: true }],
    subscription: { enabled: true, twitchLogin: 'northpine' },
  });
  const { json } = await api.ask(streamer, 'GET', '/streamer/bots');
  expect(json.items[0]).toMatchObject({ provider: 'twitch', enabled: true, updatedAt: expect.stringMatching(ISO) });
});

test('who switched a bot on or off is on record', async () => {
  const api = await world();
  const streamer = await api.streamer();
  await api.ask(streamer, 'PATCH', '/streamer/bots/kick', { body: { enabled: false } });
  const { rows } = await api.pg.query(
    'select "actorId", action, "payloadJson" from "AuditLog" where "channelId" = $1',
    [streamer.channelId],
  );
  expect(rows).toEqual([
    { actorId: streamer.userId, action: 'streamer.bots.disable', payloadJson: '{"provider":"kick"}' },
  ]);
});

test('enabling asks for stream events at Twitch', async () => {
  const api = await world({ env: { DOMAIN: 'bots.example' } });
  await linkDefaultBot(api);
  const streamer = await api.streamer({ twitchId: '7703' });
  api.twitch.users.set('7703', 'southfir');
  await api.ask(streamer, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } });
  const callback = 'https://bots.example/webhooks/twitch/eventsub';
  expect(api.twitch.subscriptions.map(({ type, transport }) => [type, transport.callback])).toEqual([
    ['stream.online', callback],
    ['stream.offline', callback],
  ]);
});

test('what cannot be enabled is refused in the order of the contract, and nothing is written', async () => {
  const api = await world();
  await dropDefaultBot(api);
  const enable = (who: StreamerPerson) =>
    api.codeOf(who, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } });
  const unlinked = await api.streamer({ twitchId: null });
  const linked = await api.streamer();
  expect(await enable(unlinked)).toEqual([400, 'TWITCH_CHANNEL_NOT_LINKED']);
  expect(await enable(linked)).toEqual([503, 'TWITCH_BOT_NOT_CONFIGURED']);
  await linkDefaultBot(api);
  expect(await enable(linked)).toEqual([400, 'BAD_REQUEST']);
  await api.twitch.stop();
  expect(await enable(linked)).toEqual([502, 'UPSTREAM_UNAVAILABLE']);
  for (const who of [unlinked, linked]) expect(await stored(api, who)).toEqual({ gates: [], subscription: undefined });
});

test('a legacy sender of the environment counts as a sender', async () => {
  const api = await world({ env: { CHAT_BOT_LOGIN: 'oldbot' } });
  await dropDefaultBot(api);
  await api.pg.query(`insert into "User" ("displayName", "twitchUserId", "twitchAccessToken")
    values ('OldBot', '31', 'plain') on conflict do nothing`);
  const streamer = await api.streamer({ twitchId: '7704' });
  api.twitch.users.set('7704', 'westoak');
  expect((await api.ask(streamer, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } })).status).toBe(200);
});

test('an override counts only with an active custom_bot entitlement', async () => {
  const api = await world();
  await dropDefaultBot(api);
  const streamer = await api.streamer({ twitchId: '7705' });
  api.twitch.users.set('7705', 'eastelm');
  await api.pg.query(
    `with account as (
      insert into "ExternalAccount" ("userId", provider, "providerAccountId", "accessToken")
      values ($1, 'twitch', '88', 'token') returning id
    ) insert into "TwitchBotIntegration" ("channelId", "externalAccountId") select $2, id from account`,
    [streamer.userId, streamer.channelId],
  );
  const enable = () => api.codeOf(streamer, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } });
  expect(await enable()).toEqual([503, 'TWITCH_BOT_NOT_CONFIGURED']);
  await api.pg.query(
    `insert into "ChannelEntitlement" ("channelId", key, "expiresAt") values ($1, 'custom_bot', now() - interval '1 day')`,
    [streamer.channelId],
  );
  expect(await enable()).toEqual([503, 'TWITCH_BOT_NOT_CONFIGURED']);
  await api.pg.query(`update "ChannelEntitlement" set "expiresAt" = null where "channelId" = $1`, [streamer.channelId]);
  expect(await enable()).toEqual([200, undefined]);
});

test('a platform channel that another MemAlerts channel uses cannot be enabled', async () => {
  const api = await world();
  await linkDefaultBot(api);
  const first = await api.streamer({ twitchId: '7706' });
  const second = await api.streamer({ twitchId: '7707' });
  for (const id of ['7706', '7707']) api.twitch.users.set(id, 'samelogin');
  const enable = (who: StreamerPerson) =>
    api.codeOf(who, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } });
  expect(await enable(first)).toEqual([200, undefined]);
  expect(await enable(second)).toEqual([409, 'CHANNEL_ALREADY_ENABLED']);
  expect(await stored(api, second)).toEqual({ gates: [], subscription: undefined });
});

test('disabling asks no platform, works while it is down, keeps the target and is the same the second time', async () => {
  const api = await world();
  await linkDefaultBot(api);
  const streamer = await api.streamer({ twitchId: '7708' });
  api.twitch.users.set('7708', 'lonebirch');
  await api.ask(streamer, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } });
  await api.twitch.stop();
  for (let time = 0; time < 2; time += 1) {
    const { json } = await api.ask(streamer, 'PATCH', '/streamer/bots/twitch', { body: { enabled: false } });
    expect(json).toEqual({ ok: true });
  }
  expect(await stored(api, streamer)).toEqual({
    gates: [{ provider: 'twitch', enabled: false }],
    subscription: { enabled: false, twitchLogin: 'lonebirch' },
  });
});

test('disabling what was never on creates a subscription on Twitch only', async () => {
  const api = await world();
  const streamer = await api.streamer();
  for (const provider of PROVIDERS) {
    const { json } = await api.ask(streamer, 'PATCH', `/streamer/bots/${provider}`, { body: { enabled: false } });
    expect(json).toEqual({ ok: true });
  }
  expect((await stored(api, streamer)).subscription).toEqual({ enabled: false, twitchLogin: '' });
  const { rows } = await api.pg.query('select from "VkVideoChatBotSubscription" where "channelId" = $1', [
    streamer.channelId,
  ]);
  expect(rows).toEqual([]);
});

describe('a request that cannot be understood changes nothing', () => {
  test('an unknown provider is told which ones there are, a dead one that it is gone', async () => {
    const api = await world();
    const streamer = await api.streamer();
    const unknown = await api.ask(streamer, 'PATCH', '/streamer/bots/myspace', { body: { enabled: true } });
    expect([unknown.status, unknown.json]).toEqual([
      400,
      {
        errorCode: 'VALIDATION_ERROR',
        error: expect.any(String),
        requestId: unknown.headers['x-request-id'],
        details: { provider: 'myspace', allowed: PROVIDERS },
      },
    ]);
    const dead = await api.ask(streamer, 'PATCH', '/streamer/bots/vkplaylive', { body: { enabled: true } });
    expect([dead.status, dead.json]).toEqual([
      410,
      expect.objectContaining({ errorCode: 'PROVIDER_DEPRECATED', code: 'PROVIDER_DEPRECATED' }),
    ]);
  });

  test.each([
    ['a string', '{"enabled":"true"}', 'string'],
    ['a number', '{"enabled":1}', 'number'],
    ['null', '{"enabled":null}', 'object'],
    ['nothing', '{}', 'undefined'],
    ['a list', '[true]', 'undefined'],
    ['a bare value', 'true', 'undefined'],
  ])('%s as enabled', async (_name, raw, receivedType) => {
    const api = await world();
    const streamer = await api.streamer();
    const { status, json } = await api.ask(streamer, 'PATCH', '/streamer/bots/twitch', { raw });
    expect([status, json.errorCode, json.error]).toEqual([400, 'VALIDATION_ERROR', 'enabled must be a boolean']);
    expect(json.details).toEqual({ field: 'enabled', receivedType, hint: null });
    expect((await stored(api, streamer)).gates).toEqual([]);
  });

  test('a body of another type is told how to send it', async () => {
    const api = await world();
    const streamer = await api.streamer();
    const { json } = await api.ask(streamer, 'PATCH', '/streamer/bots/twitch', {
      raw: '{"enabled":true}',
      headers: { 'content-type': 'text/plain' },
    });
    expect(json.details).toEqual({ field: 'enabled', receivedType: 'undefined', hint: expect.stringMatching(/json/) });
  });
});
