import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ApiWorld, JWT_SECRET, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { issueSession } from '../../accounts/sessions.ts';

const { url } = await createTestDatabase();
const COMMANDS = '/streamer/bot/commands';
const BODY = { trigger: '!door', response: 'x', pad: 'x'.repeat(1000) };
const TEXT = JSON.stringify(BODY);
const PRODUCTION = {
  NODE_ENV: 'production',
  CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  WEB_URL: 'https://panel.example',
};
const TABLE = /"[A-Z]\w+"/;
const FRESH = new Date('2026-03-01T12:00:00Z');

/** The clock stands still and the look at the start is over: the API asks its database nothing of its own meanwhile. */
async function startQuietApi(env: Record<string, string>): Promise<ApiWorld> {
  const api = await startApiWorld(url, { env, clock: new ManualClock(FRESH) });
  await api.ask(null, 'GET', '/readyz');
  return api;
}

/** What is done for a request: bodies of ours that were parsed, statements that were sent. */
async function counted<T>(request: () => Promise<T>): Promise<{ answer: T; parsed: number; statements: number }> {
  const parse = vi.spyOn(JSON, 'parse');
  const query = vi.spyOn(pg.Client.prototype, 'query');
  onTestFinished(() => void vi.restoreAllMocks());
  const answer = await request();
  const parsed = parse.mock.calls.filter(([text]) => text === TEXT).length;
  // What a new connection says first names no table.
  const statements = query.mock.calls.map(textOf).filter((text) => TABLE.test(text)).length;
  vi.restoreAllMocks();
  return { answer, parsed, statements };
}

function textOf([statement]: readonly unknown[]): string {
  return typeof statement === 'string' ? statement : String((statement as { text?: unknown } | undefined)?.text);
}

const NOTHING = { parsed: 0, statements: 0 };

test('what an accepted request costs is counted, so that a refused one can be held against it', async () => {
  const api = await startQuietApi({});
  const who = await api.streamer();
  const { answer, parsed, statements } = await counted(() => api.codeOf(who, 'POST', COMMANDS, { body: BODY }));
  expect([answer, parsed]).toEqual([[201, undefined], 1]);
  expect(statements).toBeGreaterThan(1);
});

test.each<[string, number, string, Record<string, string>]>([
  ['a page of another origin', 403, COMMANDS, { origin: 'https://evil.example' }],
  ['a page of no origin', 403, '/auth/logout', {}],
  ['an unsigned delivery of Twitch', 403, '/webhooks/twitch/eventsub', {}],
  ['a nameless delivery of Kick', 400, '/webhooks/kick/events', {}],
  ['an unsigned delivery of Kick', 403, '/webhooks/kick/events', { 'kick-event-message-id': 'm1' }],
  [
    'a delivery of Twitch with a wrong signature',
    403,
    '/webhooks/twitch/eventsub',
    {
      'twitch-eventsub-message-id': 'm1',
      'twitch-eventsub-message-timestamp': FRESH.toISOString(),
      'twitch-eventsub-message-signature': `sha256=${'0'.repeat(64)}`,
    },
  ],
  [
    'chatters from somebody without the secret',
    404,
    '/internal/credits/chatter',
    { 'x-memalerts-timestamp': String(FRESH.getTime()), 'x-memalerts-signature': '0'.repeat(64) },
  ],
])('%s is refused (%i) with nothing parsed and nothing asked of the database', async (_, status, path, headers) => {
  const api = await startQuietApi({ ...PRODUCTION, INTERNAL_RELAY_SECRET: 'a secret of the relay with 32 characters' });
  const who = await api.streamer();
  const sent = () => api.ask(who, 'POST', path, { raw: TEXT, headers });
  const { answer, ...cost } = await counted(sent);
  expect([answer.status, cost]).toEqual([status, NOTHING]);
});

test('over the limit nothing is parsed and nothing asked of the database, with or without a login', async () => {
  const api = await startQuietApi({ API_ANON_REQUESTS_PER_15MIN: '1', API_USER_REQUESTS_PER_MIN: '1' });
  const who = await api.streamer();
  for (const person of [null, who]) {
    await api.ask(person, 'GET', '/capabilities');
    const { answer, ...cost } = await counted(() => api.codeOf(person, 'POST', COMMANDS, { body: BODY }));
    expect([answer, cost]).toEqual([[429, 'RATE_LIMITED'], NOTHING]);
  }
});

test.each([
  ['/streamer', 'POST', COMMANDS],
  ['a platform’s own part of /streamer', 'PATCH', '/streamer/bot/follow-greetings'],
  ['/owner', 'POST', '/owner/entitlements/custom-bot/grant'],
])('a body for %s is not parsed before it is known who sent it', async (_, method, path) => {
  const api = await startQuietApi({});
  const [ended, viewer] = [await api.streamer(), await api.person('viewer')];
  await api.ask(ended, 'POST', '/auth/logout');
  for (const [person, ...refusal] of [
    [null, 401, 'UNAUTHORIZED'],
    [ended, 401, 'SESSION_EXPIRED'],
    [viewer, 403, 'FORBIDDEN'],
  ] as const) {
    const { answer, parsed } = await counted(() => api.codeOf(person, method, path, { raw: TEXT }));
    expect([answer, parsed]).toEqual([refusal, 0]);
  }
  // Neither is one that is too long or malformed.
  const tooLong = { raw: `"${'x'.repeat(200_000)}"` };
  for (const body of [tooLong, { raw: '{"a":' }]) {
    expect(await api.codeOf(null, method, path, body)).toEqual([401, 'UNAUTHORIZED']);
  }
});

test('the limit comes before the origin: a refused origin counts too', async () => {
  const api = await startQuietApi({ ...PRODUCTION, API_ANON_REQUESTS_PER_15MIN: '2' });
  const ask = () => api.codeOf(null, 'POST', '/auth/logout', { body: {}, headers: { origin: 'https://evil.example' } });
  expect([await ask(), await ask(), await ask()]).toEqual([
    [403, 'CSRF_INVALID'],
    [403, 'CSRF_INVALID'],
    [429, 'RATE_LIMITED'],
  ]);
});

test('malformed JSON counts in the limit', async () => {
  const api = await startQuietApi({ API_ANON_REQUESTS_PER_15MIN: '2' });
  const ask = () => api.codeOf(null, 'POST', '/auth/logout', { raw: '{"a":' });
  expect([await ask(), await ask(), await ask()]).toEqual([
    [400, 'BAD_REQUEST'],
    [400, 'BAD_REQUEST'],
    [429, 'RATE_LIMITED'],
  ]);
});

test('a page may read that its request was refused by a limit', async () => {
  const origin = 'http://localhost:5173';
  const api = await startQuietApi({ API_ANON_REQUESTS_PER_15MIN: '1' });
  const ask = () => api.ask(null, 'GET', '/capabilities', { headers: { origin } });
  await ask();
  const { status, headers } = await ask();
  expect([status, headers['access-control-allow-origin']]).toEqual([429, origin]);
});

const madeUp = (number: number) => `mab_${String(number).padStart(43, '0')}`;

test('made-up tokens of tools are looked up only as often as an address may ask, also all at once', async () => {
  const api = await startQuietApi({ API_ANON_REQUESTS_PER_15MIN: '3' });
  const ask = async (from: string, number: number) => {
    const headers = { authorization: `Bearer ${madeUp(number)}`, 'x-forwarded-for': from };
    return (await api.ask(null, 'GET', COMMANDS, { headers })).status;
  };
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7];
  const oneByOne = await counted(async () => {
    const statuses: number[] = [];
    for (const number of numbers) statuses.push(await ask('203.0.113.1', number));
    return statuses;
  });
  expect([oneByOne.answer, oneByOne.statements]).toEqual([[401, 401, 401, 429, 429, 429, 429, 429], 3]);
  const atOnce = await counted(() => Promise.all(numbers.map((number) => ask('203.0.113.2', number))));
  expect([atOnce.answer.sort(), atOnce.statements]).toEqual([[401, 401, 401, 429, 429, 429, 429, 429], 3]);
});

test('tokens that are good use up no bound of their address, however many a copy meets for the first time', async () => {
  const limits = { API_ANON_REQUESTS_PER_15MIN: '2' };
  const makes = await startQuietApi(limits);
  const who = await makes.streamer();
  const tokens: string[] = [];
  for (let number = 0; number < 6; number += 1) {
    const body = { name: `tool ${number}`, scopes: ['commands:read'] };
    tokens.push((await makes.ask(who, 'POST', '/streamer/api-tokens', { body })).json.token);
  }
  const restarted = await startQuietApi(limits);
  const ask = async (token: string) =>
    (await restarted.ask(null, 'GET', COMMANDS, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await ask(madeUp(1))).toBe(401);
  const [first, second, ...others] = tokens;
  expect([await ask(first ?? ''), await ask(second ?? '')]).toEqual([200, 200]);
  expect(await Promise.all(others.map(ask))).toEqual([200, 200, 200, 200]);
});

test('a token that cannot be looked up while the database is away uses up nothing', async () => {
  const away = await startApiWorld('postgres://nobody@127.0.0.1:9/none', {
    env: { API_ANON_REQUESTS_PER_15MIN: '2' },
    clock: new ManualClock(FRESH),
  });
  const ask = (number: number) =>
    away.codeOf(null, 'GET', COMMANDS, { headers: { authorization: `Bearer ${madeUp(number)}` } });
  for (let number = 0; number < 5; number += 1) expect(await ask(number)).toEqual([503, 'DATABASE_UNAVAILABLE']);
});

test("a tool's request costs one look-up, and none over the limit of whom it acts for", async () => {
  const api = await startQuietApi({ API_USER_REQUESTS_PER_MIN: '4' });
  const who = await api.streamer();
  const wanted = { name: 'deck', scopes: ['commands:read'] };
  const { json } = await api.ask(who, 'POST', '/streamer/api-tokens', { body: wanted });
  const headers = { authorization: `Bearer ${json.token}` };
  const ask = () => counted(() => api.ask(null, 'GET', COMMANDS, { headers }));
  // The first use is written down, and the commands are one statement.
  const costs = [await ask(), await ask(), await ask(), await ask()];
  expect(costs.map(({ answer, statements }) => [answer.status, statements])).toEqual([
    [200, 3],
    [200, 2],
    [200, 2],
    [429, 0],
  ]);
});

test('whoever found a revoked token uses up the limit of their own address, not of its maker', async () => {
  const api = await startQuietApi({ API_USER_REQUESTS_PER_MIN: '6', API_ANON_REQUESTS_PER_15MIN: '3' });
  const who = await api.streamer();
  const wanted = { name: 'deck', scopes: ['commands:read'] };
  const { json } = await api.ask(who, 'POST', '/streamer/api-tokens', { body: wanted });
  const ask = async (from: string) =>
    (
      await api.ask(null, 'GET', COMMANDS, {
        headers: { authorization: `Bearer ${json.token}`, 'x-forwarded-for': from },
      })
    ).status;
  expect(await ask('203.0.113.1')).toBe(200);
  await api.ask(who, 'DELETE', `/streamer/api-tokens/${json.id}`);
  const statuses: number[] = [];
  for (let time = 0; time < 6; time += 1) statuses.push(await ask('203.0.113.2'));
  // The first was counted for the maker, before it turned out that the token is worth nothing.
  expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
  expect((await api.ask(who, 'GET', COMMANDS)).status).toBe(200);
});

test('an ended login and a revoked token use up the limit of their own address on public routes too', async () => {
  const clock = new ManualClock(FRESH);
  const env = { API_USER_REQUESTS_PER_MIN: '8', API_ANON_REQUESTS_PER_15MIN: '100' };
  const api = await startApiWorld(url, { env, clock });
  const who = await api.streamer();
  const body = { name: 'deck', scopes: ['commands:read'] };
  const { json } = await api.ask(who, 'POST', '/streamer/api-tokens', { body });
  const stolen = await issueSession({ ...who, role: 'streamer' }, JWT_SECRET, 3600, clock.now());
  const finders = [{ authorization: `Bearer ${stolen}` }, { authorization: `Bearer ${json.token}` }];
  for (const headers of finders) await api.ask(null, 'GET', '/capabilities', { headers });
  await api.ask(null, 'POST', '/auth/logout', { headers: finders[0] ?? {} });
  await api.ask(who, 'DELETE', `/streamer/api-tokens/${json.id}`);
  // What was known of them is asked again.
  await clock.advance(10_000);
  for (let time = 0; time < 10; time += 1) {
    for (const headers of finders) {
      const { headers: answered } = await api.ask(null, 'GET', '/capabilities', { headers });
      // The first was counted for the person, before it turned out that it is worth nothing.
      expect(answered['ratelimit-policy']).toBe(time === 0 ? '8;w=60' : '100;w=900');
    }
  }
  const last = await api.ask(who, 'GET', COMMANDS);
  expect([last.status, last.headers['ratelimit-remaining']]).toEqual([200, '0']);
});
