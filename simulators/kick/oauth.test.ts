/** Kick's OAuth with its oddities. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { KickSimulator } from './simulator.ts';
import { ask, simulator } from './test-support.ts';

const REDIRECT = 'http://localhost:3001/auth/kick/link/callback';
const DAY_MS = 86_400_000;
const verifier = randomBytes(32).toString('base64url');

function authorizeQuery(sim: KickSimulator, change: Record<string, string | null> = {}): URLSearchParams {
  const given: Record<string, string | null> = {
    response_type: 'code',
    client_id: sim.application.id,
    redirect_uri: REDIRECT,
    scope: 'user:read chat:write',
    state: 's-1',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== null) query.set(name, value);
  return query;
}

function authorize(sim: KickSimulator, query: URLSearchParams | string): Promise<Response> {
  return fetch(`${sim.urls.id}/oauth/authorize?${query}`, { redirect: 'manual' });
}

async function consent(
  sim: KickSimulator,
  person = 'mira_k',
  change: Record<string, string | null> = {},
): Promise<URL> {
  sim.addPerson(person);
  sim.autoConsent(person);
  const { status, headers } = await authorize(sim, authorizeQuery(sim, change));
  expect(status).toBe(302);
  return new URL(headers.get('location') ?? '');
}

async function token(sim: KickSimulator, form: Record<string, string>, headers: Record<string, string> = {}) {
  const credentials = { client_id: sim.application.id, client_secret: sim.application.secret };
  const body = new URLSearchParams({ ...credentials, ...form });
  const response = await fetch(`${sim.urls.id}/oauth/token`, { method: 'POST', body, headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function linked(sim: KickSimulator): Promise<{ access: string; refresh: string }> {
  const code = (await consent(sim)).searchParams.get('code') ?? '';
  const given = { grant_type: 'authorization_code', redirect_uri: REDIRECT, code_verifier: verifier, code };
  const { body } = await token(sim, given);
  return { access: String(body.access_token), refresh: String(body.refresh_token) };
}

const refresh = (sim: KickSimulator, refreshToken: string) =>
  token(sim, { grant_type: 'refresh_token', refresh_token: refreshToken });

test('consent, code and verifier become a user token of two hours with its scopes as one text', async () => {
  const sim = await simulator();
  const back = await consent(sim);
  expect(`${back.origin}${back.pathname}`).toBe(REDIRECT);
  expect(back.searchParams.get('state')).toBe('s-1');
  const code = back.searchParams.get('code') ?? '';
  const given = { grant_type: 'authorization_code', redirect_uri: REDIRECT, code_verifier: verifier, code };
  const { status, body } = await token(sim, given);
  expect(status).toBe(200);
  expect(body).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    refresh_token: expect.any(String),
    expires_in: 7200,
    scope: 'user:read chat:write',
  });
  const me = await ask(sim, 'GET', 'users', { token: String(body.access_token) });
  expect(me.body).toMatchObject({ data: [{ name: 'mira_k' }] });
});

test('a code works once, and only with the verifier whose challenge was given', async () => {
  const sim = await simulator();
  const code = (await consent(sim)).searchParams.get('code') ?? '';
  const given = { grant_type: 'authorization_code', redirect_uri: REDIRECT, code };
  expect((await token(sim, { ...given, code_verifier: verifier })).status).toBe(200);
  expect((await token(sim, { ...given, code_verifier: verifier })).body.error).toBe('invalid_grant');

  const other = (await consent(sim)).searchParams.get('code') ?? '';
  const wrong = { ...given, code: other, code_verifier: 'somebody-elses' };
  expect((await token(sim, wrong)).body.error).toBe('invalid_grant');
  expect((await token(sim, { ...wrong, code_verifier: verifier })).body.error).toBe('invalid_grant');
});

test.each([
  ['response_type', null],
  ['client_id', null],
  ['redirect_uri', null],
  ['scope', null],
  ['state', null],
  ['code_challenge', null],
  ['code_challenge_method', null],
  ['code_challenge_method', 'plain'],
  ['client_id', 'somebody'],
  ['redirect_uri', `${REDIRECT}/`],
])('an authorize request with %s = %s ends at the front page, which is not there', async (name, value) => {
  const sim = await simulator();
  sim.autoConsent(sim.addPerson('mira_k'));
  const { status, headers } = await authorize(sim, authorizeQuery(sim, { [name]: value }));
  expect(status).toBe(307);
  expect(headers.get('location')).toBe('/');
  expect((await fetch(sim.urls.id)).status).toBe(404);
});

test('127.0.0.1 becomes localhost where it stands first, so a parameter before it saves the redirect', async () => {
  const sim = await simulator();
  const loopback = 'http://127.0.0.1:3001/auth/kick/link/callback';
  sim.setApplication({ redirectUris: [loopback] });
  sim.autoConsent(sim.addPerson('mira_k'));
  const query = authorizeQuery(sim, { redirect_uri: loopback });
  expect((await authorize(sim, query)).status).toBe(307);
  const saved = await authorize(sim, `redirect=127.0.0.1&${query}`);
  expect(saved.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:3001\//);
});

test('who denies is sent back with an error and the state', async () => {
  const sim = await simulator();
  sim.oauth.denials = 1;
  const denied = await consent(sim);
  expect(Object.fromEntries(denied.searchParams)).toMatchObject({ error: 'access_denied', state: 's-1' });
  expect((await consent(sim)).searchParams.get('code')).not.toBeNull();
});

test('without anybody who consents unasked there is a page to choose on', async () => {
  const sim = await simulator();
  sim.addPerson('mira_k');
  const page = await authorize(sim, authorizeQuery(sim));
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('name="as" value="mira_k"');
  const chosen = await authorize(sim, `${authorizeQuery(sim)}&as=mira_k`);
  expect(chosen.headers.get('location')).toContain('code=');
});

test('an application gets a token of 60 days without scope or refresh token', async () => {
  const sim = await simulator();
  const { body } = await token(sim, { grant_type: 'client_credentials' });
  expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 5_184_000 });
});

test('the token endpoint takes forms with the credentials in them and nothing else', async () => {
  const sim = await simulator();
  const url = `${sim.urls.id}/oauth/token`;
  const { id, secret } = sim.application;
  const json = JSON.stringify({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const asJson = await fetch(url, { method: 'POST', body: json, headers: { 'content-type': 'application/json' } });
  expect([asJson.status, await asJson.json()]).toEqual([400, { error: 'Invalid request' }]);
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  expect((await fetch(url, { method: 'POST', body, headers: { authorization: basic } })).status).toBe(400);
  expect((await token(sim, { grant_type: 'client_credentials', client_secret: 'wrong' })).status).toBe(401);
  expect((await token(sim, { grant_type: 'password' })).status).toBe(400);
});

test('a user token runs out by the clock, and a refresh gives both tokens anew', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const first = await linked(sim);
  await clock.advance(7200_000);
  const refused = await ask(sim, 'GET', 'users', { token: first.access });
  expect([refused.status, refused.body]).toEqual([401, { data: {}, message: 'Unauthorized' }]);
  const { body } = await refresh(sim, first.refresh);
  expect(body.refresh_token).not.toBe(first.refresh);
  expect((await ask(sim, 'GET', 'users', { token: String(body.access_token) })).status).toBe(200);
  expect(sim.tokensRefreshed).toBe(1);
});

test('a used refresh token works again, as after a lost answer; with strict rotation it does not', async () => {
  const sim = await simulator();
  const { refresh: used } = await linked(sim);
  expect((await refresh(sim, used)).status).toBe(200);
  expect((await refresh(sim, used)).status).toBe(200);
  sim.faults.setRotation(true);
  const next = String((await refresh(sim, used)).body.refresh_token);
  expect((await refresh(sim, used)).body.error).toBe('invalid_grant');
  expect((await refresh(sim, next)).status).toBe(200);
});

test('a grant of thirty days ends after thirty days however often it was renewed', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  sim.faults.setGrantDays(30);
  let { refresh: current } = await linked(sim);
  for (let day = 10; day <= 30; day += 10) {
    await clock.advance(10 * DAY_MS);
    current = String((await refresh(sim, current)).body.refresh_token);
  }
  await clock.advance(1000);
  expect((await refresh(sim, current)).body).toMatchObject({ error: 'invalid_grant' });
});

test('revoking by the query ends the token named, and says OK in plain text', async () => {
  const sim = await simulator();
  const { access, refresh: renewing } = await linked(sim);
  const revoke = (query: string) => fetch(`${sim.urls.id}/oauth/revoke?${query}`, { method: 'POST' });
  const answer = await revoke(`token=${access}&token_hint_type=access_token`);
  expect([answer.status, await answer.text()]).toEqual([200, 'OK']);
  expect((await ask(sim, 'GET', 'users', { token: access })).status).toBe(401);
  await revoke(`token=${renewing}&token_hint_type=refresh_token`);
  expect((await refresh(sim, renewing)).body.error).toBe('invalid_grant');
});

test('introspection tells a user from an application and a dead token from a living one', async () => {
  const clock = new ManualClock(new Date('2026-01-01T00:00:00Z'));
  const sim = await simulator({ clock });
  const { access } = await linked(sim);
  const introspect = async (bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}` };
    const response = await fetch(`${sim.urls.id}/oauth/token/introspect`, { method: 'POST', headers });
    return ((await response.json()) as { data: unknown }).data;
  };
  const client = { client_id: sim.application.id };
  const exp = Date.parse('2026-01-01T02:00:00Z') / 1000;
  expect(await introspect(access)).toEqual({
    active: true,
    token_type: 'user',
    scope: 'user:read chat:write',
    exp,
    ...client,
  });
  expect(await introspect(sim.issueAppToken().access)).toMatchObject({ active: true, token_type: 'app', ...client });
  expect(await introspect('nonsense')).toEqual({ active: false });
});
