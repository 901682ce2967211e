import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { RemoteSubscription } from '../../../../test/support/scripted-twitch-api.ts';
import { apiWorld, CALLBACK, type StreamerChannel } from '../../../../test/support/twitch-api-world.ts';
import { readStanding } from './standing.ts';

const BETA = 'https://beta.bots.example/webhooks/twitch/eventsub';

function summary(subscriptions: readonly RemoteSubscription[], { twitchId }: StreamerChannel): string[] {
  return subscriptions
    .filter(({ condition }) => condition.broadcaster_user_id === twitchId)
    .map(({ type, status, transport }) => `${type} ${status}${transport.callback === CALLBACK ? '' : ' foreign'}`)
    .sort();
}

async function emptyWorld(options?: { publicBaseUrl: null }) {
  return apiWorld((await createTestDatabase()).url, options);
}

test('every channel gets the events it needs, once, and no channel those it does not need', async () => {
  const { twitch, streamer, side } = await emptyWorld();
  const bot = await streamer();
  const greeting = await streamer({ bot: 'off', greetings: true });
  const gated = await streamer({ bot: 'gated' });
  const unlinked = await streamer({ twitchId: null });
  twitch.subscribe('stream.online', gated.twitchId, CALLBACK);

  await side.reconcileSubscriptions?.();
  await side.reconcileSubscriptions?.();

  const pending = 'webhook_callback_verification_pending';
  expect(summary(twitch.subscriptions, bot)).toEqual([`stream.offline ${pending}`, `stream.online ${pending}`]);
  expect(summary(twitch.subscriptions, greeting)).toEqual([`channel.follow ${pending}`]);
  expect(summary(twitch.subscriptions, gated)).toEqual([]);
  expect(summary(twitch.subscriptions, unlinked)).toEqual([]);
  const created = twitch.called('POST /helix/eventsub/subscriptions').map(({ body }) => body);
  expect(created).toHaveLength(3);
  expect(created).toContainEqual({
    type: 'channel.follow',
    version: '2',
    condition: { broadcaster_user_id: greeting.twitchId, moderator_user_id: greeting.twitchId },
    transport: { method: 'webhook', callback: CALLBACK, secret: 'pinecone-secret-01' },
  });
});

test("dead subscriptions are made anew, those of another instance's callback are left alone", async () => {
  const { twitch, streamer, side, db } = await emptyWorld();
  const channel = await streamer();
  twitch.createdStatus = 'enabled';
  twitch.subscribe('stream.online', channel.twitchId, CALLBACK, 'notification_failures_exceeded');
  twitch.subscribe('stream.offline', channel.twitchId, CALLBACK, 'authorization_revoked');
  twitch.subscribe('stream.online', channel.twitchId, BETA, 'notification_failures_exceeded');
  twitch.subscribe('channel.raid', channel.twitchId, CALLBACK);
  twitch.subscribe('stream.online', 'unknown-here', BETA);

  await side.reconcileSubscriptions?.();

  expect(summary(twitch.subscriptions, channel)).toEqual([
    'channel.raid enabled',
    'stream.offline enabled',
    'stream.online enabled',
    'stream.online notification_failures_exceeded foreign',
  ]);
  expect(twitch.subscriptions.some(({ condition }) => condition.broadcaster_user_id === 'unknown-here')).toBe(true);
  expect(await readStanding(db, channel.channelId, 'stream.online')).toMatchObject({ status: 'active' });
});

test('a full quota is no rate limit: the round ends with an alarm, and nothing is taken away', async () => {
  const { twitch, streamer, side, log, db } = await emptyWorld();
  const [first] = [await streamer(), await streamer(), await streamer()];
  twitch.subscribe('stream.online', 'left-behind', CALLBACK);
  twitch.scripts.set('POST /helix/eventsub/subscriptions', {
    status: 429,
    headers: { 'ratelimit-remaining': '790', 'ratelimit-reset': '1767225660' },
    body: {
      error: 'Too Many Requests',
      status: 429,
      message: 'maximum subscriptions with type and condition exceeded',
    },
  });

  await side.reconcileSubscriptions?.();

  expect(twitch.called('POST /helix/eventsub/subscriptions')).toHaveLength(1);
  expect(twitch.subscriptions).toHaveLength(1);
  expect(log.join()).toContain('chatbot.eventsub_stopped');
  expect(await readStanding(db, first.channelId, 'stream.online')).toMatchObject({ status: 'failed', reason: 'quota' });
});

test('a streamer without the permission is told so and does not hold up the others', async () => {
  const { twitch, streamer, side, ask } = await emptyWorld();
  const channel = await streamer({ bot: 'none' });
  twitch.scripts.set('POST /helix/eventsub/subscriptions', {
    status: 403,
    body: { error: 'Forbidden', status: 403, message: 'subscription missing proper authorization' },
  });
  const enabled = await ask(channel, 'POST', '/streamer/bot/follow-greetings/enable', {});
  expect(enabled.json()).toMatchObject({ ok: true, eventSub: 'failed' });

  twitch.scripts.clear();
  await side.reconcileSubscriptions?.();
  expect((await ask(channel, 'GET', '/streamer/bot/follow-greetings')).json().eventSub).toBe('pending');
});

test('the answer to a challenge is not forgotten when the creation is recorded after it', async () => {
  const { twitch, streamer, side, deliver, db } = await emptyWorld();
  const channel = await streamer({ bot: 'none', greetings: true });
  const { id, type, condition, status } = twitch.subscribe(
    'channel.follow',
    channel.twitchId,
    CALLBACK,
    'webhook_callback_verification_pending',
  );
  await deliver({ challenge: 'c', subscription: { id, type, condition, status } });
  await side.reconcileSubscriptions?.();
  expect(await readStanding(db, channel.channelId, 'channel.follow')).toMatchObject({ status: 'active', remoteId: id });
});

test('eight quiet hours make no subscription and take none away', async () => {
  const { twitch, streamer, side, db } = await emptyWorld();
  const channel = await streamer({ greetings: true });
  twitch.createdStatus = 'enabled';
  await side.reconcileSubscriptions?.();
  const before = twitch.subscriptions.map(({ id }) => id);
  for (let round = 0; round < 48; round += 1) await side.reconcileSubscriptions?.();
  expect(twitch.subscriptions.map(({ id }) => id)).toEqual(before);
  expect(twitch.called('POST /helix/eventsub/subscriptions')).toHaveLength(3);
  expect(await readStanding(db, channel.channelId, 'channel.follow')).toMatchObject({ status: 'active', reason: null });
});

test('a webhook that does not answer the challenge stays named until it does', async () => {
  const { twitch, streamer, side, deliver, db } = await emptyWorld();
  const channel = await streamer();
  const unanswered = 'webhook_callback_verification_failed';
  twitch.subscribe('stream.online', channel.twitchId, CALLBACK, unanswered);
  const known = () => readStanding(db, channel.channelId, 'stream.online');
  for (let look = 0; look < 2; look += 1) {
    await side.look?.(channel.channelId);
    expect(await known()).toMatchObject({ status: 'pending', reason: unanswered });
  }
  const [made] = twitch.subscriptions.filter(({ type }) => type === 'stream.online');
  const { id, type, condition, status } = made as RemoteSubscription;
  await deliver({ challenge: 'c', subscription: { id, type, condition, status } });
  expect(await known()).toMatchObject({ status: 'active', reason: null });
});

test('a bot switched on while the others are gone through keeps the subscription it finds', async () => {
  const { twitch, streamer, side, db } = await emptyWorld();
  const channel = await streamer({ bot: 'off' });
  twitch.subscribe('stream.online', channel.twitchId, CALLBACK);
  twitch.meanwhile = async (route) => {
    if (route !== 'GET /helix/eventsub/subscriptions') return;
    await db.updateTable('ChatBotSubscription').set({ enabled: true }).execute();
  };
  await side.reconcileSubscriptions?.();
  expect(summary(twitch.subscriptions, channel)).toEqual(['stream.online enabled']);
});

test('enabling subscribes one channel without reading all the others, and survives a silent Twitch', async () => {
  const { twitch, streamer, side } = await emptyWorld();
  const channel = await streamer();
  for (let other = 0; other < 9; other += 1) twitch.subscribe('stream.online', `other-${other}`, CALLBACK);

  expect(await side.enabled?.(channel.channelId)).toEqual([]);
  expect(summary(twitch.subscriptions, channel)).toHaveLength(2);
  expect(twitch.called('GET /helix/eventsub/subscriptions')).toHaveLength(1);

  twitch.scripts.set('GET /helix/eventsub/subscriptions', { status: 'hang up' });
  expect(await side.enabled?.(channel.channelId)).toEqual([]);
});

test('an instance without a public address subscribes to nothing and says so', async () => {
  const { twitch, streamer, side, ask } = await emptyWorld({ publicBaseUrl: null });
  const channel = await streamer();
  const answer = await ask(channel, 'POST', '/streamer/bot/follow-greetings/enable', {});
  expect(answer.json()).toMatchObject({ followGreetingsEnabled: true, eventSub: 'failed' });
  await side.reconcileSubscriptions?.();
  await side.look?.(channel.channelId);
  expect(twitch.calls).toEqual([]);
});
