/** Google's OAuth, its refusals above all. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { liveRoom, READ, simulator, WRITE } from '../../test/support/youtube-simulator.ts';
import type { YouTubeSimulator } from './simulator.ts';

const REDIRECT = 'http://127.0.0.1:9/callback';
const WEEK_S = 604_800;

function asked(sim: YouTubeSimulator, more: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({
    client_id: sim.application.id,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: `${READ} ${WRITE}`,
    access_type: 'offline',
    as: 'northpine',
    ...more,
  });
}

async function codeOf(sim: YouTubeSimulator, query: URLSearchParams): Promise<string> {
  const response = await fetch(`${sim.urls.auth}?${query}`, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

async function token(sim: YouTubeSimulator, form: Record<string, string>) {
  const client = { client_id: sim.application.id, client_secret: sim.application.secret };
  const response = await fetch(sim.urls.token, { method: 'POST', body: new URLSearchParams({ ...client, ...form }) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function exchange(sim: YouTubeSimulator, code: string, more: Record<string, string> = {}) {
  return token(sim, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...more });
}

test('a code works once, with its own redirect and its own verifier', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const verifier = 'v'.repeat(64);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const proven = { code_challenge: challenge, code_challenge_method: 'S256' };
  const invalid = { status: 400, body: { error: 'invalid_grant' } };

  const code = await codeOf(sim, asked(sim, proven));
  expect(await exchange(sim, code, { code_verifier: verifier })).toMatchObject({ status: 200 });
  expect(await exchange(sim, code, { code_verifier: verifier })).toMatchObject(invalid);
  expect(await exchange(sim, await codeOf(sim, asked(sim, proven)), { code_verifier: 'wrong' })).toMatchObject(invalid);
  expect(await exchange(sim, await codeOf(sim, asked(sim, proven)))).toMatchObject(invalid);
  const elsewhere = { redirect_uri: 'http://127.0.0.1:9/other' };
  expect(await exchange(sim, await codeOf(sim, asked(sim)), elsewhere)).toMatchObject(invalid);
});

test('a refresh token comes for offline access and a new consent, and is not repeated at a refresh', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const first = await exchange(sim, await codeOf(sim, asked(sim)));
  expect(first.body).toMatchObject({ refresh_token: expect.any(String), expires_in: 3599, token_type: 'Bearer' });
  expect(first.body).not.toHaveProperty('refresh_token_expires_in');
  const silent = await exchange(sim, await codeOf(sim, asked(sim)));
  expect(silent.body).not.toHaveProperty('refresh_token');
  const again = await exchange(sim, await codeOf(sim, asked(sim, { prompt: 'consent' })));
  expect(again.body.refresh_token).toEqual(expect.any(String));
  const online = await exchange(sim, await codeOf(sim, asked(sim, { prompt: 'consent', access_type: 'online' })));
  expect(online.body).not.toHaveProperty('refresh_token');

  const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) };
  const renewed = await token(sim, refresh);
  expect(renewed).toMatchObject({ status: 200, body: { scope: `${READ} ${WRITE}` } });
  expect(renewed.body).not.toHaveProperty('refresh_token');
  expect((await token(sim, refresh)).status).toBe(200);
});

test('grants of an application in testing end a week after the consent, however often they were renewed', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  sim.addChannel('northpine');
  sim.setGrantSeconds(WEEK_S);
  const { body } = await exchange(sim, await codeOf(sim, asked(sim)));
  expect(body.refresh_token_expires_in).toBe(WEEK_S - 1);
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) };
  await clock.advance((WEEK_S - 100) * 1000);
  expect((await token(sim, refresh)).body.refresh_token_expires_in).toBe(99);
  await clock.advance(101_000);
  expect(await token(sim, refresh)).toEqual({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
  });
});

test('the hundred and first grant of an account costs the first its refresh token', async () => {
  const sim = await simulator();
  const tokens = Array.from({ length: 101 }, () => sim.issueToken('northpine', [READ]));
  const renew = (index: number) =>
    token(sim, { grant_type: 'refresh_token', refresh_token: tokens[index]?.refresh ?? '' });
  expect((await renew(0)).body.error).toBe('invalid_grant');
  expect((await renew(1)).status).toBe(200);
});

test('a person may allow less than was asked, and deny', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const { body } = await exchange(sim, await codeOf(sim, asked(sim, { grant: READ })));
  expect(body.scope).toBe(READ);
  const denied = await fetch(`${sim.urls.auth}?${asked(sim, { deny: '1', state: 'st' })}`, { redirect: 'manual' });
  expect(denied.headers.get('location')).toBe(`${REDIRECT}?state=st&error=access_denied`);
  const query = asked(sim);
  query.delete('as');
  const page = await (await fetch(`${sim.urls.auth}?${query}`)).text();
  expect(page).toContain('value="northpine"');
});

test('what is granted goes by its full name, and joins what was granted before where that is asked for', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const consented = async (scope: string, more: Record<string, string> = {}) =>
    (await exchange(sim, await codeOf(sim, asked(sim, { scope, ...more })))).body.scope;
  expect(await consented('openid email')).toBe('openid https://www.googleapis.com/auth/userinfo.email');
  expect(await consented(READ)).toBe(READ);
  const joined = String(await consented(WRITE, { include_granted_scopes: 'true' }));
  expect(joined.split(' ')).toEqual(['openid', 'https://www.googleapis.com/auth/userinfo.email', READ, WRITE]);
});

test('wrong clients, wrong grants and dead tokens are told apart', async () => {
  const { sim, tokens } = await liveRoom();
  const refresh = { grant_type: 'refresh_token', refresh_token: 'nothing' };
  expect(await token(sim, { ...refresh, client_secret: 'no' })).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  });
  expect((await token(sim, { grant_type: 'password' })).body.error).toBe('unsupported_grant_type');
  expect((await token(sim, refresh)).body.error).toBe('invalid_grant');
  const inspect = async (access: string) => {
    const response = await fetch(`${sim.urls.api}/tokeninfo?access_token=${access}`);
    return { status: response.status, body: await response.json() };
  };
  expect(await inspect(tokens.bot)).toMatchObject({
    status: 200,
    body: { aud: sim.application.id, expires_in: '3600', scope: WRITE },
  });
  expect(await inspect('nothing')).toMatchObject({ status: 400, body: { error: 'invalid_token' } });
});

test('either token of a grant ends all of it', async () => {
  const { sim, tokens, api } = await liveRoom();
  const revoke = async (secret: string) =>
    (await fetch(`${sim.urls.api}/revoke?token=${secret}`, { method: 'POST' })).status;
  expect(await revoke(tokens.bot)).toBe(200);
  expect(await revoke(tokens.bot)).toBe(400);
  expect(await api('GET', 'channels', tokens.bot, { part: 'id', mine: 'true' })).toMatchObject({
    status: 401,
    reason: 'authError',
  });
});

test('a grant speaks for the channel that was picked, and an account without one has none', async () => {
  const { sim, api } = await liveRoom();
  const brand = sim.addChannel('northpine_second', 'northpine');
  sim.addPerson('reader_only');
  const second = sim.issueToken('northpine_second', [READ]).access;
  const mine = { part: 'id', mine: 'true' };
  expect((await api('GET', 'channels', second, mine)).body.items).toMatchObject([{ id: brand.id }]);
  expect(brand.ownerId).toBe(sim.channel('northpine').ownerId);
  const nobody = sim.issueToken('reader_only', [WRITE]).access;
  const none = (await api('GET', 'channels', nobody, mine)).body;
  expect(none.pageInfo.totalResults).toBe(0);
  expect(none).not.toHaveProperty('items');
  expect(await api('POST', 'liveChat/messages', nobody, { part: 'snippet' }, {})).toMatchObject({
    status: 401,
    reason: 'youtubeSignupRequired',
  });
});
