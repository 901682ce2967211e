/** Event subscriptions: made, listed, removed, doubled, limited. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { KickSimulator } from '../simulator.ts';
import { ask, simulator, streamer, subscribe, Webhook } from '../test-support.ts';

const CHAT = { name: 'chat.message.sent', version: 1 };
const LIVE = { name: 'livestream.status.updated', version: 1 };

const create = (sim: KickSimulator, token: string, events: unknown[], more: Record<string, unknown> = {}) =>
  ask(sim, 'POST', 'events/subscriptions', { token, body: { method: 'webhook', events, ...more } });

async function listed(sim: KickSimulator, token: string, query = ''): Promise<{ id: string; event: string }[]> {
  const { body } = await ask(sim, 'GET', `events/subscriptions${query}`, { token });
  return (body as { data: { id: string; event: string }[] }).data;
}

test('a streamer subscribes to the own channel; the listing names things differently', async () => {
  const sim = await simulator();
  const { id, token } = streamer(sim);
  const elsewhere = Number(sim.addChannel('southoak').id);
  const { status, body } = await create(sim, token, [CHAT, LIVE], { broadcaster_user_id: elsewhere });
  expect(status).toBe(200);
  expect(body).toEqual({
    data: [
      { ...CHAT, subscription_id: expect.stringMatching(/^[0-9A-Z]{26}$/) },
      { ...LIVE, subscription_id: expect.any(String) },
    ],
    message: 'OK',
  });
  expect(await listed(sim, token)).toMatchObject([
    { event: CHAT.name, app_id: sim.application.id, broadcaster_user_id: id, version: 1, method: 'webhook' },
    { event: LIVE.name, created_at: expect.any(String), updated_at: expect.any(String) },
  ]);
  expect(sim.isRead('northpine')).toBe(true);
  expect(sim.isRead('southoak')).toBe(false);
});

test('an application subscribes to any channel, but has to name it', async () => {
  const sim = await simulator();
  const { id } = streamer(sim);
  const token = sim.issueAppToken().access;
  expect((await create(sim, token, [CHAT])).body).toEqual({
    data: 'broadcaster_user_id is required for app tokens',
    message: 'Bad request',
  });
  expect((await create(sim, token, [CHAT], { broadcaster_user_id: id })).status).toBe(200);
  expect(await listed(sim, token, `?broadcaster_user_id=${id}`)).toHaveLength(1);
  expect(await listed(sim, token, '?broadcaster_user_id=1')).toEqual([]);
});

test('an event that cannot be had is an error inside the 200, beside those that can', async () => {
  const sim = await simulator();
  const { token } = streamer(sim);
  sim.faults.failSubscriptions('livestream.status.updated', 'internal error');
  const wrong = [
    { name: 'chat.message.deleted', version: 1 },
    { ...CHAT, version: 2 },
  ];
  const { status, body } = await create(sim, token, [CHAT, LIVE, ...wrong]);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    data: [
      { subscription_id: expect.any(String) },
      { ...LIVE, error: 'internal error' },
      { error: 'invalid event name' },
      { error: 'invalid event version' },
    ],
  });
  expect((await create(sim, token, [LIVE])).body).toMatchObject({ data: [{ subscription_id: expect.any(String) }] });
});

test('with webhooks off nothing can be subscribed to, and what was is gone', async () => {
  const sim = await simulator();
  const { token } = streamer(sim);
  await subscribe(sim, token, CHAT.name);
  sim.setApplication({ webhooksEnabled: false });
  expect(await listed(sim, token)).toEqual([]);
  const { status, body } = await create(sim, token, [CHAT]);
  expect([status, body]).toMatchObject([200, { data: [{ error: 'webhooks are not enabled for app' }] }]);
});

test.each([
  ['a version that is a text', { events: [{ name: CHAT.name, version: '1' }] }],
  ['another method', { method: 'websocket' }],
  ['no events', { events: [] }],
])('a request with %s is a bad request', async (_, change) => {
  const sim = await simulator();
  const { token } = streamer(sim);
  expect((await create(sim, token, [CHAT], change)).status).toBe(400);
});

test('the same subscription again is a second one, and every line is delivered by each under its own id', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  const { token } = streamer(sim);
  const ids = [...(await subscribe(sim, token, CHAT.name)), ...(await subscribe(sim, token, CHAT.name))];
  expect(new Set(ids).size).toBe(2);
  sim.say('northpine', 'mira_k', 'hello');
  const received = await webhook.next(2);
  expect(received.map(({ headers }) => headers['kick-event-subscription-id'])).toEqual(ids);
  expect(new Set(received.map(({ headers }) => headers['kick-event-message-id'])).size).toBe(2);
  expect(new Set(received.map(({ body }) => body.message_id)).size).toBe(1);
});

test("several are removed at once; removing again changes nothing, and nobody removes another streamer's", async () => {
  const sim = await simulator();
  const { token } = streamer(sim);
  const other = streamer(sim, 'southoak');
  const [first, second] = await subscribe(sim, token, CHAT.name, LIVE.name);
  const remove = (by: string) => ask(sim, 'DELETE', `events/subscriptions?id=${first}&id=${second}`, { token: by });
  expect((await remove(other.token)).status).toBe(204);
  expect(await listed(sim, token)).toHaveLength(2);
  expect((await remove(token)).status).toBe(204);
  expect((await remove(token)).status).toBe(204);
  expect(await listed(sim, token)).toEqual([]);
});

test('chat has a limit of its own, ten times as high for verified applications, and there is one for everything', async () => {
  const sim = await simulator();
  const { token } = streamer(sim);
  sim.faults.subscriptions({ chatMax: 1, verifiedChatMax: 2, totalMax: 3 });
  const limited = { status: 400, body: { data: 'event subscription limit reached', message: 'Bad request' } };
  expect((await create(sim, token, [CHAT])).status).toBe(200);
  expect(await create(sim, token, [CHAT])).toMatchObject(limited);
  expect((await create(sim, token, [LIVE, LIVE])).status).toBe(200);
  expect(await create(sim, token, [LIVE])).toMatchObject(limited);
  sim.setApplication({ isVerified: true });
  expect((await create(sim, token, [CHAT])).status).toBe(200);
  expect(await create(sim, token, [CHAT])).toMatchObject(limited);
});

test('with limits off there are as many subscriptions as one likes', async () => {
  const sim = await simulator({ limits: 'off' });
  const { token } = streamer(sim);
  for (let round = 0; round < 3; round += 1) {
    expect((await create(sim, token, Array(1000).fill(CHAT))).status).toBe(200);
  }
  expect(await listed(sim, token)).toHaveLength(3000);
});

test('a new subscription may stay out of the listing for a while although it delivers', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const webhook = await Webhook.of(sim);
  const { token } = streamer(sim);
  sim.faults.subscriptions({ listLagMs: 60_000, createdStatus: 201 });
  expect((await create(sim, token, [CHAT])).status).toBe(201);
  expect(await listed(sim, token)).toEqual([]);
  sim.say('northpine', 'mira_k', 'hello');
  await webhook.next(1);
  await clock.advance(60_000);
  expect(await listed(sim, token)).toHaveLength(1);
});

test('after a streamer disconnects the token is dead and deliveries go on until the application removes them', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  const { token } = streamer(sim);
  await subscribe(sim, token, CHAT.name);
  sim.faults.disconnect('northpine');
  expect((await ask(sim, 'GET', 'events/subscriptions', { token })).status).toBe(401);
  sim.say('northpine', 'mira_k', 'still here');
  await webhook.next(1);
  const app = sim.issueAppToken().access;
  const [left] = await listed(sim, app);
  expect((await ask(sim, 'DELETE', `events/subscriptions?id=${left?.id}`, { token: app })).status).toBe(204);
  sim.say('northpine', 'mira_k', 'nobody listens');
  await sim.deliveries.settled();
  expect(webhook.texts()).toEqual(['still here']);
});
