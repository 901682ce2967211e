/** The simulated Helix and OAuth answer as docs/platforms/twitch.md says, refusals included. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { TwitchSimulator } from '../simulator.ts';
import { BareChat, simulator } from '../test-support.ts';

async function call(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

function helix(sim: TwitchSimulator, token: string, path: string, body?: unknown) {
  return call(`${sim.urls.api}/${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, 'client-id': sim.application.id, 'content-type': 'application/json' },
  });
}

function tokenCall(sim: TwitchSimulator, more: Record<string, string>) {
  const { id, secret } = sim.application;
  const body = new URLSearchParams({ client_id: id, client_secret: secret, ...more });
  return call(`${sim.urls.auth}/token`, { method: 'POST', body });
}

async function appToken(sim: TwitchSimulator): Promise<string> {
  return (await tokenCall(sim, { grant_type: 'client_credentials' })).body.access_token;
}

test('a message sent through Helix is seen on IRC; a repeated one answers 200 with the reason it was dropped', async () => {
  const sim = await simulator({ limits: { channelMessagesPerS: 0 } });
  const room = sim.addChannel('northpine').id;
  const bot = sim.addPerson('helperbot').id;
  const { access } = sim.issueToken('helperbot', ['user:write:chat']);
  const chat = await BareChat.join(sim, 'mira_k', 'northpine');
  const send = (message: string, more = {}) =>
    helix(sim, access, 'chat/messages', { broadcaster_id: room, sender_id: bot, message, ...more });

  const { status, body } = await send('hello');
  const again = await send('hello');

  expect({ status, ...body.data[0] }).toEqual({
    status: 200,
    message_id: expect.any(String),
    is_sent: true,
    drop_reason: null,
  });
  expect(await chat.line('#northpine :hello')).toContain(`id=${body.data[0].message_id}`);
  expect(again.status).toBe(200);
  expect(again.body.data[0]).toMatchObject({ message_id: '', is_sent: false, drop_reason: { code: 'msg_duplicate' } });
  expect(sim.messagesIn('northpine')).toMatchObject([{ text: 'hello', transport: 'helix' }]);
  expect((await send('x'.repeat(501))).status).toBe(422);
  expect(await send('hi', { reply_parent_message_id: 'nothing' })).toMatchObject({ status: 400, body: { data: [] } });
  expect((await send('hi', { for_source_only: true })).status).toBe(400);
  expect((await send('/ban mira_k')).body.data[0].drop_reason.code).toBe('msg_rejected');
  sim.exclude('northpine', 'helperbot', 60);
  expect((await send('late')).body.data[0].drop_reason.code).toBe('user_timed_out');
  sim.exclude('northpine', 'helperbot', null);
  expect((await send('never')).status).toBe(403);
});

test('an app token sends only with the grants of sender and broadcaster, or as moderator', async () => {
  const sim = await simulator({ limits: 'off' });
  const room = sim.addChannel('northpine').id;
  const bot = sim.addPerson('helperbot').id;
  const token = await appToken(sim);
  const send = () => helix(sim, token, 'chat/messages', { broadcaster_id: room, sender_id: bot, message: 'hi' });

  expect(await send()).toMatchObject({ status: 401, body: { message: expect.stringContaining('user:bot') } });
  sim.issueToken('helperbot', ['user:write:chat', 'user:bot']);
  expect(await send()).toMatchObject({ status: 401, body: { message: expect.stringContaining('channel:bot') } });
  sim.setRole('northpine', 'helperbot', 'moderator');
  expect((await send()).body.data[0].is_sent).toBe(true);
  sim.setRole('northpine', 'helperbot', 'moderator', false);
  sim.issueToken('northpine', ['channel:bot']);
  expect((await send()).body.data[0].is_sent).toBe(true);
});

test('callers without token, with a foreign client id or without scope get 401; every answer shows the bucket', async () => {
  const sim = await simulator();
  const room = sim.addChannel('northpine').id;
  const { access } = sim.issueToken('northpine', []);

  expect((await call(`${sim.urls.api}/users`)).body.message).toBe('OAuth token is missing');
  const foreign = { authorization: `Bearer ${access}`, 'client-id': 'another' };
  expect((await call(`${sim.urls.api}/users`, { headers: foreign })).status).toBe(401);
  const answer = await helix(sim, access, `moderation/moderators?broadcaster_id=${room}`);
  expect(answer).toMatchObject({ status: 401, body: { message: expect.stringContaining('Missing scope') } });
  expect(answer.headers.get('ratelimit-remaining')).toBe('799');
});

test('people are found by id and login, only live streams are listed, followers need the right', async () => {
  const sim = await simulator();
  const { id } = sim.addChannel('northpine');
  sim.addChannel('southpine');
  sim.goLive('northpine', { startedAt: new Date('2026-01-01T10:00:00Z') });
  sim.follow('northpine', 'mira_k');
  const { access } = sim.issueToken('northpine', ['moderator:read:followers']);

  const users = await helix(sim, access, 'users?login=southpine&login=nobody&id=nothing');
  expect(users.body.data).toMatchObject([{ login: 'southpine' }]);
  expect((await helix(sim, access, 'users')).body.data).toMatchObject([{ login: 'northpine' }]);
  const streams = await helix(sim, access, `streams?user_login=southpine&user_id=${id}`);
  expect(streams.body.data).toMatchObject([{ user_id: id, type: 'live', started_at: '2026-01-01T10:00:00Z' }]);
  const followers = await helix(sim, access, `channels/followers?broadcaster_id=${id}`);
  expect(followers.body).toMatchObject({ total: 1, data: [{ user_login: 'mira_k' }] });
  const stranger = await helix(sim, await appToken(sim), `channels/followers?broadcaster_id=${id}`);
  expect(stranger.body).toEqual({ total: 1, data: [], pagination: {} });
});

test('the consent page leads to a code, the code to tokens, and a refresh token works once', async () => {
  const sim = await simulator();
  sim.addPerson({ login: 'mira_k', displayName: 'Mira <K>' });
  const redirect = 'http://localhost:3001/back?kept=1';
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: sim.application.id,
    redirect_uri: redirect,
    scope: 'chat:read user:bot',
    state: 's&1',
  });
  const page = await fetch(`${sim.urls.auth}/authorize?${query}`);
  expect(await page.text()).toContain('<button name="as" value="mira_k">Mira &#60;K&#62;</button>');

  const consent = await call(`${sim.urls.auth}/authorize?${query}&as=mira_k`);
  const target = new URL(consent.headers.get('location') ?? '');
  expect(Object.fromEntries(target.searchParams)).toMatchObject({
    kept: '1',
    state: 's&1',
    scope: 'chat:read user:bot',
  });
  const code = target.searchParams.get('code') ?? '';
  const granted = await tokenCall(sim, { grant_type: 'authorization_code', code, redirect_uri: redirect });
  expect(granted.body).toMatchObject({ scope: ['chat:read', 'user:bot'], token_type: 'bearer' });
  expect((await tokenCall(sim, { grant_type: 'authorization_code', code, redirect_uri: redirect })).status).toBe(400);

  const validate = (token: string) =>
    call(`${sim.urls.auth}/validate`, { headers: { authorization: `OAuth ${token}` } });
  expect((await validate(granted.body.access_token)).body).toMatchObject({
    login: 'mira_k',
    scopes: ['chat:read', 'user:bot'],
  });
  const refresh = { grant_type: 'refresh_token', refresh_token: granted.body.refresh_token };
  const refreshed = await tokenCall(sim, refresh);
  expect(refreshed.status).toBe(200);
  expect(await tokenCall(sim, refresh)).toMatchObject({
    status: 400,
    body: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' },
  });
  const revoke = new URLSearchParams({ client_id: sim.application.id, token: refreshed.body.access_token });
  expect((await call(`${sim.urls.auth}/revoke`, { method: 'POST', body: revoke })).status).toBe(200);
  expect(await validate(refreshed.body.access_token)).toMatchObject({
    status: 401,
    body: { message: 'invalid access token' },
  });

  const denied = await call(`${sim.urls.auth}/authorize?${query}&deny=1`);
  expect(new URL(denied.headers.get('location') ?? '').searchParams.get('error')).toBe('access_denied');
  sim.autoConsent('mira_k');
  expect((await call(`${sim.urls.auth}/authorize?${query}`)).status).toBe(302);
});

test('scripted HTTP trouble: 429 with its reset, 5xx, slow, lost, cut and truncated answers', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits: 'off' });
  const { access } = sim.issueToken(sim.addPerson('helperbot'), []);
  const users = () => helix(sim, access, 'users');

  sim.faults.tooManyRequests('/helix/users', 7);
  const limited = await users();
  expect(limited.status).toBe(429);
  expect(Number(limited.headers.get('ratelimit-reset'))).toBe(clock.now().getTime() / 1000 + 7);
  sim.faults.http({ kind: 'answer', status: 503, times: 1 });
  expect((await users()).status).toBe(503);
  expect((await users()).status).toBe(200);
  sim.faults.http({ kind: 'slow', delayMs: 5000, path: '/helix/users', times: 1 });
  const timersBefore = clock.pendingTimers;
  const slow = users();
  while (clock.pendingTimers === timersBefore) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(5000);
  expect((await slow).status).toBe(200);
  for (const kind of ['cut', 'truncated'] as const) {
    sim.faults.http({ kind, times: 1 });
    await expect(users()).rejects.toThrow();
  }
  sim.faults.http({ kind: 'lost', times: 1 });
  const signal = AbortSignal.timeout(100);
  const lost = fetch(`${sim.urls.api}/users`, { signal, headers: { authorization: `Bearer ${access}` } });
  await expect(lost).rejects.toThrow('timeout');
  await sim.faults.clear();
  expect((await users()).status).toBe(200);
});

test('a message whose answer is cut off is in the chat all the same; one that met a 503 is not', async () => {
  const sim = await simulator({ limits: 'off' });
  const room = sim.addChannel('northpine').id;
  const bot = sim.addPerson('helperbot').id;
  const { access } = sim.issueToken('helperbot', ['user:write:chat']);
  const send = (message: string) =>
    helix(sim, access, 'chat/messages', { broadcaster_id: room, sender_id: bot, message });

  sim.faults.http({ kind: 'cut', path: '/helix/chat/messages', times: 1 });
  await expect(send('taken')).rejects.toThrow();
  sim.faults.http({ kind: 'answer', status: 503, path: '/helix/chat/messages', times: 1 });
  expect((await send('not taken')).status).toBe(503);

  expect(sim.messagesIn('northpine').map(({ text }) => text)).toEqual(['taken']);
});

test('changed limits hold from the next message on, and what was done before is forgotten', async () => {
  const sim = await simulator({ clock: new ManualClock(), limits: { channelMessagesPerS: 0, duplicateSeconds: 0 } });
  sim.addChannel('northpine');
  const chat = await BareChat.join(sim, 'helperbot', 'northpine');
  for (let index = 0; index < 21; index += 1) chat.send('PRIVMSG #northpine :strict');
  await chat.roundTrip();

  sim.setLimits('off');
  for (let index = 0; index < 30; index += 1) chat.send('PRIVMSG #northpine :free');
  await chat.roundTrip();

  const texts = sim.messagesIn('northpine').map(({ text }) => text);
  expect([texts.filter((text) => text === 'strict').length, texts.filter((text) => text === 'free').length]).toEqual([
    20, 30,
  ]);
});

test('an empty bucket answers 429 and refills with time', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits: { helixPointsPerMin: 2 } });
  const { access } = sim.issueToken(sim.addPerson('helperbot'), []);
  const statuses = [];
  for (let index = 0; index < 3; index += 1) statuses.push((await helix(sim, access, 'users')).status);
  await clock.advance(30_000);
  statuses.push((await helix(sim, access, 'users')).status);
  expect(statuses).toEqual([200, 200, 429, 200]);
});
