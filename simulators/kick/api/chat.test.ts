/** Sending, deleting and banning through the API. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { KickSimulator } from '../simulator.ts';
import { ask, simulator, streamer, subscribe, Webhook } from '../test-support.ts';

function bot(sim: KickSimulator, scopes = ['user:read', 'chat:write']): string {
  sim.addPerson('helperbot');
  return sim.issueToken('helperbot', scopes).access;
}

const send = (sim: KickSimulator, token: string, body: Record<string, unknown>) =>
  ask(sim, 'POST', 'chat', { token, body: { type: 'user', content: 'hello', ...body } });

const forbidden = { status: 403, body: { data: {}, message: 'Forbidden' } };

test('a message of an account is taken over, gets an id, and comes back to the subscriber as an event', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  const { id, token } = streamer(sim);
  await subscribe(sim, token, 'chat.message.sent');
  const { status, body } = await send(sim, bot(sim), { broadcaster_user_id: id });
  const messageId = (body as { data: { message_id: string } }).data.message_id;
  expect([status, body]).toEqual([200, { data: { is_sent: true, message_id: messageId }, message: 'OK' }]);
  expect(messageId).toMatch(/^[0-9a-f-]{36}$/);
  expect(sim.messagesIn('northpine')).toMatchObject([{ id: messageId, author: 'helperbot', transport: 'api' }]);
  const [echo] = await webhook.next(1);
  expect(echo?.body).toMatchObject({ message_id: messageId, sender: { username: 'helperbot' }, content: 'hello' });

  sim.setEcho(false);
  await send(sim, bot(sim), { broadcaster_user_id: id });
  sim.say('northpine', 'mira_k', 'last');
  await webhook.next(2);
  expect(webhook.texts()).toEqual(['hello', 'last']);
});

test('an answer names the line it answers, in the event too', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  const { id, token } = streamer(sim);
  await subscribe(sim, token, 'chat.message.sent');
  const parent = sim.say('northpine', 'mira_k', 'anybody?');
  await send(sim, bot(sim), { broadcaster_user_id: id, reply_to_message_id: parent });
  const [, answer] = await webhook.next(2);
  const sender = { username: 'mira_k', identity: null };
  expect(answer?.body).toMatchObject({ replies_to: { message_id: parent, content: 'anybody?', sender } });
});

test('500 code points pass and 501 do not', async () => {
  const sim = await simulator();
  const { id } = streamer(sim);
  const token = bot(sim);
  expect((await send(sim, token, { broadcaster_user_id: id, content: '🎉'.repeat(500) })).status).toBe(200);
  const tooLong = await send(sim, token, { broadcaster_user_id: id, content: '🎉'.repeat(501) });
  expect(tooLong).toMatchObject({ status: 400, body: { message: 'Bad request' } });
});

test.each([
  ['no text', { content: '' }],
  ['no type', { type: undefined }],
  ['an unknown type', { type: 'admin' }],
  ['an id that is a text', { broadcaster_user_id: '7001' }],
  ['no channel', { broadcaster_user_id: undefined }],
])('a message with %s is a bad request', async (_, change) => {
  const sim = await simulator();
  const { id } = streamer(sim);
  expect((await send(sim, bot(sim), { broadcaster_user_id: id, ...change })).status).toBe(400);
});

test('an unknown channel is a bad request that says so', async () => {
  const sim = await simulator();
  const { status, body } = await send(sim, bot(sim), { broadcaster_user_id: 999_999 });
  expect([status, body]).toEqual([400, { data: 'Channel not found', message: 'Bad request' }]);
});

test('an application cannot speak with its own token, and a person without the scope cannot either', async () => {
  const sim = await simulator();
  const { id } = streamer(sim);
  const asApp = await send(sim, sim.issueAppToken().access, { broadcaster_user_id: id });
  expect(asApp).toMatchObject({ status: 401, body: { data: {}, message: 'Unauthorized' } });
  expect(await send(sim, bot(sim, ['user:read']), { broadcaster_user_id: id })).toMatchObject(forbidden);
});

test("the application's bot speaks in the channel of the token's owner whatever channel is named, if there is a bot", async () => {
  const sim = await simulator();
  const { token } = streamer(sim);
  const elsewhere = Number(sim.addChannel('southoak').id);
  const asBot = () => send(sim, token, { type: 'bot', broadcaster_user_id: elsewhere });
  expect(await asBot()).toMatchObject({ status: 400, body: { data: 'Channel not found' } });
  sim.setBot('appbot');
  expect((await asBot()).status).toBe(200);
  expect(sim.messagesIn('northpine')).toMatchObject([{ author: 'appbot' }]);
  expect(sim.messagesIn('southoak')).toEqual([]);
  sim.faults.chat({ isBotBroken: true });
  expect((await asBot()).status).toBe(500);
});

test("who is banned or not admitted by the chat's mode is forbidden to speak, moderators are not", async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const { id } = streamer(sim);
  const token = bot(sim);
  const trial = async () => (await send(sim, token, { broadcaster_user_id: id })).status;

  sim.setModes('northpine', { followersOnly: true });
  expect(await send(sim, token, { broadcaster_user_id: id })).toMatchObject(forbidden);
  sim.follow('northpine', 'helperbot');
  expect(await trial()).toBe(200);

  sim.setModes('northpine', { subscribersOnly: true });
  expect(await trial()).toBe(403);
  sim.setBadges('northpine', 'helperbot', [{ text: 'Subscriber', type: 'subscriber', count: 1 }]);
  expect(await trial()).toBe(200);

  sim.setModes('northpine', { slowSeconds: 10 });
  expect(await trial()).toBe(403);
  await clock.advance(10_000);
  expect(await trial()).toBe(200);
  sim.setBadges('northpine', 'helperbot', [{ text: 'Moderator', type: 'moderator' }]);
  expect(await trial()).toBe(200);

  sim.ban('northpine', 'helperbot', 60_000);
  expect(await trial()).toBe(403);
  await clock.advance(60_000);
  expect(await trial()).toBe(200);
});

test('an answer of 200 may still say that nothing was sent', async () => {
  const sim = await simulator();
  const { id } = streamer(sim);
  const token = bot(sim);
  sim.faults.chat({ notSent: 1 });
  expect((await send(sim, token, { broadcaster_user_id: id })).body).toMatchObject({ data: { is_sent: false } });
  expect(sim.messagesIn('northpine')).toEqual([]);
  expect((await send(sim, token, { broadcaster_user_id: id })).body).toMatchObject({ data: { is_sent: true } });
});

test('too many is 429 with or without a time to come back, and the edge says 403 in its own words', async () => {
  const sim = await simulator();
  const { id } = streamer(sim);
  const token = bot(sim);
  const trial = () => send(sim, token, { broadcaster_user_id: id });
  sim.faults.tooManyRequests('/public/v1/chat', 7);
  sim.faults.tooManyRequests('/public/v1/chat', null);
  const [patient, impatient] = [await trial(), await trial()];
  expect([patient.status, patient.headers.get('retry-after')]).toEqual([429, '7']);
  expect([impatient.status, impatient.headers.get('retry-after')]).toEqual([429, null]);
  sim.faults.blockAtTheEdge('/public/v1/chat', 'html');
  sim.faults.blockAtTheEdge('/public/v1/chat', 'json');
  const [page, json] = [await trial(), await trial()];
  expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=UTF-8']);
  expect([json.status, json.body]).toMatchObject([403, { error: 'Request blocked by security policy.' }]);
  expect(sim.messagesIn('northpine')).toEqual([]);
});

test('whoever does not pace himself meets 429 unless limits are off', async () => {
  const sim = await simulator();
  const free = await simulator({ limits: 'off' });
  for (const [each, expected] of [
    [sim, 429],
    [free, 200],
  ] as const) {
    const { id } = streamer(each);
    const token = bot(each);
    for (let sent = 0; sent < 20; sent += 1) await send(each, token, { broadcaster_user_id: id });
    expect((await send(each, token, { broadcaster_user_id: id })).status).toBe(expected);
  }
});

test('answers come late, and connections are cut after the message went through', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const { id } = streamer(sim);
  const token = bot(sim);
  sim.faults.http({ kind: 'slow', delayMs: 3000, path: '/public/v1/chat', times: 1 });
  const late = send(sim, token, { broadcaster_user_id: id });
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(3000);
  expect((await late).status).toBe(200);
  sim.faults.http({ kind: 'cut', path: '/public/v1/chat', times: 1 });
  await expect(send(sim, token, { broadcaster_user_id: id })).rejects.toThrow();
  expect(sim.messagesIn('northpine')).toHaveLength(2);
});

test('a moderator deletes a line once, others do not', async () => {
  const sim = await simulator();
  streamer(sim);
  const scopes = ['moderation:chat_message:manage'];
  const line = sim.say('northpine', 'mira_k', 'ugly');
  const mira = sim.issueToken('mira_k', scopes).access;
  const owner = sim.issueToken('northpine', scopes).access;
  expect((await ask(sim, 'DELETE', `chat/${line}`, { token: bot(sim) })).status).toBe(403);
  expect((await ask(sim, 'DELETE', `chat/${line}`, { token: mira })).status).toBe(403);
  expect((await ask(sim, 'DELETE', `chat/${line}`, { token: owner })).status).toBe(204);
  expect((await ask(sim, 'DELETE', `chat/${line}`, { token: owner })).status).toBe(404);
});

test('a ban in minutes or for good is told as an event, and can be lifted', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  const { id, token } = streamer(sim);
  await subscribe(sim, token, 'moderation.banned');
  const speaking = bot(sim);
  const user = Number(sim.person('helperbot').id);
  const moderating = sim.issueToken('northpine', ['moderation:ban']).access;
  const ban = (method: string, more: Record<string, unknown> = {}) =>
    ask(sim, method, 'moderation/bans', {
      token: moderating,
      body: { broadcaster_user_id: id, user_id: user, ...more },
    });
  expect((await ban('POST', { duration: 0 })).status).toBe(400);
  expect((await ban('POST', { duration: 10_081 })).status).toBe(400);
  expect((await ban('POST', { reason: 'x'.repeat(101) })).status).toBe(400);
  expect((await ban('POST', { duration: 1, reason: 'spam' })).status).toBe(200);
  expect((await send(sim, speaking, { broadcaster_user_id: id })).status).toBe(403);
  expect((await ban('POST')).status).toBe(200);
  const [timeout, forGood] = await webhook.next(2);
  expect(timeout?.body).toMatchObject({
    banned_user: { user_id: user },
    moderator: { username: 'northpine' },
    metadata: { reason: 'spam', expires_at: expect.any(String) },
  });
  expect(forGood?.body).toMatchObject({ metadata: { expires_at: null } });
  expect((await ban('DELETE')).status).toBe(200);
  expect((await send(sim, speaking, { broadcaster_user_id: id })).status).toBe(200);
});
