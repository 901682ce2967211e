/** The simulated Trovo's login page and tokens, asked as the examples of the platform's page ask (docs/platforms/trovo.md#oauth). */
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { TrovoSimulator } from './simulator.ts';
import { ask, simulator } from './test-support.ts';

const REDIRECT = 'http://localhost:3001/auth/trovo/link/callback';
const DAY = 86_400_000;

function loginAddress(sim: TrovoSimulator, scope: string, more = ''): string {
  const redirect = encodeURIComponent(REDIRECT);
  const client = `client_id=${sim.application.id}&response_type=code`;
  return `${sim.urls.authorize}?${client}&scope=${scope}&redirect_uri=${redirect}&state=s%20t${more}`;
}

async function consent(sim: TrovoSimulator, scope = 'chat_connect+chat_send_self', more = '&as=mira_k') {
  const response = await fetch(loginAddress(sim, scope, more), { redirect: 'manual' });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '');
}

async function codeOf(sim: TrovoSimulator): Promise<string> {
  return (await consent(sim)).searchParams.get('code') ?? '';
}

function exchange(sim: TrovoSimulator, code: string | undefined, more: Record<string, unknown> = {}) {
  const grant = { client_secret: sim.application.secret, grant_type: 'authorization_code' };
  return ask(sim, 'POST exchangetoken', { body: { ...grant, code, redirect_uri: REDIRECT, ...more } });
}

function refresh(sim: TrovoSimulator, token: string) {
  const grant = { client_secret: sim.application.secret, grant_type: 'refresh_token' };
  return ask(sim, 'POST refreshtoken', { body: { ...grant, refresh_token: token } });
}

async function withPerson(clock = new ManualClock()) {
  const sim = await simulator({ clock, limits: 'off' });
  sim.addPerson({ login: 'mira_k', displayName: 'Mira' });
  return { sim, clock };
}

test('the login page understands plus-joined scopes and returns code, state and an extra expire parameter', async () => {
  const { sim } = await withPerson();
  const back = await consent(sim);
  expect(back.href.startsWith(`${REDIRECT}?code=`)).toBe(true);
  expect(back.searchParams.get('state')).toBe('s t');
  expect([...back.searchParams.keys()][1]).toMatch(/^expire/);

  const { body: tokens } = await exchange(sim, back.searchParams.get('code') ?? '');
  const { body: validated } = await ask(sim, 'GET validate', { token: tokens.access_token });
  expect(validated.scopes).toEqual(['chat_connect', 'chat_send_self']);
});

test('two scopes joined by a percent-encoded plus are read as one unknown scope', async () => {
  const { sim } = await withPerson();
  const response = await fetch(loginAddress(sim, 'chat_connect%2Bchat_send_self', '&as=mira_k'));
  expect(await response.json()).toMatchObject({ status: 11703 });
  // A form-encoded space is a plus.
  expect((await consent(sim, 'chat_connect%20chat_send_self')).searchParams.has('code')).toBe(true);
});

test('the login page lets people choose the account and the scopes, or deny', async () => {
  const { sim } = await withPerson();
  const page = await (await fetch(loginAddress(sim, 'chat_connect+chat_send_self'))).text();
  expect(page).toContain('value="mira_k">Mira</button>');
  expect(page).toContain('name="grant" value="chat_send_self" checked');
  const denied = await consent(sim, 'chat_connect', '&deny=1');
  expect(denied.searchParams.get('error')).toBe('access_denied');
  expect(denied.searchParams.get('state')).toBe('s t');
  const part = await consent(sim, 'chat_connect+chat_send_self', '&as=mira_k&grant=&grant=chat_connect');
  const { body } = await exchange(sim, part.searchParams.get('code') ?? '');
  expect((await ask(sim, 'GET validate', { token: body.access_token })).body.scopes).toEqual(['chat_connect']);

  sim.autoConsent('mira_k');
  expect((await consent(sim, 'chat_connect', '')).searchParams.has('code')).toBe(true);
});

test('the login page refuses an unknown application, a missing redirect and another response type', async () => {
  const { sim } = await withPerson();
  const status = async (query: string) => {
    const response = await fetch(`${sim.urls.authorize}?${query}`);
    return JSON.parse(await response.text()).status;
  };
  const client = `client_id=${sim.application.id}`;
  expect(await status('client_id=nobody')).toBe(11701);
  expect(await status(`${client}&response_type=code&scope=chat_connect`)).toBe(11716);
  expect(await status(`${client}&redirect_uri=${REDIRECT}&scope=chat_connect&response_type=token`)).toBe(1002);
});

test('a code becomes a pair of tokens; expires_in is a string, or a number when the simulator is set to that', async () => {
  const { sim } = await withPerson();
  const { status, body } = await exchange(sim, await codeOf(sim));
  expect(status).toBe(200);
  expect(body).toEqual({
    access_token: expect.any(String),
    refresh_token: expect.any(String),
    expires_in: '14400',
    token_type: 'OAuth',
  });
  sim.setExpiresInAs('number');
  expect((await exchange(sim, await codeOf(sim))).body.expires_in).toBe(14_400);
});

test('a code works once, for ten minutes, and only with the right secret, grant type and redirect address', async () => {
  const { sim, clock } = await withPerson();
  const code = await codeOf(sim);
  const status = async (...given: [string | undefined, Record<string, unknown>?]) =>
    (await exchange(sim, ...given)).body.status;
  expect(await status(code, { client_secret: 'guessed' })).toBe(11717);
  expect(await status(code, { grant_type: 'refresh_token' })).toBe(11715);
  expect(await status(code, { redirect_uri: 'http://localhost/elsewhere' })).toBe(11716);
  expect(await status(undefined)).toBe(10710);
  expect(await status('never-made')).toBe(11710);
  expect(await status(code)).toBeUndefined();
  expect(await status(code)).toBe(11711);
  const late = await codeOf(sim);
  await clock.advance(600_000);
  expect(await status(late)).toBe(11710);
});

test('token calls are refused unless they have a JSON body and the Client-ID header', async () => {
  const { sim } = await withPerson();
  const body = {
    client_secret: sim.application.secret,
    grant_type: 'authorization_code',
    code: await codeOf(sim),
    redirect_uri: REDIRECT,
  };
  const clientId = { 'client-id': sim.application.id };
  const json = { 'content-type': 'application/json' };
  for (const path of ['POST exchangetoken', 'POST refreshtoken']) {
    const noHeader = await ask(sim, path, { body, headers: json });
    expect(noHeader).toMatchObject({ status: 400, body: { status: 11701, error: 'invalidHeader' } });
    const form = { ...clientId, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask(sim, path, { body, headers: form })).body.status).toBe(11701);
    expect((await ask(sim, path, { body: 'text', headers: { ...clientId, ...json } })).body.status).toBe(1002);
  }
  expect((await ask(sim, 'POST exchangetoken', { body, headers: { ...clientId, ...json } })).status).toBe(200);
});

test('each refresh gives a new refresh token, and the old one keeps working until its own 30 days end', async () => {
  const { sim, clock } = await withPerson();
  const { body: first } = await exchange(sim, await codeOf(sim));
  await clock.advance(20 * DAY);
  const { body: second } = await refresh(sim, first.refresh_token);
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect(second.expires_in).toBe('14400');
  expect((await refresh(sim, first.refresh_token)).status).toBe(200);
  expect(sim.tokensRefreshed).toBe(2);

  await clock.advance(10 * DAY);
  expect((await refresh(sim, first.refresh_token)).body.status).toBe(11712);
  expect((await refresh(sim, second.refresh_token)).status).toBe(200);
  expect((await refresh(sim, 'never-made')).body.status).toBe(11713);
});

test('a refresh token allows 50 live access tokens, and more once they have expired', async () => {
  const { sim, clock } = await withPerson();
  const { refresh: token } = sim.issueToken('mira_k', ['chat_connect']);
  for (let made = 0; made < 50; made += 1) expect((await refresh(sim, token)).status).toBe(200);
  expect((await refresh(sim, token)).body.status).toBe(11718);
  await clock.advance(14_400_000);
  expect((await refresh(sim, token)).status).toBe(200);
});

test('validate returns the owner and the expiry of a token as strings', async () => {
  const { sim, clock } = await withPerson();
  const { access } = sim.issueToken('mira_k', ['chat_connect']);
  expect((await ask(sim, 'GET validate', { token: access })).body).toEqual({
    uid: sim.person('mira_k').id,
    client_id: sim.application.id,
    nick_name: 'Mira',
    scopes: ['chat_connect'],
    expire_ts: String(clock.now().getTime() / 1000 + 14_400),
  });
});

test('an expired token is refused with 401 and 11714; an unknown, revoked or withdrawn one with 11704', async () => {
  const { sim, clock } = await withPerson();
  const answerTo = (token: string) => ask(sim, 'GET validate', { token });
  const expired = sim.issueToken('mira_k', ['chat_connect'], 60).access;
  await clock.advance(60_000);
  expect(await answerTo(expired)).toMatchObject({ status: 401, body: { status: 11714, error: 'accessTokenExpired' } });
  expect(await answerTo('made-up')).toMatchObject({ status: 400, body: { status: 11704 } });

  const revoked = sim.issueToken('mira_k', ['chat_connect']);
  expect((await ask(sim, 'POST revoke', { body: { access_token: revoked.access } })).status).toBe(200);
  expect((await answerTo(revoked.access)).body.status).toBe(11704);
  expect((await ask(sim, 'POST revoke', { body: { access_token: revoked.access } })).body.status).toBe(11704);

  const withdrawn = sim.issueToken('mira_k', ['chat_connect']);
  sim.faults.expireTokens('mira_k');
  expect((await answerTo(withdrawn.access)).body.status).toBe(11714);
  expect((await refresh(sim, withdrawn.refresh)).status).toBe(200);
  sim.faults.revokeGrant('mira_k');
  expect((await answerTo(withdrawn.access)).body.status).toBe(11704);
  expect((await refresh(sim, withdrawn.refresh)).body.status).toBe(11713);

  const old = sim.issueToken('mira_k', ['chat_connect']);
  sim.faults.expireRefreshTokens('mira_k');
  expect((await refresh(sim, old.refresh)).body.status).toBe(11712);
});

test('the authorization scheme is OAuth, and Bearer is refused with 401', async () => {
  const { sim } = await withPerson();
  const { access } = sim.issueToken('mira_k', ['chat_connect']);
  const headers = { 'client-id': sim.application.id, authorization: `Bearer ${access}` };
  expect((await ask(sim, 'GET validate', { headers })).status).toBe(401);
  expect((await ask(sim, 'GET chat/token', { headers })).status).toBe(401);
  expect((await ask(sim, 'GET validate')).body.status).toBe(11701);
  expect((await ask(sim, 'GET validate', { token: access })).status).toBe(200);
});
