import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { apiWorld, followOf } from '../../../../test/support/twitch-api-world.ts';
import { readStanding } from './standing.ts';

const { url } = await createTestDatabase();

function challengeFor(twitchId: string) {
  return {
    challenge: '<script>alert(1)</script>',
    subscription: {
      id: 'sub-9',
      status: 'webhook_callback_verification_pending',
      type: 'channel.follow',
      condition: { broadcaster_user_id: twitchId },
    },
  };
}

function streamOf(twitchId: string, type: 'stream.online' | 'stream.offline', startedAt?: string) {
  return {
    subscription: { id: 'sub-s', status: 'enabled', type, condition: { broadcaster_user_id: twitchId } },
    event: { broadcaster_user_id: twitchId, ...(startedAt ? { id: 's1', type: 'live', started_at: startedAt } : {}) },
  };
}

test('a challenge is echoed as plain text, only signed and only as JSON, and proves the subscription', async () => {
  const { streamer, deliver, db } = await apiWorld(url);
  const channel = await streamer({ greetings: true });
  const body = challengeFor(channel.twitchId);

  const answer = await deliver(body, { type: 'webhook_callback_verification' });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.headers['content-length']).toBe(String(body.challenge.length));
  expect(answer.body).toBe(body.challenge);
  expect(await readStanding(db, channel.channelId, 'channel.follow')).toMatchObject({ status: 'active' });

  expect((await deliver(body, { signature: 'sha256=00' })).json()).toMatchObject({
    errorCode: 'FORBIDDEN',
    error: 'Invalid signature',
  });
  for (const contentType of ['text/plain', 'application/x-www-form-urlencoded']) {
    for (const raw of [`challenge=${encodeURIComponent(body.challenge)}`, JSON.stringify(body)]) {
      const form = { raw, contentType, type: 'webhook_callback_verification' };
      expect([contentType, (await deliver(null, form)).statusCode]).toEqual([contentType, 400]);
    }
  }
  expect((await deliver({ ...body, challenge: 'x'.repeat(1001) })).statusCode).toBe(400);
});

test('a delivery that is unsigned, altered or old changes nothing', async () => {
  const { streamer, deliver, outbox, clock } = await apiWorld(url);
  const channel = await streamer({ greetings: true });
  const follow = followOf(channel);
  const old = new Date(clock.now().getTime() - 11 * 60_000).toISOString();

  const refusals = [
    await deliver(follow, { signature: 'sha256=00' }),
    await deliver(follow, { signed: JSON.stringify(follow), raw: JSON.stringify(follow, null, 1) }),
    await deliver(follow, { timestamp: old }),
  ];
  expect(refusals.map((answer) => [answer.statusCode, answer.json().error])).toEqual([
    [403, 'Invalid signature'],
    [403, 'Invalid signature'],
    [403, 'Request too old'],
  ]);
  expect(await outbox(channel)).toEqual([]);
});

test('a follow is greeted once: not again for the same delivery, nor for the same follower within 24 hours', async () => {
  const { streamer, deliver, outbox, clock } = await apiWorld(url);
  const channel = await streamer({ greetings: true, template: 'Привет, {user}! {user} — это $& и {time}' });
  const say = async (...given: Parameters<typeof deliver>) => (await deliver(...given)).json().message;

  await clock.advance(12 * 3_600_000); // the 24 hours go over midnight
  expect(await say(followOf(channel), { id: 'f1' })).toBe('Follow greeting enqueued');
  expect(await say(followOf(channel), { id: 'f1' })).toBe('Duplicate follow ignored');
  await clock.advance(24 * 3_600_000 - 1);
  expect(await say(followOf(channel), { id: 'f2' })).toBe('Duplicate follow ignored');
  expect(await say(followOf(channel, '1', 'Another'), { id: 'f3' })).toBe('Follow greeting enqueued');
  await clock.advance(1);
  expect(await say(followOf(channel), { id: 'f4' })).toBe('Follow greeting enqueued');

  expect((await outbox(channel)).map(({ message, source }) => [message, source])).toEqual([
    ['Привет, Mira_K! Mira_K — это $& и {time}', 'greeting'],
    ['Привет, Another! Another — это $& и {time}', 'greeting'],
    ['Привет, Mira_K! Mira_K — это $& и {time}', 'greeting'],
  ]);
});

test('twenty deliveries of one follow at once, under different ids, make one greeting', async () => {
  const { streamer, deliver, outbox } = await apiWorld(url);
  const channel = await streamer({ greetings: true });
  const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(followOf(channel))));
  expect(answers.map((answer) => answer.statusCode)).toEqual(Array(20).fill(200));
  expect(await outbox(channel)).toHaveLength(1);
});

test('a greeting that could not be queued is answered 500 and leaves nothing, so that the next try succeeds', async () => {
  const { streamer, deliver, outbox, trouble } = await apiWorld(url);
  const channel = await streamer({ greetings: true });
  trouble.enqueue = true;
  expect((await deliver(followOf(channel), { id: 'retried' })).statusCode).toBe(500);
  expect(await outbox(channel)).toEqual([]);
  trouble.enqueue = false;
  expect((await deliver(followOf(channel), { id: 'retried' })).json().message).toBe('Follow greeting enqueued');
  expect(await outbox(channel)).toHaveLength(1);
});

test('nobody is greeted where greetings or the bot are off, and the answer says which', async () => {
  const { streamer, deliver, outbox, db } = await apiWorld(url);
  const cases = [
    [await streamer({ greetings: false }), 'Follow greetings disabled'],
    [await streamer({ greetings: true, bot: 'off' }), 'Bot not enabled for channel, ignoring'],
    [await streamer({ greetings: true, bot: 'gated' }), 'Bot not enabled for channel, ignoring'],
    [await streamer({ greetings: true, bot: 'none' }), 'Bot not enabled for channel, ignoring'],
    [await streamer({ greetings: true, template: ' ' }), 'Empty greeting, ignoring'],
  ] as const;
  for (const [index, [channel, message]] of cases.entries()) {
    expect((await deliver(followOf(channel), { id: `off-${index}` })).json()).toEqual({ message });
    expect(await outbox(channel)).toEqual([]);
  }
  const stranger = { channelId: cases[0][0].channelId, twitchId: 'stranger' };
  expect((await deliver(followOf(stranger))).json().message).toBe('Channel not found, ignoring');
  const torn = { ...followOf(cases[1][0]), event: { user_id: 7 } };
  expect((await deliver(torn)).json().message).toBe('Follow event error (ignored)');
  const remembered = db.selectFrom('ChatBotEventDedup').where('eventId', 'like', 'off-%').selectAll();
  expect(await remembered.execute()).toEqual([]);
});

test('a stream event is recorded once, with the time Twitch gives, and again when recording failed', async () => {
  const { streamer, deliver, recorded, trouble, clock } = await apiWorld(url);
  const { channelId, twitchId } = await streamer();
  const online = streamOf(twitchId, 'stream.online', '2025-12-31T23:59:00Z');

  trouble.recordLive = true;
  expect((await deliver(online, { id: 'on' })).statusCode).toBe(500);
  trouble.recordLive = false;
  expect((await deliver(online, { id: 'on' })).statusCode).toBe(200);
  expect((await deliver(online, { id: 'on' })).json().message).toBe('Duplicate event ignored');
  const endedAt = clock.now();
  await deliver(streamOf(twitchId, 'stream.offline'), { id: 'off' });

  expect(recorded).toEqual([
    { channelId, isLive: true, at: new Date('2025-12-31T23:59:00Z') },
    { channelId, isLive: false, at: endedAt },
  ]);
  const unknown = await deliver(streamOf('404', 'stream.offline'));
  expect(unknown.json().message).toBe('Channel not found, ignoring');
  expect((await deliver({ ...online, event: {} })).json().message).toBe('No broadcaster id, ignoring');
});

test('a rerun, a premiere or a stream that Twitch has an error about begins no stream; one without a type does', async () => {
  const { streamer, deliver, recorded } = await apiWorld(url);
  const { channelId, twitchId } = await streamer();
  const online = streamOf(twitchId, 'stream.online', '2025-12-31T23:59:00Z');
  const message = async (type: unknown) =>
    (await deliver({ ...online, event: { ...online.event, type } }, { id: `of-${type}` })).json().message;
  for (const type of ['rerun', 'premiere', 'playlist', 'watch_party', '', 7]) {
    expect([type, await message(type)]).toEqual([type, 'Not a live stream, ignoring']);
  }
  expect(recorded).toEqual([]);
  for (const type of ['live', null, undefined]) expect(await message(type)).toBe('Stream online recorded');
  expect(recorded.map((fact) => [fact.channelId, fact.isLive])).toEqual(Array(3).fill([channelId, true]));
});

test('Twitch is asked about a name that differs in every event once in ten minutes', async () => {
  const { streamer, deliver, db, twitch, clock } = await apiWorld(url);
  const { channelId, twitchId } = await streamer();
  const { twitchLogin } = await db
    .selectFrom('ChatBotSubscription')
    .select('twitchLogin')
    .where('channelId', '=', channelId)
    .executeTakeFirstOrThrow();
  twitch.users.set(twitchId, twitchLogin);
  const online = streamOf(twitchId, 'stream.online', '2025-12-31T23:59:00Z');
  const event = { ...online.event, broadcaster_user_login: 'another_name' };
  const asked = () => twitch.called('GET /helix/users').length;
  await deliver({ ...online, event });
  await vi.waitFor(() => expect(asked()).toBe(1));
  for (let time = 0; time < 5; time += 1) await deliver({ ...online, event });
  await clock.advance(600_001);
  await deliver({ ...online, event });
  await vi.waitFor(() => expect(asked()).toBe(2));
});

test('a revoked subscription is marked lost, looked at soon, and the streamer reads it with the greetings', async () => {
  const { streamer, deliver, ask, db, looks } = await apiWorld(url);
  const channel = await streamer({ greetings: true });
  const { subscription } = followOf(channel);
  const revoked = { subscription: { ...subscription, status: 'authorization_revoked' } };

  const replayed = await deliver({ subscription }, { type: 'revocation' });
  expect(replayed.json().message).toBe('Event received');
  expect(looks).toEqual([]);
  expect((await deliver(revoked, { type: 'revocation' })).statusCode).toBe(200);
  expect(looks).toEqual([channel.channelId]);
  expect(await readStanding(db, channel.channelId, 'channel.follow')).toMatchObject({
    status: 'failed',
    reason: 'authorization_revoked',
  });
  expect((await ask(channel, 'GET', '/streamer/bot/follow-greetings')).json().eventSub).toBe('failed');
});
