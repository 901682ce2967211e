/** The simulated OAuth has VK's oddities (docs/platforms/vkvideo.md#oauth). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { VkVideoSimulator } from './simulator.ts';
import { ask, BOT, simulator } from './test-support.ts';

const REDIRECT = 'http://localhost:4000/vk/cb';
const granted = z.object({ access_token: z.string(), refresh_token: z.string() });

test('consent returns at once, and the code is worth tokens once, for the same redirect_uri', async () => {
  const sim = await consenting();
  const back = await authorize(sim, { scope: 'chat:message:send,channel:roles', state: 'st' });
  expect(back.origin + back.pathname).toBe(REDIRECT);
  expect(back.searchParams.get('state')).toBe('st');
  const code = back.searchParams.get('code') ?? '';
  const { status, body } = await token(sim, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT });
  expect(status).toBe(200);
  expect(body).toEqual({
    access_token: expect.any(String),
    refresh_token: expect.any(String),
    expires_in: 86_400,
    token_type: 'Bearer',
  });
  const again = await token(sim, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT });
  expect(again).toEqual({ status: 400, body: { error: 'invalid_grant', error_description: 'Invalid code' } });
  const bearer = `Bearer ${granted.parse(body).access_token}`;
  expect((await ask(sim, bearer, 'GET /v1/current_user')).body).toMatchObject({ data: { user: { nick: BOT } } });
});

test('redirect_uri is compared character for character: at the page, for the code, for the refresh', async () => {
  const sim = await consenting();
  const refused = await fetch(authorizeUrl(sim, { redirect_uri: `${REDIRECT}/` }), { redirect: 'manual' });
  expect(refused.status).toBe(400);
  const code = (await authorize(sim)).searchParams.get('code') ?? '';
  const wrong = { grant_type: 'authorization_code', code, redirect_uri: `${REDIRECT}/` };
  expect((await token(sim, wrong)).status).toBe(400);
  const refresh = { grant_type: 'refresh_token', refresh_token: sim.issueToken(BOT).refresh ?? '' };
  expect((await token(sim, { ...refresh, redirect_uri: `${REDIRECT}/` })).status).toBe(400);
  expect((await token(sim, refresh)).status).toBe(200);
});

test('a refresh token works once: its answer brings the next one', async () => {
  const sim = await consenting();
  const first = sim.issueToken(BOT).refresh ?? '';
  const request = { grant_type: 'refresh_token', refresh_token: first, redirect_uri: REDIRECT };
  const { body } = await token(sim, request);
  expect(granted.parse(body).refresh_token).not.toBe(first);
  expect(await token(sim, request)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(sim.tokensRefreshed).toBe(1);
});

test('the client speaks by the Basic header alone', async () => {
  const sim = await consenting();
  const { id, secret } = sim.application;
  const inBody = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  expect((await token(sim, inBody, '')).status).toBe(401);
  expect((await token(sim, inBody, `Basic ${btoa(`${id}:wrong`)}`)).status).toBe(401);
});

test("an application's own token tells its life as `expire_time`, cannot be refreshed and speaks for nobody", async () => {
  const sim = await consenting();
  const { body } = await token(sim, { grant_type: 'client_credentials' });
  expect(body).toEqual({ access_token: expect.any(String), state: '', expire_time: 86_400, token_type: 'Bearer' });
  const bearer = `Bearer ${z.object({ access_token: z.string() }).parse(body).access_token}`;
  expect((await ask(sim, bearer, 'GET /v1/channel?channel_url=northpine')).status).toBe(200);
  expect((await ask(sim, bearer, 'GET /v1/current_user')).status).toBe(403);
});

test('denial, a state that was tampered with, and fewer scopes than asked for', async () => {
  const sim = await consenting();
  expect((await authorize(sim, { deny: '1', state: 'st' })).searchParams.get('error')).toBe('access_denied');
  expect((await authorize(sim, { wrong_state: '1', state: 'st' })).searchParams.get('state')).toBe('stx');
  expect((await authorize(sim, { scope: 'no:such:scope' })).searchParams.get('error')).toBe('invalid_scope');
  const back = await authorize(sim, { scope: 'chat:message:send,channel:roles', grant: 'channel:roles' });
  const code = back.searchParams.get('code') ?? '';
  const { body } = await token(sim, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT });
  const send = 'POST /v1/chat/message/send?channel_url=northpine&stream_id=x';
  const answer = await ask(sim, `Bearer ${granted.parse(body).access_token}`, send, {});
  expect(answer).toMatchObject({ status: 403, body: { error: 'forbidden' } });
});

test('revoked tokens are dead, and revoking says yes to anything', async () => {
  const sim = await consenting();
  const { access, refresh } = sim.issueToken(BOT);
  for (const dead of [access, refresh ?? '', 'unknown']) {
    expect(await token(sim, { token: dead }, basic(sim), sim.urls.revoke)).toEqual({ status: 200, body: {} });
  }
  expect((await ask(sim, `Bearer ${access}`, 'GET /v1/current_user')).status).toBe(401);
  expect((await token(sim, { grant_type: 'refresh_token', refresh_token: refresh ?? '' })).status).toBe(400);
});

test('without anybody chosen the page offers the people and the denial', async () => {
  const sim = await consenting();
  sim.autoConsent(null);
  const page = await (await fetch(authorizeUrl(sim))).text();
  expect(page).toContain(`as=${BOT}`);
  expect(page).toContain('deny=1');
});

async function consenting(): Promise<VkVideoSimulator> {
  const sim = await simulator({ redirectUri: REDIRECT });
  sim.autoConsent(BOT);
  return sim;
}

function authorizeUrl(sim: VkVideoSimulator, more: Record<string, string> = {}): string {
  const query = { client_id: sim.application.id, redirect_uri: REDIRECT, response_type: 'code', ...more };
  return `${sim.urls.authorize}?${new URLSearchParams(query)}`;
}

async function authorize(sim: VkVideoSimulator, more: Record<string, string> = {}): Promise<URL> {
  const response = await fetch(authorizeUrl(sim, more), { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '');
}

function basic(sim: VkVideoSimulator): string {
  return `Basic ${btoa(`${sim.application.id}:${sim.application.secret}`)}`;
}

async function token(
  sim: VkVideoSimulator,
  form: Record<string, string>,
  authorization = basic(sim),
  url: string = sim.urls.token,
) {
  const headers = authorization === '' ? {} : { authorization };
  const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as unknown };
}
