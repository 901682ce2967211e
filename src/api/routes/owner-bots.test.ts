import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { LINKING_ENV, PROVIDERS, platformOf, sendersWorld, unsetLinking } from '../../../test/support/senders-world.ts';

const { url } = await createTestDatabase();
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const FROM_PANEL = { 'sec-fetch-site': 'same-origin' };

describe.for(PROVIDERS)('%s', (provider) => {
  const PATH = `/owner/bots/${provider}/default`;

  test('the status names the default bot, its state and where it comes from', async () => {
    const api = await sendersWorld(url);
    await api.noDefaultBot(provider);
    const owner = await api.person('admin');
    const status = async () => (await api.ask(owner, 'GET', `${PATH}/status`)).json;
    expect(await status()).toEqual({
      enabled: false,
      externalAccountId: null,
      updatedAt: null,
      source: null,
      account: null,
      effectiveSender: { kind: 'none', login: null, displayName: null, reason: 'no_bot' },
    });
    const id = await api.defaultBot(provider, 'shared_bot');
    expect(await status()).toEqual({
      enabled: true,
      externalAccountId: id,
      updatedAt: expect.stringMatching(ISO),
      source: 'db',
      account: expect.objectContaining({ login: 'shared_bot', state: 'ok' }),
      effectiveSender: expect.objectContaining({ kind: 'default', login: 'shared_bot', reason: 'default_bot' }),
    });
    await api.pg.query(`update "ExternalAccount" set "brokenAt" = now(), "brokenReason" = 'gone' where id = $1`, [id]);
    expect(await status()).toMatchObject({
      source: 'db',
      account: { state: 'relink', reason: 'gone' },
      effectiveSender: { kind: 'none', reason: 'default_bot_relink' },
    });
    await api.defaultBot(provider, 'shared_bot', { enabled: false });
    expect(await status()).toMatchObject({ enabled: false, externalAccountId: null, source: null });
  });

  test('linking begins with the sentinel of all channels, or names what is not set', async () => {
    const api = await sendersWorld(url, LINKING_ENV[provider]);
    const owner = await api.person('admin');
    const { status } = await api.ask(owner, 'GET', `${PATH}/link`, { headers: FROM_PANEL });
    expect(status).toBe(302);
    const states = await api.db
      .selectFrom('OAuthState')
      .select(['provider', 'kind', 'channelId'])
      .where('userId', '=', owner.userId)
      .execute();
    expect(states).toEqual([{ provider, kind: 'bot_link', channelId: `__global_${provider}_bot__` }]);
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect(await api.codeOf(owner, 'GET', `${PATH}/link`, { headers: foreign })).toEqual([403, 'CSRF_INVALID']);

    const { TWITCH_CLIENT_ID: _, TWITCH_CLIENT_SECRET: __, ...optional } = unsetLinking(provider);
    const bare = await sendersWorld(url, optional);
    const refused = await bare.ask(owner, 'GET', `${PATH}/link`, { headers: FROM_PANEL });
    expect([refused.status, refused.json.errorCode]).toEqual([503, 'BOT_NOT_CONFIGURED']);
    expect(refused.json.details).toMatchObject({ provider, missing: expect.arrayContaining([expect.any(String)]) });
  });

  test('taking it back leaves no row, takes twice, and is on record', async () => {
    const api = await sendersWorld(url);
    const owner = await api.person('admin');
    const id = await api.defaultBot(provider, 'shared_bot');
    const kept = await api.account(provider, 'second_bot', { linkedAs: 'link' });
    const table = platformOf(provider).tables.defaultCredential;
    await api.pg.query(`insert into "${table}" ("externalAccountId", enabled) values ($1, false)`, [kept]);
    for (let time = 0; time < 2; time += 1) {
      const { status, json } = await api.ask(owner, 'DELETE', PATH);
      expect([status, json]).toEqual([200, { ok: true }]);
    }
    expect((await api.pg.query(`select 1 from "${table}"`)).rows).toEqual([]);
    expect([await api.accountExists(id), await api.accountExists(kept)]).toEqual([false, true]);
    const records = await api.audit(null, owner.userId);
    expect(records.map(({ action, payloadJson }) => [action, JSON.parse(payloadJson)])).toEqual(
      expect.arrayContaining([
        ['owner.bots.default.unlink', { provider, externalAccountId: id }],
        ['owner.bots.default.unlink', { provider, externalAccountId: kept }],
      ]),
    );
    expect(records).toHaveLength(2);
  });

  test('where the table is missing the feature is', async () => {
    const { url: own } = await createTestDatabase({ forTest: true });
    const api = await sendersWorld(own);
    const owner = await api.person('admin');
    await api.pg.query(`drop table "${platformOf(provider).tables.defaultCredential}"`);
    expect(await api.codeOf(owner, 'GET', `${PATH}/status`)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
    expect(await api.codeOf(owner, 'DELETE', PATH)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
  });
});

test('a bot that only the environment names counts as enabled, until the database names one', async () => {
  const env = { CHAT_BOT_LOGIN: 'oldbot', YOUTUBE_BOT_REFRESH_TOKEN: 'refresh', ...LINKING_ENV.youtube };
  const api = await sendersWorld(url, env);
  const owner = await api.person('admin');
  await api.pg.query(`insert into "User" ("displayName", "twitchUserId", "twitchAccessToken")
    values ('OldBot', '31', 'plain')`);
  for (const provider of ['twitch', 'youtube']) {
    await api.noDefaultBot(provider);
    const status = async () => (await api.ask(owner, 'GET', `/owner/bots/${provider}/default/status`)).json;
    expect(await status()).toMatchObject({
      enabled: true,
      externalAccountId: null,
      updatedAt: null,
      source: 'env',
      effectiveSender: { kind: 'legacy', reason: 'environment' },
    });
    const id = await api.defaultBot(provider, 'shared_bot');
    expect(await status()).toMatchObject({ enabled: true, externalAccountId: id, source: 'db' });
  }
});

test('only who runs the installation gets in, and an unknown provider is no page', async () => {
  const api = await sendersWorld(url);
  const streamer = await api.streamer();
  const owner = await api.person('admin');
  for (const [method, end] of [
    ['GET', '/status'],
    ['GET', '/link'],
    ['DELETE', ''],
  ] as const) {
    const path = `/owner/bots/kick/default${end}`;
    expect(await api.codeOf(null, method, path)).toEqual([401, 'UNAUTHORIZED']);
    expect(await api.codeOf(streamer, method, path)).toEqual([403, 'FORBIDDEN']);
    for (const unknown of ['myspace', 'vkplaylive']) {
      expect(await api.codeOf(owner, method, `/owner/bots/${unknown}/default${end}`)).toEqual([404, 'NOT_FOUND']);
    }
  }
});
