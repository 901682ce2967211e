/** The simulated Kick steered from outside the process. */
import { expect, test } from 'vitest';
import type { KickSimulator } from './simulator.ts';
import { simulator, Webhook } from './test-support.ts';

async function control(
  sim: KickSimulator,
  name: string,
  body: unknown = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sim.urls.control}/${name}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

test('a whole story is told by control actions alone', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  const { body: owner } = await control(sim, 'addChannel', { login: 'northpine' });
  const { body: app } = await control(sim, 'issueAppToken');
  await fetch(`${sim.urls.api}/public/v1/events/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${(app as { access: string }).access}` },
    body: JSON.stringify({
      broadcaster_user_id: Number((owner as { id: string }).id),
      method: 'webhook',
      events: ['chat.message.sent', 'channel.followed', 'livestream.status.updated'].map((name) => ({
        name,
        version: 1,
      })),
    }),
  });
  expect((await control(sim, 'isRead', { channel: 'northpine' })).body).toEqual({ isRead: true });
  await control(sim, 'setQuirks', { quirks: ['verified_null'] });
  await control(sim, 'deliveryFaults', { duplicates: 1 });
  await control(sim, 'say', { channel: 'northpine', person: 'mira_k', text: '!hello' });
  await control(sim, 'follow', { channel: 'northpine', person: 'mira_k' });
  await control(sim, 'goLive', { channel: 'northpine', startedAt: '2026-01-02T03:04:05Z' });
  await control(sim, 'emit', { channel: 'northpine', type: 'channel.raided', body: {} });
  const received = await webhook.next(5);
  expect(received.map(({ headers }) => headers['kick-event-type'])).toEqual([
    'chat.message.sent',
    'chat.message.sent',
    'channel.followed',
    'livestream.status.updated',
    'channel.raided',
  ]);
  expect((await control(sim, 'eventDeliveries')).body).toHaveLength(5);
  expect((await control(sim, 'subscriptions')).body).toHaveLength(3);
  expect((await control(sim, 'messagesIn', { channel: 'northpine' })).body).toMatchObject([{ text: '!hello' }]);
});

test('the control interface answers while the platform refuses connections, and lets everybody in again', async () => {
  const sim = await simulator();
  const key = () => fetch(`${sim.urls.api}/public/v1/public-key`).then(({ status }) => status);
  await control(sim, 'refuse');
  await expect(key()).rejects.toThrow();
  await control(sim, 'hideKey', {});
  await control(sim, 'clearFaults');
  expect(await key()).toBe(200);
});

test('an HTTP fault hits the path it was told, so many times', async () => {
  const sim = await simulator();
  const key = () => fetch(`${sim.urls.api}/public/v1/public-key`).then(({ status }) => status);
  await control(sim, 'httpFault', { kind: 'answer', status: 502, path: '/public/v1/public-key', times: 1 });
  expect([await key(), await key()]).toEqual([502, 200]);
});

test('an unknown action answers with the names, wrong input with what is wrong', async () => {
  const sim = await simulator();
  const unknown = await control(sim, 'dance');
  expect(unknown).toMatchObject({
    status: 404,
    body: { actions: expect.arrayContaining(['say', 'load', 'rotateKey']) },
  });
  expect((await control(sim, 'say', { channel: 'northpine' })).status).toBe(400);
  expect((await control(sim, 'setQuirks', { quirks: ['none_such'] })).status).toBe(400);
});
