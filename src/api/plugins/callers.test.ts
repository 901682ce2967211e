import { generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { JWT_SECRET, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';

const { url } = await createTestDatabase();
const BOTS = '/streamer/bots';
const key = new TextEncoder().encode(JWT_SECRET);
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** A token as another service of the family would sign it, with whatever claims. */
const sign = (claims: Record<string, unknown>, secret = key, alg = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(secret);
const unsecured = (claims: object) =>
  `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;

test('a cookie or a bearer token signs in; a cookie wins, also when it is worthless', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const as = (headers: Record<string, string>) => api.codeOf(null, 'GET', BOTS, { headers });
  expect(await as({ cookie: `token=${who.token}` })).toEqual([200, undefined]);
  expect(await as({ authorization: `Bearer ${who.token}` })).toEqual([200, undefined]);
  expect(await as({ cookie: 'token=worthless', authorization: `Bearer ${who.token}` })).toEqual([401, 'UNAUTHORIZED']);
  expect(await as({ authorization: `Basic ${who.token}` })).toEqual([401, 'UNAUTHORIZED']);
  // The beta's cookie means nothing on a regular instance.
  expect(await as({ cookie: `token_beta=${who.token}` })).toEqual([401, 'UNAUTHORIZED']);
});

describe('a token that is no login of ours is refused with the words of the contract', () => {
  test('none at all', async () => {
    const api = await startApiWorld(url);
    const { status, json } = await api.ask(null, 'GET', BOTS);
    expect([status, json.errorCode, json.error]).toEqual([401, 'UNAUTHORIZED', 'No auth token found']);
  });

  test('forged, malformed, of another algorithm, without an end, or with a kind', async () => {
    const api = await startApiWorld(url);
    const { userId, channelId } = await api.streamer();
    const claims = { userId, channelId, role: 'streamer', exp: inAnHour() };
    const { privateKey } = await generateKeyPair('RS256');
    const refused = [
      'abc',
      await sign(claims, new TextEncoder().encode(`${JWT_SECRET}!`)),
      await sign(claims, key, 'HS512'),
      await sign(claims, privateKey as never, 'RS256'),
      unsecured(claims),
      await sign({ ...claims, exp: undefined }),
      await sign({ ...claims, kind: 'credits' }),
      await sign({ ...claims, kind: 'handover' }),
      await sign({ ...claims, kind: null }),
      await sign({ ...claims, role: 'emperor' }),
      await sign({ ...claims, userId: undefined }),
      await sign({ ...claims, userId: 'nobody we know' }),
    ];
    for (const token of refused) {
      const { status, json } = await api.ask({ token }, 'GET', BOTS);
      expect([status, json.errorCode, json.error]).toEqual([401, 'UNAUTHORIZED', 'Invalid token']);
    }
  });

  test('expired', async () => {
    const api = await startApiWorld(url);
    const { userId, channelId } = await api.streamer();
    const token = await sign({ userId, channelId, role: 'streamer', exp: Math.floor(Date.now() / 1000) - 1 });
    expect(await api.codeOf({ token }, 'GET', BOTS)).toEqual([401, 'SESSION_EXPIRED']);
  });
});

test('a login ends with its token, also for somebody who never stops calling', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(url, { clock });
  const who = await api.streamer();
  const token = await sign({ ...who, role: 'streamer', exp: Math.floor(clock.now().getTime() / 1000) + 5 });
  expect(await api.codeOf({ token }, 'GET', BOTS)).toEqual([200, undefined]);
  await clock.advance(5000);
  expect(await api.codeOf({ token }, 'GET', BOTS)).toEqual([401, 'SESSION_EXPIRED']);
});

test('another service that shares the key signs people in, with their rights as they are now', async () => {
  const api = await startApiWorld(url);
  const { userId } = await api.streamer();
  const token = await sign({ userId, role: 'viewer', channelId: null, exp: inAnHour() });
  expect(await api.codeOf({ token }, 'GET', BOTS)).toEqual([200, undefined]);
});

test('rights are those of the database, not of the token: a claim to more is worth nothing', async () => {
  const api = await startApiWorld(url);
  const { userId } = await api.person('viewer');
  const { channelId } = await api.streamer();
  const token = await sign({ userId, role: 'admin', channelId, exp: inAnHour() });
  expect(await api.codeOf({ token }, 'GET', BOTS)).toEqual([403, 'FORBIDDEN']);
});

test('a right that was taken away is gone within ten seconds, also for somebody who never stops calling', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(url, { clock });
  const who = await api.streamer();
  expect(await api.codeOf(who, 'GET', BOTS)).toEqual([200, undefined]);
  // Without the trigger's hint, which would tell of it at once.
  const demoted = `update "User" set role = 'viewer' where id = '${who.userId}'`;
  await api.pg.query(`begin; set local session_replication_role = replica; ${demoted}; commit`);
  for (let second = 1; second <= 9; second += 1) {
    await clock.advance(1000);
    await api.codeOf(who, 'GET', BOTS);
  }
  await clock.advance(2000);
  expect(await api.codeOf(who, 'GET', BOTS)).toEqual([403, 'FORBIDDEN']);
});

test('a viewer may not, an admin without a channel is told so, an admin with one may', async () => {
  const api = await startApiWorld(url);
  const forbidden = [403, 'FORBIDDEN'];
  expect(await api.codeOf(await api.streamer({ role: 'viewer' }), 'GET', BOTS)).toEqual(forbidden);
  // Who lacks a channel is told how to get one, whatever else they lack.
  const guest = await api.ask(await api.person('viewer'), 'GET', BOTS);
  expect([guest.status, guest.json.errorCode]).toEqual(forbidden);
  expect(guest.json.details.hint).toContain('memalerts create-channel');
  const { status, json } = await api.ask(await api.person('admin'), 'GET', BOTS);
  expect([status, json.errorCode, json.details]).toEqual([400, 'MISSING_CHANNEL_ID', { hint: expect.any(String) }]);
  expect(await api.codeOf(await api.streamer({ role: 'admin' }), 'GET', BOTS)).toEqual([200, undefined]);
});

const STREAMER_ROUTES = [
  ['GET', BOTS],
  ['PATCH', `${BOTS}/twitch`],
  ['GET', '/streamer/bot/commands'],
  ['POST', '/streamer/bot/commands'],
  ['PATCH', '/streamer/bot/commands/1'],
  ['DELETE', '/streamer/bot/commands/1'],
  ['POST', '/streamer/bot/say'],
  ['GET', '/streamer/bot/outbox/twitch/1'],
  ['GET', '/streamer/bot/follow-greetings'],
  ['POST', '/streamer/bot/follow-greetings/enable'],
  ['POST', '/streamer/bot/follow-greetings/disable'],
  ['PATCH', '/streamer/bot/follow-greetings'],
  ['GET', '/streamer/bot/stream-duration'],
  ['PATCH', '/streamer/bot/stream-duration'],
  ['POST', '/streamer/bot/enable'],
  ['POST', '/streamer/bot/disable'],
  ['GET', '/streamer/bot/subscription'],
  ['GET', '/streamer/credits/token'],
  ['POST', '/streamer/credits/token/rotate'],
  ['GET', '/streamer/credits/state'],
  ['POST', '/streamer/credits/reset'],
  ['POST', '/streamer/credits/settings'],
  ['GET', '/streamer/credits/reconnect-window'],
  ['POST', '/streamer/credits/reconnect-window'],
  ['GET', '/streamer/credits/ignored-chatters'],
  ['POST', '/streamer/credits/ignored-chatters'],
  ['GET', '/streamer/events'],
  ['GET', '/streamer/bot/outbox?limit=0'],
  ['GET', '/streamer/audit?limit=0'],
  ['GET', '/streamer/api-tokens'],
  ['POST', '/streamer/api-tokens'],
  ['DELETE', '/streamer/api-tokens/1'],
  // The same address in other letters.
  ['POST', '/%73treamer/bot/say'],
] as const;

test('every streamer route asks who is calling before it looks at what they sent', async () => {
  const api = await startApiWorld(url);
  const [viewer, homeless] = [await api.person('viewer'), await api.person('streamer')];
  for (const [method, path] of STREAMER_ROUTES) {
    const wrong = method === 'GET' ? {} : { body: { nonsense: [] } };
    expect([path, ...(await api.codeOf(null, method, path, wrong))]).toEqual([path, 401, 'UNAUTHORIZED']);
    expect([path, ...(await api.codeOf(viewer, method, path, wrong))]).toEqual([path, 403, 'FORBIDDEN']);
    expect([path, ...(await api.codeOf(homeless, method, path, wrong))]).toEqual([path, 400, 'MISSING_CHANNEL_ID']);
  }
});

describe('on the beta instance', () => {
  const env = { INSTANCE: 'beta' };

  test('its own cookie comes first, the regular one is a fallback', async () => {
    const api = await startApiWorld(url, { env });
    const who = await api.streamer();
    await api.pg.query('update "User" set "hasBetaAccess" = true where id = $1', [who.userId]);
    const as = (cookie: string) => api.codeOf(null, 'GET', BOTS, { headers: { cookie } });
    expect(await as(`token_beta=${who.token}; token=worthless`)).toEqual([200, undefined]);
    expect(await as(`token=${who.token}`)).toEqual([200, undefined]);
    expect(await as(`token_beta=worthless; token=${who.token}`)).toEqual([401, 'UNAUTHORIZED']);
  });

  test('only invited people get in; webhooks, relay, overlay and health are open', async () => {
    const api = await startApiWorld(url, { env });
    const who = await api.streamer();
    expect(await api.codeOf(who, 'GET', BOTS)).toEqual([403, 'BETA_ACCESS_REQUIRED']);
    expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
    expect((await api.ask(null, 'GET', '/overlay/credits/t/abc')).status).toBe(200);
    expect((await api.ask(null, 'POST', '/webhooks/twitch/eventsub', { body: {} })).json.error).toBe(
      'Missing signature headers',
    );
    const relayed = await api.ask(null, 'POST', '/internal/credits/chatter', {
      body: { channelSlug: who.slug, userId: 'u', displayName: 'x' },
      headers: { 'x-memalerts-internal': 'credits-event' },
    });
    expect(relayed.status).toBe(200);
  });
});

test('DEBUG_AUTH tells why a login was refused, and never what it was', async () => {
  const api = await startApiWorld(url, { env: { DEBUG_AUTH: '1' } });
  const token = await sign({ userId: 'x', role: 'viewer', channelId: null, exp: 1 });
  const headers = { cookie: `token=${token}`, authorization: 'Bearer somebody.elses.token' };
  const { json } = await api.ask(null, 'GET', BOTS, { headers });
  const lines = api.lines.filter((line) => line.includes('api.login_refused'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { requestId: json.requestId, errorCode: 'SESSION_EXPIRED', loginCookies: ['token'], hasBearer: true },
  ]);
  for (const secret of [token, 'somebody.elses.token']) expect(api.lines.join('')).not.toContain(secret);
  const quiet = await startApiWorld(url);
  await quiet.ask(null, 'GET', BOTS);
  expect(quiet.lines.join('')).not.toContain('login_refused');
});

test('headers do not make an instance a beta', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const headers = {
    'x-forwarded-host': 'beta.evil.example',
    origin: 'https://beta.evil.example',
    'x-forwarded-port': '3002',
  };
  expect(await api.codeOf(who, 'GET', BOTS, { headers })).toEqual([200, undefined]);
});

test('a channel works at once for somebody who was just here without one, and no hint has to arrive', async () => {
  const api = await startApiWorld(url, { clock: new ManualClock(new Date()) });
  const who = await api.person('viewer');
  await api.pg.query('alter table "User" disable trigger hint_update');
  const refused = await api.ask(who, 'GET', BOTS);
  expect([refused.status, refused.json.errorCode]).toEqual([403, 'FORBIDDEN']);
  expect(refused.json.details.hint).toContain('memalerts create-channel');
  const { channelId } = await api.streamer();
  await api.pg.query(`update "User" set role = 'streamer', "channelId" = $1 where id = $2`, [channelId, who.userId]);
  expect((await api.ask(who, 'GET', BOTS)).status).toBe(200);
  expect(await api.codeOf(who, 'GET', '/owner/audit')).toEqual([403, 'FORBIDDEN']);
  await api.pg.query(`update "User" set role = 'admin' where id = $1`, [who.userId]);
  expect((await api.ask(who, 'GET', '/owner/audit')).status).toBe(200);
  await api.pg.query('alter table "User" enable trigger hint_update');
});
