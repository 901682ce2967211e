import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { LINKING_ENV, PROVIDERS, platformOf, sendersWorld, unsetLinking } from '../../../test/support/senders-world.ts';

const { url } = await createTestDatabase();
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const FROM_PANEL = { 'sec-fetch-site': 'same-origin' };

describe.for(PROVIDERS)('%s', (provider) => {
  const PATH = `/streamer/bots/${provider}/bot`;

  test('a channel without a bot of its own is told so, and who speaks instead', async () => {
    const api = await sendersWorld(url);
    await api.noDefaultBot(provider);
    const streamer = await api.streamer();
    const { status, json } = await api.ask(streamer, 'GET', PATH);
    expect([status, json]).toEqual([
      200,
      {
        enabled: false,
        externalAccountId: null,
        updatedAt: null,
        lockedBySubscription: false,
        account: null,
        effectiveSender: { kind: 'none', login: null, displayName: null, reason: 'no_bot' },
      },
    ]);
    await api.defaultBot(provider, 'shared_bot');
    expect((await api.ask(streamer, 'GET', PATH)).json.effectiveSender).toEqual({
      kind: 'default',
      login: 'shared_bot',
      displayName: 'SHARED_BOT',
      reason: 'default_bot',
    });
  });

  test('a bot without the right to one is locked, and the default bot speaks until the right is there', async () => {
    const api = await sendersWorld(url);
    await api.defaultBot(provider, 'shared_bot');
    const streamer = await api.streamer();
    const id = await api.ownBot(streamer.channelId, provider, 'own_bot');
    const { json } = await api.ask(streamer, 'GET', PATH);
    expect(json).toEqual({
      enabled: true,
      externalAccountId: id,
      updatedAt: expect.stringMatching(ISO),
      lockedBySubscription: true,
      account: {
        login: 'own_bot',
        displayName: 'OWN_BOT',
        avatarUrl: null,
        state: 'ok',
        reason: null,
        grantEndsAt: null,
      },
      effectiveSender: expect.objectContaining({ login: 'shared_bot', reason: 'own_bot_not_entitled' }),
    });
    await api.entitle(streamer.channelId);
    const after = (await api.ask(streamer, 'GET', PATH)).json;
    expect(after.lockedBySubscription).toBe(false);
    expect(after.effectiveSender).toMatchObject({ kind: 'override', login: 'own_bot', reason: 'own_bot' });
  });

  test('linking sends an entitled streamer to the consent page, and nobody else', async () => {
    const api = await sendersWorld(url, LINKING_ENV[provider]);
    const streamer = await api.streamer();
    const link = () => api.ask(streamer, 'GET', `${PATH}/link?redirect_to=/settings/bot`, { headers: FROM_PANEL });
    const states = () =>
      api.db
        .selectFrom('OAuthState')
        .select(['provider', 'kind', 'channelId', 'redirectTo'])
        .where('userId', '=', streamer.userId)
        .execute();
    const refused = await link();
    expect([refused.status, refused.json]).toEqual([
      403,
      expect.objectContaining({ errorCode: 'SUBSCRIPTION_REQUIRED', code: 'SUBSCRIPTION_REQUIRED' }),
    ]);
    expect(await states()).toEqual([]);
    await api.entitle(streamer.channelId);
    const { status, headers } = await link();
    expect([status, headers.location]).toEqual([302, expect.stringContaining('state=')]);
    expect(await states()).toEqual([
      { provider, kind: 'bot_link', channelId: streamer.channelId, redirectTo: '/settings/bot' },
    ]);
  });

  test('linking names the variables that are not set', async () => {
    const unset = unsetLinking(provider);
    const { TWITCH_CLIENT_ID: _, TWITCH_CLIENT_SECRET: __, ...optional } = unset;
    const api = await sendersWorld(url, optional);
    const streamer = await api.streamer();
    await api.entitle(streamer.channelId);
    const { status, json } = await api.ask(streamer, 'GET', `${PATH}/link`, { headers: FROM_PANEL });
    expect([status, json.errorCode, json.details.provider]).toEqual([503, 'BOT_NOT_CONFIGURED', provider]);
    expect(Object.keys(optional)).toEqual(expect.arrayContaining(json.details.missing));
    expect(json.details.missing).toContain(`${provider.toUpperCase()}_CALLBACK_URL`);
  });

  test("a bot is taken back once, its account goes unless it is somebody's own, and that is on record", async () => {
    const api = await sendersWorld(url);
    const streamer = await api.streamer();
    const id = await api.ownBot(streamer.channelId, provider, 'own_bot');
    const other = await api.streamer();
    const own = await api.ownBot(other.channelId, provider, 'somebody', { linkedAs: 'link' });
    for (const who of [streamer, streamer, other]) {
      const { status, json } = await api.ask(who, 'DELETE', PATH);
      expect([status, json]).toEqual([200, { ok: true }]);
    }
    expect((await api.ask(streamer, 'GET', PATH)).json.externalAccountId).toBeNull();
    expect([await api.accountExists(id), await api.accountExists(own)]).toEqual([false, true]);
    expect(await api.audit(streamer.channelId, streamer.userId)).toEqual([
      { action: 'streamer.bots.bot.unlink', payloadJson: JSON.stringify({ provider, externalAccountId: id }) },
    ]);
  });

  test('where the table is missing the feature is', async () => {
    const { url: own } = await createTestDatabase({ forTest: true });
    const api = await sendersWorld(own);
    const streamer = await api.streamer();
    await api.pg.query(`drop table "${platformOf(provider).tables.override}"`);
    for (const method of ['GET', 'DELETE']) {
      expect(await api.codeOf(streamer, method, PATH)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
    }
  });
});

test('a bot that is the default bot too keeps its account, and is revoked only when nobody needs it', async () => {
  const api = await sendersWorld(url);
  const streamer = await api.streamer();
  api.sim.addPerson('two_jobs');
  const { access: accessToken } = api.sim.issueToken('two_jobs', ['chat:read']);
  const id = await api.defaultBot('twitch', 'two_jobs', { accessToken });
  await api.pg.query('insert into "TwitchBotIntegration" ("channelId", "externalAccountId") values ($1, $2)', [
    streamer.channelId,
    id,
  ]);
  const revocations = () => api.sim.calls.filter(({ path }) => path.endsWith('/revoke')).length;
  await api.ask(streamer, 'DELETE', '/streamer/bots/twitch/bot');
  expect([await api.accountExists(id), revocations()]).toEqual([true, 0]);
  await api.ask(await api.person('admin'), 'DELETE', '/owner/bots/twitch/default');
  expect([await api.accountExists(id), revocations()]).toEqual([false, 1]);
});

test('a platform that does not answer does not keep a bot', async () => {
  const api = await sendersWorld(url);
  const streamer = await api.streamer();
  const id = await api.ownBot(streamer.channelId, 'twitch', 'own_bot');
  await api.sim.stop();
  expect((await api.ask(streamer, 'DELETE', '/streamer/bots/twitch/bot')).status).toBe(200);
  expect(await api.accountExists(id)).toBe(false);
});

test('the state of the account says that it has to be linked again, and until when it need not be', async () => {
  const api = await sendersWorld(url);
  const streamer = await api.streamer();
  const id = await api.ownBot(streamer.channelId, 'kick', 'own_bot');
  await api.pg.query(`update "ExternalAccount" set "grantEndsAt" = '2026-12-20T10:00:00Z' where id = $1`, [id]);
  const read = async () => (await api.ask(streamer, 'GET', '/streamer/bots/kick/bot')).json.account;
  expect(await read()).toMatchObject({ state: 'ok', grantEndsAt: '2026-12-20T10:00:00.000Z' });
  await api.pg.query(
    `update "ExternalAccount" set "brokenAt" = now(), "brokenReason" = 'invalid_grant' where id = $1`,
    [id],
  );
  expect(await read()).toMatchObject({ state: 'relink', reason: 'invalid_grant' });
});

test('linking from a foreign page is refused, whatever the streamer may do', async () => {
  const api = await sendersWorld(url, { TWITCH_CALLBACK_URL: 'http://127.0.0.1/t' });
  const streamer = await api.streamer();
  await api.entitle(streamer.channelId);
  const headers = { 'sec-fetch-site': 'cross-site', referer: 'https://evil.example/' };
  expect(await api.codeOf(streamer, 'GET', '/streamer/bots/twitch/bot/link', { headers })).toEqual([
    403,
    'CSRF_INVALID',
  ]);
  expect((await api.pg.query('select 1 from "OAuthState" where "userId" = $1', [streamer.userId])).rows).toEqual([]);
});

test('an unknown provider is no page, a login without a channel has no bot, and a viewer none either', async () => {
  const api = await sendersWorld(url);
  const streamer = await api.streamer();
  for (const [method, path] of [
    ['GET', '/streamer/bots/myspace/bot'],
    ['DELETE', '/streamer/bots/vkplaylive/bot'],
    ['GET', '/streamer/bots/myspace/bot/link'],
  ] as const) {
    expect(await api.codeOf(streamer, method, path)).toEqual([404, 'NOT_FOUND']);
    expect(await api.codeOf(null, method, path)).toEqual([401, 'UNAUTHORIZED']);
  }
  const admin = await api.person('admin');
  const viewer = await api.person('viewer');
  for (const [method, path] of [
    ['GET', '/streamer/bots/kick/bot'],
    ['GET', '/streamer/bots/kick/bot/link'],
    ['DELETE', '/streamer/bots/kick/bot'],
    ['GET', '/streamer/entitlements/custom-bot'],
  ] as const) {
    expect(await api.codeOf(admin, method, path)).toEqual([400, 'MISSING_CHANNEL_ID']);
    expect(await api.codeOf(viewer, method, path)).toEqual([403, 'FORBIDDEN']);
  }
});

test('whether a channel may bring a bot counts from the moment it is granted to the moment it ends', async () => {
  const api = await sendersWorld(url);
  const streamer = await api.streamer();
  const entitled = async () => (await api.ask(streamer, 'GET', '/streamer/entitlements/custom-bot')).json;
  expect(await entitled()).toEqual({ entitled: false });
  await api.entitle(streamer.channelId, new Date(Date.now() + 60_000));
  expect(await entitled()).toEqual({ entitled: true });
  await api.pg.query('update "ChannelEntitlement" set "expiresAt" = $2 where "channelId" = $1', [
    streamer.channelId,
    new Date(Date.now() - 1),
  ]);
  expect(await entitled()).toEqual({ entitled: false });
});
