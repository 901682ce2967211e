import { afterAll, describe, expect, test } from 'vitest';
import { type ApiWorld, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';

const { url } = await createTestDatabase();
const shared = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/streamer/api-tokens';
const COMMANDS = '/streamer/bot/commands';
const ALL_SCOPES = ['say', 'commands:read', 'commands:write', 'outbox:read'];

async function streamer(api: ApiWorld = shared): Promise<StreamerPerson> {
  const who = await api.streamer();
  await api.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, $2)`, [
    who.channelId,
    who.slug.toLowerCase(),
  ]);
  return who;
}

async function tokenFor(who: StreamerPerson, scopes: readonly string[] = ALL_SCOPES, api = shared): Promise<string> {
  const { status, json } = await api.ask(who, 'POST', PATH, { body: { name: 'deck', scopes } });
  expect(status).toBe(201);
  return json.token;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const as = (token: string, method: string, path: string, body?: unknown, api = shared) =>
  api.codeOf(null, method, path, { body, headers: bearer(token) });

test('tools say, read and change commands, and look messages up, each with its scope and with no other', async () => {
  const who = await streamer();
  const { json: command } = await shared.ask(who, 'POST', COMMANDS, { body: { trigger: '!a', response: 'x' } });
  const { json: said } = await shared.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'hi' } });
  const routes: readonly [scope: string, method: string, path: string, body?: object][] = [
    ['say', 'POST', '/streamer/bot/say', { message: 'hello' }],
    ['commands:read', 'GET', COMMANDS],
    ['commands:write', 'POST', COMMANDS, { trigger: '!b', response: 'x' }],
    ['commands:write', 'PATCH', `${COMMANDS}/${command.id}`, { enabled: false }],
    ['commands:write', 'DELETE', `${COMMANDS}/${command.id}`],
    ['outbox:read', 'GET', '/streamer/bot/outbox'],
    ['outbox:read', 'GET', `/streamer/bot/outbox/twitch/${said.outbox.id}`],
  ];
  const tokens = new Map(
    await Promise.all(ALL_SCOPES.map(async (scope) => [scope, await tokenFor(who, [scope])] as const)),
  );
  for (const [needed, method, path, body] of routes) {
    for (const [scope, token] of tokens) {
      if (scope === needed) continue;
      const { status, json } = await shared.ask(null, method, path, { body, headers: bearer(token) });
      expect([method, path, scope, status, json.errorCode, json.details]).toEqual([
        method,
        path,
        scope,
        403,
        'FORBIDDEN',
        { missingScope: needed },
      ]);
    }
  }
  const before = (await shared.ask(who, 'GET', COMMANDS)).json.items;
  expect(before).toMatchObject([{ trigger: '!a', enabled: true }]);
  for (const [needed, method, path, body] of routes) {
    const [status] = await as(tokens.get(needed) ?? '', method, path, body);
    expect([method, path, status]).toEqual([method, path, method === 'POST' && path === COMMANDS ? 201 : 200]);
  }
});

test('no other route takes a token, whatever it is good for', async () => {
  const who = await shared.streamer({ role: 'admin' });
  const token = await tokenFor(who);
  const { json } = await shared.ask(null, 'GET', '/openapi.json');
  const scoped: string[] = [];
  for (const [template, methods] of Object.entries(
    json.paths as Record<string, Record<string, { security?: object[] }>>,
  )) {
    if (!/^\/(streamer|owner|auth\/accounts)/.test(template)) continue;
    for (const [method, { security = [] }] of Object.entries(methods)) {
      if (security.some((way) => 'apiToken' in way)) {
        scoped.push(`${method.toUpperCase()} ${template}`);
        continue;
      }
      const path = template.replaceAll(/\{[^}]+\}/g, 'twitch');
      const body = ['get', 'delete'].includes(method) ? undefined : {};
      expect([method, path, ...(await as(token, method.toUpperCase(), path, body))]).toEqual([
        method,
        path,
        403,
        'FORBIDDEN',
      ]);
    }
  }
  expect(scoped.sort()).toEqual([
    'DELETE /streamer/bot/commands/{id}',
    'GET /streamer/bot/commands',
    'GET /streamer/bot/outbox',
    'GET /streamer/bot/outbox/{provider}/{id}',
    'PATCH /streamer/bot/commands/{id}',
    'POST /streamer/bot/commands',
    'POST /streamer/bot/say',
  ]);
});

describe('a token is worth nothing', () => {
  test('from the moment it is revoked, in every copy of the API', async () => {
    const other = await startApiWorld(url);
    const who = await streamer();
    const token = await tokenFor(who);
    for (const api of [shared, other])
      expect(await as(token, 'GET', COMMANDS, undefined, api)).toEqual([200, undefined]);
    const [{ id }] = (await shared.ask(who, 'GET', PATH)).json.items;
    expect((await shared.ask(who, 'DELETE', `${PATH}/${id}`)).json).toEqual({ ok: true });
    for (const api of [shared, other]) {
      expect(await as(token, 'GET', COMMANDS, undefined, api)).toEqual([401, 'UNAUTHORIZED']);
    }
    expect(await shared.codeOf(who, 'DELETE', `${PATH}/${id}`)).toEqual([404, 'NOT_FOUND']);
  });

  test('once its time is over', async () => {
    const clock = new ManualClock(new Date());
    const api = await startApiWorld(url, { clock });
    const who = await streamer(api);
    const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString();
    const { json } = await api.ask(who, 'POST', PATH, { body: { name: 'x', scopes: ALL_SCOPES, expiresAt } });
    expect(json.expiresAt).toBe(expiresAt);
    await clock.advance(59_999);
    expect(await as(json.token, 'GET', COMMANDS, undefined, api)).toEqual([200, undefined]);
    await clock.advance(1);
    expect(await as(json.token, 'GET', COMMANDS, undefined, api)).toEqual([401, 'UNAUTHORIZED']);
  });

  test('when its maker may no longer act for the channel', async () => {
    const who = await streamer();
    const token = await tokenFor(who);
    await shared.pg.query(`update "User" set role = 'viewer' where id = $1`, [who.userId]);
    expect(await as(token, 'GET', COMMANDS)).toEqual([403, 'FORBIDDEN']);
    const { channelId } = await shared.streamer();
    await shared.pg.query(`update "User" set role = 'streamer', "channelId" = $2 where id = $1`, [
      who.userId,
      channelId,
    ]);
    expect(await as(token, 'GET', COMMANDS)).toEqual([401, 'UNAUTHORIZED']);
    await shared.pg.query('delete from "User" where id = $1', [who.userId]);
    expect(await as(token, 'GET', COMMANDS)).toEqual([401, 'UNAUTHORIZED']);
  });

  test('on a beta to which its maker is not invited', async () => {
    const beta = await startApiWorld(url, { env: { INSTANCE: 'beta' } });
    const token = await tokenFor(await streamer());
    expect(await as(token, 'GET', COMMANDS, undefined, beta)).toEqual([403, 'BETA_ACCESS_REQUIRED']);
  });

  test.each(['mab_', `mab_${'A'.repeat(43)}`, `mab_${'A'.repeat(42)}\u0001`, 'mab_x y', `mab_${'A'.repeat(5000)}`])(
    'when it is none: %j',
    async (token) => {
      const { status, json } = await shared.ask(null, 'GET', COMMANDS, {
        headers: { authorization: Buffer.from(`Bearer ${token}`).toString('latin1').replaceAll('\u0001', '.') },
      });
      expect([status, json.errorCode]).toEqual([401, 'UNAUTHORIZED']);
    },
  );

  test('beside a login cookie: that is the request of the login', async () => {
    const who = await streamer();
    const token = await tokenFor(who);
    const given = (cookie: string) => ({ headers: { ...bearer(token), cookie } });
    expect(await shared.codeOf(null, 'GET', COMMANDS, given('token=worthless'))).toEqual([401, 'UNAUTHORIZED']);
    expect(await shared.codeOf(null, 'GET', COMMANDS, given(`x=1; token=${who.token}`))).toEqual([200, undefined]);
    expect(await shared.codeOf(null, 'GET', COMMANDS, given('my_token=1; tokens=2'))).toEqual([200, undefined]);
  });
});

describe('where every page has to say its origin', () => {
  const env = { NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };
  const message = { message: 'hi' };

  test('a tool needs none, and a browser cannot pass for one', async () => {
    const api = await startApiWorld(url, { env: { ...env, WEB_URL: 'https://panel.example' } });
    const who = await streamer(api);
    const origin = 'https://panel.example';
    const { json } = await api.ask(who, 'POST', PATH, { body: { name: 'x', scopes: ['say'] }, headers: { origin } });
    const say = (headers: Record<string, string>) =>
      api.codeOf(null, 'POST', '/streamer/bot/say', { body: message, headers });
    expect(await say(bearer(json.token))).toEqual([200, undefined]);
    const cookie = `token=${who.token}`;
    expect(await say({ cookie })).toEqual([403, 'CSRF_INVALID']);
    expect(await say({ ...bearer(json.token), cookie })).toEqual([403, 'CSRF_INVALID']);
    expect(await say({ ...bearer(who.token) })).toEqual([403, 'CSRF_INVALID']);
    const preflight = await api.ask(null, 'OPTIONS', '/streamer/bot/say', {
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });
});

test('tools share the limits of the one they act for, and say no more than a person may', async () => {
  const api = await startApiWorld(url, { env: { API_USER_REQUESTS_PER_MIN: '4', SAY_PER_30S: '1' } });
  const who = await streamer(api);
  const token = await tokenFor(who, ['say', 'commands:read'], api);
  const say = () => as(token, 'POST', '/streamer/bot/say', { message: 'hi' }, api);
  expect(await say()).toEqual([200, undefined]);
  expect(await say()).toEqual([429, 'RATE_LIMITED']);
  expect(await as(token, 'GET', COMMANDS, undefined, api)).toEqual([200, undefined]);
  expect(await as(token, 'GET', COMMANDS, undefined, api)).toEqual([429, 'RATE_LIMITED']);
  expect(await api.codeOf(who, 'GET', COMMANDS)).toEqual([429, 'RATE_LIMITED']);
});

test('when a token was used is known to the minute, and written no more often', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(url, { clock });
  const who = await streamer(api);
  const token = await tokenFor(who, ALL_SCOPES, api);
  const usedAt = async () => (await api.ask(who, 'GET', PATH)).json.items[0].lastUsedAt;
  const version = async () =>
    (await api.pg.query('select xmin::text from "ApiToken" where "channelId" = $1', [who.channelId])).rows[0].xmin;
  const first = clock.now().toISOString();
  await Promise.all([1, 2, 3].map(() => as(token, 'GET', COMMANDS, undefined, api)));
  expect(await usedAt()).toBe(first);
  const written = await version();
  await clock.advance(59_999);
  await as(token, 'GET', COMMANDS, undefined, api);
  expect([await usedAt(), await version()]).toEqual([first, written]);
  await clock.advance(1);
  await as(token, 'GET', COMMANDS, undefined, api);
  expect(await usedAt()).toBe(clock.now().toISOString());
});
