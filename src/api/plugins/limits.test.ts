import { expect, test } from 'vitest';
import { type ApiWorld, type Person, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const CAPABILITIES = '/capabilities';
const BOTS = '/streamer/bots';

const statusOf = async (api: ApiWorld, who: Person | null, path: string, headers = {}) =>
  (await api.ask(who, 'GET', path, { headers })).status;

test('a signed-in person is limited per minute, wherever they call from, and others are not for it', async () => {
  const api = await startApiWorld(url, { env: { API_USER_REQUESTS_PER_MIN: '3' } });
  const [ada, ben] = [await api.streamer(), await api.streamer()];
  const first = await api.ask(ada, 'GET', BOTS);
  expect(first.headers).toMatchObject({
    'ratelimit-limit': '3',
    'ratelimit-remaining': '2',
    'ratelimit-reset': expect.stringMatching(/^\d+$/),
    'ratelimit-policy': '3;w=60',
  });
  for (const from of ['203.0.113.1', '203.0.113.2']) {
    expect(await statusOf(api, ada, BOTS, { 'x-forwarded-for': from })).toBe(200);
  }
  const over = await api.ask(ada, 'GET', BOTS);
  expect([over.status, over.json.errorCode]).toEqual([429, 'RATE_LIMITED']);
  expect(Number(over.headers['retry-after'])).toBeGreaterThan(0);
  expect(over.headers['ratelimit-remaining']).toBe('0');
  expect(await statusOf(api, ben, BOTS)).toBe(200);
});

test("somebody without a login is limited per address, whatever they ask for; the proxy's word counts once", async () => {
  const api = await startApiWorld(url, { env: { API_ANON_REQUESTS_PER_15MIN: '2' } });
  const from = (address: string) => ({ 'x-forwarded-for': address });
  expect(await statusOf(api, null, CAPABILITIES, from('203.0.113.1'))).toBe(200);
  expect(await statusOf(api, null, '/nope', from('203.0.113.1'))).toBe(404);
  const over = await api.ask(null, 'GET', CAPABILITIES, { headers: from('203.0.113.1') });
  expect([over.status, over.headers['ratelimit-policy']]).toEqual([429, '2;w=900']);
  // The visitor's own entry stands before the proxy's: it makes nobody somebody else.
  expect(await statusOf(api, null, CAPABILITIES, from('198.51.100.9, 203.0.113.1'))).toBe(429);
  expect(await statusOf(api, null, CAPABILITIES, from('203.0.113.2'))).toBe(200);
});

test('a neighbour on the private network cannot invent addresses either: one proxy is believed, nobody before it', async () => {
  const env = { API_ANON_REQUESTS_PER_15MIN: '1', RATE_LIMIT_WHITELIST_IPS: '127.0.0.1' };
  const api = await startApiWorld(url, { env });
  const claiming = (address: string) => ({ 'x-forwarded-for': `${address}, 10.0.0.5` });
  expect(await statusOf(api, null, CAPABILITIES, claiming('203.0.113.7'))).toBe(200);
  expect(await statusOf(api, null, CAPABILITIES, claiming('203.0.113.8'))).toBe(429);
  expect(await statusOf(api, null, CAPABILITIES, claiming('127.0.0.1'))).toBe(429);
});

test('a worthless token does not lift the limit of its address', async () => {
  const api = await startApiWorld(url, { env: { API_ANON_REQUESTS_PER_15MIN: '1' } });
  const headers = { authorization: 'Bearer abc' };
  expect(await statusOf(api, null, BOTS, headers)).toBe(401);
  expect(await statusOf(api, null, BOTS, headers)).toBe(429);
});

test('whitelisted addresses are those the proxy resolved; a header with the address is worth nothing', async () => {
  const api = await startApiWorld(url, {
    env: { API_ANON_REQUESTS_PER_15MIN: '1', RATE_LIMIT_WHITELIST_IPS: '203.0.113.5' },
  });
  for (let time = 0; time < 3; time += 1) {
    expect(await statusOf(api, null, CAPABILITIES, { 'x-forwarded-for': '203.0.113.5' })).toBe(200);
  }
  const claims = {
    'cf-connecting-ip': '203.0.113.5',
    'x-real-ip': '203.0.113.5',
    'x-forwarded-for': '203.0.113.5, 198.51.100.1',
  };
  expect(await statusOf(api, null, CAPABILITIES, claims)).toBe(200);
  expect(await statusOf(api, null, CAPABILITIES, claims)).toBe(429);
});

test('relay, webhooks, health, documentation and the overlay are never limited', async () => {
  const api = await startApiWorld(url, { env: { API_ANON_REQUESTS_PER_15MIN: '1' } });
  for (const path of [
    '/health',
    '/healthz',
    '/readyz',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/overlay/credits/t/abc',
  ]) {
    for (let time = 0; time < 3; time += 1) expect(await statusOf(api, null, path)).toBe(200);
  }
  for (let time = 0; time < 3; time += 1) {
    expect((await api.ask(null, 'POST', '/webhooks/twitch/eventsub', { body: {} })).status).toBe(403);
    expect((await api.ask(null, 'POST', '/internal/credits/chatter', { body: {} })).status).toBe(404);
  }
});

test('0 switches a limit off', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  for (let time = 0; time < 120; time += 1) expect(await statusOf(api, null, CAPABILITIES)).toBe(200);
  expect((await api.ask(who, 'GET', BOTS)).headers['ratelimit-limit']).toBeUndefined();
});

test('say is limited per channel and provider', async () => {
  const api = await startApiWorld(url, { env: { SAY_PER_30S: '2' } });
  const [ada, ben] = [await api.streamer(), await api.streamer()];
  for (const { channelId, slug, userId } of [ada, ben]) {
    await api.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, $2)`, [
      channelId,
      slug,
    ]);
    await api.pg.query(
      `insert into "KickChatBotSubscription" ("channelId", "userId", "kickChannelId") values ($1, $2, $3)`,
      [channelId, userId, slug],
    );
  }
  const say = (who: Person, provider: string) =>
    api.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'x', provider } });
  for (let time = 0; time < 2; time += 1) expect((await say(ada, 'twitch')).status).toBe(200);
  const over = await say(ada, 'twitch');
  expect([over.status, over.json.errorCode, over.headers['ratelimit-policy']]).toEqual([429, 'RATE_LIMITED', '2;w=30']);
  expect((await say(ada, 'kick')).status).toBe(200);
  expect((await say(ben, 'twitch')).status).toBe(200);
  const { rows } = await api.pg.query('select from "ChatBotOutboxMessage" where "channelId" = $1', [ada.channelId]);
  expect(rows).toHaveLength(2);
});

test('addresses of IPv6 are counted by their /64, those of IPv4 one by one, in whatever spelling', async () => {
  const api = await startApiWorld(url, { env: { API_ANON_REQUESTS_PER_15MIN: '1' } });
  const from = (address: string) => statusOf(api, null, CAPABILITIES, { 'x-forwarded-for': address });
  expect(await from('2001:db8:1:2::1')).toBe(200);
  expect(await from('2001:db8:1:2:ffff::9')).toBe(429);
  expect(await from('2001:db8:1:3::1')).toBe(200);
  expect(await from('198.51.100.7')).toBe(200);
  expect(await from('::ffff:198.51.100.7')).toBe(429);
  expect(await from('198.51.100.8')).toBe(200);
});

test('whoever is over the limit stays so while six thousand others come by', async () => {
  const api = await startApiWorld(url, { env: { API_ANON_REQUESTS_PER_15MIN: '1' } });
  const from = (address: string) => statusOf(api, null, '/nope', { 'x-forwarded-for': address });
  expect(await from('203.0.113.1')).toBe(404);
  for (let block = 0; block < 120; block += 1) {
    const addresses = Array.from({ length: 50 }, (_, one) => `198.18.${block}.${one}`);
    await Promise.all(addresses.map(from));
  }
  expect(await from('203.0.113.1')).toBe(429);
});

test.each([
  ['0', '127.0.0.1'],
  ['1', '203.0.113.9'],
  ['2', '192.0.2.2'],
  ['3', '192.0.2.1'],
  ['loopback', '203.0.113.9'],
  ['loopback, 203.0.113.0/24', '192.0.2.2'],
  ['203.0.113.0/24', '127.0.0.1'],
])('with TRUSTED_PROXIES=%s the limit counts for %s', async (trusted, address) => {
  const env = { TRUSTED_PROXIES: trusted, API_ANON_REQUESTS_PER_15MIN: '1', RATE_LIMIT_WHITELIST_IPS: address };
  const api = await startApiWorld(url, { env });
  const headers = { 'x-forwarded-for': '192.0.2.1, 192.0.2.2, 203.0.113.9' };
  expect([await statusOf(api, null, '/nope', headers), await statusOf(api, null, '/nope', headers)]).toEqual([
    404, 404,
  ]);
});
