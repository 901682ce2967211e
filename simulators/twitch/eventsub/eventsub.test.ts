/** The simulated EventSub signs, proves, repeats and revokes as Twitch does. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { TwitchSimulator } from '../simulator.ts';
import { simulator } from '../test-support.ts';
import { sign } from './deliveries.ts';

const SECRET = 'pinecone-secret-01';
const CALLBACK = 'https://bot.example/webhooks/twitch/eventsub';

function received({ headers, url: path }: IncomingMessage, raw: Buffer) {
  const header = (name: string) => String(headers[`twitch-eventsub-message-${name}`]);
  const [id, timestamp, type, retry] = [header('id'), header('timestamp'), header('type'), header('retry')];
  const hmac = createHmac('sha256', SECRET)
    .update(id + timestamp)
    .update(raw)
    .digest('hex');
  const isSigned = header('signature') === `sha256=${hmac}`;
  return { type, id, retry, path, isSigned, timestamp, body: JSON.parse(raw.toString('utf8')) };
}

/** A webhook that answers challenges and keeps what it got; `answers` holds the next statuses. */
async function webhook(sim: TwitchSimulator) {
  const posts: ReturnType<typeof received>[] = [];
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const raw = await buffer(request);
    const post = received(request, raw);
    posts.push(post);
    response.statusCode = answers.shift() ?? 200;
    response.end(post.body.challenge ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  sim.mapHost('bot.example', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const notifications = () => posts.filter(({ type }) => type === 'notification');
  return { posts, answers, notifications };
}

async function eventsub(sim: TwitchSimulator, method: string, query = '', body?: unknown) {
  const { id, secret } = sim.application;
  const credentials = new URLSearchParams({ client_id: id, client_secret: secret, grant_type: 'client_credentials' });
  const granted = await fetch(`${sim.urls.auth}/token`, { method: 'POST', body: credentials });
  const { access_token: token } = (await granted.json()) as { access_token: string };
  const response = await fetch(`${sim.urls.api}/eventsub/subscriptions${query}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'client-id': id },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

function subscribe(sim: TwitchSimulator, type: string, condition: Record<string, string>, callback = CALLBACK) {
  const version = type === 'channel.follow' ? '2' : '1';
  return eventsub(sim, 'POST', '', {
    type,
    version,
    condition,
    transport: { method: 'webhook', callback, secret: SECRET },
  });
}

const enabled = (sim: TwitchSimulator, count = 1) =>
  vi.waitFor(() => expect(sim.subscriptions.all().filter(({ status }) => status === 'enabled')).toHaveLength(count));

test('the signature of the published example is reproduced', () => {
  const body = Buffer.from('{"challenge":"ch-7f3a"}');
  expect(sign(SECRET, 'b1f6c2de-0001-4a6b-9c1e-2f4d5a6b7c8d', '2026-03-04T05:06:07.123456789Z', body)).toBe(
    'sha256=49173ad9769e8b45f894d2c9b1540898cceff234de32a01de7d2f82f0aad652b',
  );
});

test('a proven subscription gets its events, signed over the bytes that travel', async () => {
  const sim = await simulator();
  const { id } = sim.addChannel({ login: 'northpine', displayName: 'Северная ёлка' });
  const hook = await webhook(sim);

  const created = await subscribe(sim, 'stream.online', { broadcaster_user_id: id });
  await enabled(sim);
  sim.goLive('northpine');

  expect(created).toMatchObject({
    status: 202,
    body: {
      data: [{ status: 'webhook_callback_verification_pending', cost: 1, transport: { callback: CALLBACK } }],
      total: 1,
    },
  });
  expect(JSON.stringify(created.body)).not.toContain(SECRET);
  await vi.waitFor(() => expect(hook.notifications()).toHaveLength(1));
  expect(hook.posts[0]?.type).toBe('webhook_callback_verification');
  expect(hook.notifications()[0]).toMatchObject({
    isSigned: true,
    retry: '0',
    path: '/webhooks/twitch/eventsub',
    timestamp: expect.stringMatching(/\.\d{9}Z$/),
    body: { subscription: { status: 'enabled' }, event: { broadcaster_user_name: 'Северная ёлка', type: 'live' } },
  });
});

test('a webhook that answers the challenge wrongly, or is not mapped, ends as verification failed', async () => {
  const sim = await simulator();
  const { id } = sim.addChannel('northpine');
  const hook = await webhook(sim);
  hook.answers.push(500);
  await subscribe(sim, 'stream.online', { broadcaster_user_id: id });
  await subscribe(sim, 'stream.offline', { broadcaster_user_id: id }, 'https://elsewhere.example/hook');
  await vi.waitFor(() =>
    expect(sim.subscriptions.all().map(({ status }) => status)).toEqual([
      'webhook_callback_verification_failed',
      'webhook_callback_verification_failed',
    ]),
  );
});

test('creation is refused: twice the same 409, a fourth equal one 429, no grant 403, plain http and user tokens 400', async () => {
  const sim = await simulator();
  const { id } = sim.addChannel('northpine');
  await webhook(sim);
  const online = (callback?: string) => subscribe(sim, 'stream.online', { broadcaster_user_id: id }, callback);
  expect((await online()).status).toBe(202);
  expect((await online()).status).toBe(409);
  for (const path of ['a', 'b']) expect((await online(`https://bot.example/${path}`)).status).toBe(202);
  expect((await online('https://bot.example/c')).status).toBe(429);
  expect((await online('http://bot.example/d')).status).toBe(400);
  const follow = { broadcaster_user_id: id, moderator_user_id: id };
  expect((await subscribe(sim, 'channel.follow', follow)).status).toBe(403);
  const { access } = sim.issueToken('northpine', ['moderator:read:followers']);
  expect(await subscribe(sim, 'channel.follow', follow)).toMatchObject({ status: 202, body: { data: [{ cost: 0 }] } });
  const headers = { authorization: `Bearer ${access}`, 'client-id': sim.application.id };
  expect((await fetch(`${sim.urls.api}/eventsub/subscriptions`, { headers })).status).toBe(400);

  const listed = await eventsub(sim, 'GET', '?type=channel.follow&first=100');
  expect(listed.body).toMatchObject({ total: 4, total_cost: 3, data: [{ type: 'channel.follow' }] });
  expect((await eventsub(sim, 'GET', '?type=channel.follow&status=enabled')).status).toBe(400);
  expect((await eventsub(sim, 'DELETE', `?id=${listed.body.data[0].id}`)).status).toBe(204);
  expect((await eventsub(sim, 'DELETE', `?id=${listed.body.data[0].id}`)).status).toBe(404);
});

test('an unanswered event comes again with the same id and a counted retry; after the last one the subscription is revoked', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const { id } = sim.addChannel('northpine');
  const hook = await webhook(sim);
  await subscribe(sim, 'stream.online', { broadcaster_user_id: id });
  await enabled(sim);

  hook.answers.push(500, 204);
  sim.goLive('northpine');
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
  await clock.advance(1000);
  await vi.waitFor(() => expect(hook.notifications()).toHaveLength(2));
  const [first, second] = hook.notifications();
  expect([first?.retry, second?.retry]).toEqual(['0', '1']);
  expect(second?.id).toBe(first?.id);

  hook.answers.push(...Array<number>(5).fill(500));
  sim.goLive('northpine');
  for (const delayMs of [1000, 5000, 30_000, 120_000]) {
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    await clock.advance(delayMs);
  }
  await vi.waitFor(() => expect(hook.posts.at(-1)?.type).toBe('revocation'));
  expect(hook.posts.at(-1)?.body.subscription.status).toBe('notification_failures_exceeded');
});

test('doubled, reordered, forged and stale events arrive as ordered', async () => {
  const sim = await simulator();
  const { id } = sim.addChannel('northpine');
  sim.issueToken('northpine', ['moderator:read:followers']);
  const hook = await webhook(sim);
  await subscribe(sim, 'channel.follow', { broadcaster_user_id: id, moderator_user_id: id });
  await enabled(sim);
  const followers = () => hook.notifications().map(({ body }) => body.event.user_login);

  sim.faults.events({ duplicates: 1 });
  sim.follow('northpine', 'anna');
  await vi.waitFor(() => expect(followers()).toEqual(['anna', 'anna']));
  expect(new Set(hook.notifications().map((each) => each.id)).size).toBe(1);

  sim.faults.events({ reordered: 2 });
  sim.follow('northpine', 'first');
  sim.follow('northpine', 'second');
  await vi.waitFor(() => expect(followers().slice(2)).toEqual(['second', 'first']));

  sim.faults.events({ wrongSignatures: 1, stale: 1 });
  sim.follow('northpine', 'forged');
  await vi.waitFor(() => expect(followers()).toHaveLength(5));
  const forged = hook.notifications().at(-1);
  expect(forged?.isSigned).toBe(false);
  expect(Date.now() - Date.parse(forged?.timestamp ?? '')).toBeGreaterThan(10 * 60_000);
});

test('chat is told to EventSub too: the same id as on IRC, copies of a shared chat with their source', async () => {
  const sim = await simulator();
  const { id: here } = sim.addChannel('here');
  const { id: there } = sim.addChannel('there');
  const bot = sim.addPerson('helperbot').id;
  sim.issueToken('helperbot', ['user:read:chat', 'user:bot']);
  sim.issueToken('there', ['channel:bot']);
  const hook = await webhook(sim);
  expect((await subscribe(sim, 'channel.chat.message', { broadcaster_user_id: here, user_id: bot })).status).toBe(403);
  await subscribe(sim, 'channel.chat.message', { broadcaster_user_id: there, user_id: bot });
  await enabled(sim);
  sim.shareChat('here', 'there');

  const own = sim.say('there', 'mira_k', 'привет', { badges: 'vip/1' });
  await vi.waitFor(() => expect(hook.notifications()).toHaveLength(1));
  const origin = sim.say('here', 'mira_k', 'from here');
  await vi.waitFor(() => expect(hook.notifications()).toHaveLength(2));

  const [first, second] = hook.notifications().map(({ body }) => body.event);
  expect(first).toMatchObject({ message_id: own, message: { text: 'привет' }, badges: [{ set_id: 'vip', id: '1' }] });
  expect(first.message.fragments).toEqual([
    { type: 'text', text: 'привет', cheermote: null, emote: null, mention: null },
  ]);
  sim.say('there', 'mira_k', '@there  !roll 20 Kappa @nobody');
  await vi.waitFor(() => expect(hook.notifications()).toHaveLength(3));
  const { fragments, text } = hook.notifications()[2]?.body.event.message ?? {};
  expect(fragments.map((one: { text: string }) => one.text).join('')).toBe(text);
  expect(fragments).toMatchObject([
    { type: 'mention', text: '@there', mention: { user_id: there, user_login: 'there' } },
    { type: 'text', text: '  !roll 20 ' },
    { type: 'emote', text: 'Kappa', emote: { id: '25' } },
    { type: 'text', text: ' @nobody' },
  ]);
  expect(first.source_broadcaster_user_id).toBeNull();
  expect(second).toMatchObject({ source_broadcaster_user_id: here, source_message_id: origin });
});

test('a disconnected application loses tokens and the subscriptions that lived by them, and is told', async () => {
  const sim = await simulator();
  const { id } = sim.addChannel('northpine');
  const { access, refresh } = sim.issueToken('northpine', ['moderator:read:followers']);
  const hook = await webhook(sim);
  await subscribe(sim, 'channel.follow', { broadcaster_user_id: id, moderator_user_id: id });
  await subscribe(sim, 'user.authorization.revoke', { client_id: sim.application.id });
  await enabled(sim, 2);

  sim.faults.revokeGrant('northpine');

  await vi.waitFor(() => expect(hook.posts).toHaveLength(4));
  expect(hook.posts.find(({ type }) => type === 'revocation')?.body.subscription).toMatchObject({
    type: 'channel.follow',
    status: 'authorization_revoked',
  });
  expect(hook.notifications()[0]?.body.event).toMatchObject({ user_id: id, client_id: sim.application.id });
  const validate = { headers: { authorization: `OAuth ${access}` } };
  expect((await fetch(`${sim.urls.auth}/validate`, validate)).status).toBe(401);
  const { id: client_id, secret: client_secret } = sim.application;
  const body = new URLSearchParams({
    client_id,
    client_secret,
    grant_type: 'refresh_token',
    refresh_token: refresh ?? '',
  });
  expect((await fetch(`${sim.urls.auth}/token`, { method: 'POST', body })).status).toBe(400);
});
