/** The simulated Kick as suite, demo and bench steer it. */
import { expect, onTestFinished, test } from 'vitest';
import type { SimulatedPlatform } from '../world/simulated-platform.ts';
import { simulate } from './simulated-platform.ts';
import { Webhook } from './test-support.ts';

const CHAT = { name: 'chat.message.sent', version: 1 };

async function kick(): Promise<SimulatedPlatform> {
  const sim = await simulate({ limits: 'off' });
  onTestFinished(() => sim.stop());
  return sim;
}

const post = (url: string | undefined, token: string | undefined, body: unknown) =>
  fetch(String(url), { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body) });

test('a channel is read once its chat is subscribed to, and lines reach the mapped host with roles as badges', async () => {
  const sim = await kick();
  const webhook = await Webhook.start();
  const { target, account } = sim.addStreamer('northpine');
  expect(account).toMatchObject({ platformUserId: target, login: 'northpine', refreshToken: expect.any(String) });
  expect(sim.isRead('northpine')).toBe(false);
  sim.mapHost?.('api.example', webhook.url);
  const url = `${sim.urls.api}/public/v1/events/subscriptions`;
  await post(url, account?.accessToken, { method: 'webhook', events: [CHAT] });
  expect(sim.isRead('northpine')).toBe(true);

  const id = sim.say('northpine', 'mira_k', '!hello', 'moderator');
  const [delivery] = await webhook.next(1);
  expect(delivery).toMatchObject({
    path: '/webhooks/kick/events',
    body: { message_id: id, sender: { username: 'mira_k', identity: { badges: [{ type: 'moderator' }] } } },
  });
});

test('what the bot says is told with its id, what viewers say is not', async () => {
  const sim = await kick();
  const { target } = sim.addStreamer('northpine');
  const { accessToken } = sim.linkBot('helperbot');
  sim.say('northpine', 'mira_k', 'hello');
  const body = { type: 'user', content: 'hi', broadcaster_user_id: Number(target) };
  const answer = await post(sim.env.KICK_SEND_CHAT_URL, accessToken, body);
  const { data } = (await answer.json()) as { data: { message_id: string } };
  expect(sim.said('northpine')).toEqual([{ author: 'helperbot', text: 'hi', id: data.message_id }]);
});

test('every ability does what it says', async () => {
  const sim = await kick();
  const { target, account } = sim.addStreamer('northpine');
  const { accessToken, refreshToken } = sim.linkBot('helperbot');
  const say = () =>
    post(sim.env.KICK_SEND_CHAT_URL, accessToken, { type: 'user', content: 'x', broadcaster_user_id: Number(target) });
  const renew = async () => {
    const form = { grant_type: 'refresh_token', refresh_token: String(refreshToken) };
    const app = { client_id: String(sim.env.KICK_CLIENT_ID), client_secret: String(sim.env.KICK_CLIENT_SECRET) };
    return (
      await fetch(String(sim.env.KICK_REFRESH_URL), { method: 'POST', body: new URLSearchParams({ ...form, ...app }) })
    ).status;
  };
  const isLive = async () => {
    const headers = { authorization: `Bearer ${account?.accessToken}` };
    return (await fetch(`${sim.urls.api}/public/v1/channels`, { headers })).text();
  };
  const { abilities } = sim;

  abilities.refuseAsTooMany?.();
  expect((await say()).headers.get('retry-after')).toBe('20');
  expect(abilities.refuseForGood?.()).toBe('Kick send chat failed (403)');
  expect((await say()).status).toBe(403);
  expect((await say()).status).toBe(200);

  abilities.stream?.begin('northpine');
  expect(await isLive()).toContain('"is_live":true');
  abilities.stream?.end('northpine');
  expect(await isLive()).toContain('"is_live":false');

  await abilities.outage?.begin();
  await expect(say()).rejects.toThrow();
  await abilities.outage?.end();
  expect((await say()).status).toBe(200);

  abilities.expireTokens?.('helperbot');
  expect((await say()).status).toBe(401);
  expect(await renew()).toBe(200);
  expect(sim.renewals()).toBe(1);
  abilities.revokeGrant?.('helperbot');
  expect(await renew()).toBe(400);
  for (const name of ['dropConnections', 'mute', 'sayInThePast', 'givePlatformRole'])
    expect(abilities).not.toHaveProperty(name);
});
