/** The unmodified `centrifuge` client takes the simulator for VK's pub/sub: channels (docs/platforms/vkvideo.md#tricky-cases). */
import { expect, test, vi } from 'vitest';
import { BOT, RealClient, STREAMER, simulator, subscriptionToken } from './test-support.ts';

test('a limited chat is read with a token, and not at all by whom VK gives none', async () => {
  const sim = await simulator();
  const limited = sim.socketName(STREAMER, 'limited_chat');
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.channel(STREAMER).isLimited = true;
  sim.channel(STREAMER).limitedReaders = 'nobody';
  const shutOut = client.subscription(limited, { getToken: ({ channel }) => subscriptionToken(sim, channel) });
  await client.reports('unsubscribed 1');
  expect(client.centrifuge.state).toBe('connected');
  expect(sim.pubsub.listenersOf(sim.socketName(STREAMER, 'chat'))).toHaveLength(1);
  expect(sim.readersOf(STREAMER)).toEqual([]);

  client.centrifuge.removeSubscription(shutOut);
  sim.channel(STREAMER).limitedReaders = new Set([sim.person(BOT).id]);
  client.subscription(limited, { getToken: ({ channel }) => subscriptionToken(sim, channel) });
  await client.reports('subscribed');
  expect(sim.readersOf(STREAMER)).toEqual([BOT]);
  sim.say(STREAMER, 'mira_k', 'for the few');
  expect(await client.hears(1)).toEqual(['for the few']);
});

test('a subscription token of another account ends the whole connection', async () => {
  const sim = await simulator();
  const limited = sim.socketName(STREAMER, 'limited_chat');
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  client.subscription(limited, { getToken: ({ channel }) => subscriptionToken(sim, channel, STREAMER) });
  await client.reports('disconnected 3500');
});

test('a private channel is open to its person alone, and needs no token then', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'private_chat', BOT));
  sim.say(STREAMER, STREAMER, 'only for you', BOT);
  expect(await client.hears(1)).toEqual(['only for you']);
  client.subscription(sim.socketName(STREAMER, 'private_channel_points', STREAMER));
  await client.reports('unsubscribed 103');
});

test('a subscription taken back as expired asks once with the old token and then with a new one', async () => {
  const sim = await simulator();
  const limited = sim.socketName(STREAMER, 'limited_chat');
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  const tokens: string[] = [];
  client.subscription(limited, {
    getToken: async ({ channel }) => {
      tokens.push(await subscriptionToken(sim, channel));
      return tokens.at(-1) ?? '';
    },
  });
  await client.reports('subscribed');
  client.reported.length = 0;
  sim.faults.expireSocketTokens('subscription');
  sim.faults.unsubscribe(limited, 2501);
  await client.reports('subscribing 2501', 'subscription error 109', 'subscribed');
  expect(new Set(tokens).size).toBe(2);
});

test('a subscription outlives its token by a refresh', async () => {
  const sim = await simulator();
  const limited = sim.socketName(STREAMER, 'limited_chat');
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.pubsub.tokens.seconds = 1;
  client.subscription(limited, { getToken: ({ channel }) => subscriptionToken(sim, channel) });
  await client.reports('subscribed');
  const refreshes = () => sim.pubsub.frames.filter(({ text }) => text.includes('"sub_refresh"'));
  await vi.waitFor(() => expect(refreshes().length).toBeGreaterThan(0), 5000);
  sim.pubsub.tokens.seconds = 3600;
  sim.channel(STREAMER).isLimited = true;
  sim.say(STREAMER, 'mira_k', 'still here');
  expect(await client.hears(1)).toEqual(['still here']);
  expect(client.reported).toEqual(['subscribing 0', 'subscribed']);
});

test('a subscription nobody refreshes is taken back, and made anew', async () => {
  const sim = await simulator({ pubsub: { expiryGrace: 0.2 } });
  const limited = sim.socketName(STREAMER, 'limited_chat');
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'), { timeout: 10_000 });
  sim.pubsub.tokens.seconds = 1;
  sim.faults.ignoreCommands('sub_refresh');
  client.subscription(limited, { getToken: ({ channel }) => subscriptionToken(sim, channel) });
  await client.reports('subscribing 2501');
  await vi.waitFor(() => expect(sim.pubsub.listenersOf(limited)).toHaveLength(1), 5000);
});

test('a subscription taken back for good stays away, and the connection stays', async () => {
  const sim = await simulator();
  const chat = sim.socketName(STREAMER, 'chat');
  const client = await RealClient.reading(sim, chat);
  sim.faults.unsubscribe(chat, 2000);
  await client.reports('unsubscribed 2000');
  expect(client.centrifuge.state).toBe('connected');
  expect(sim.readersOf(STREAMER)).toEqual([]);
});

test('what was published while the client was away is handed over once, in order, where there is history', async () => {
  const sim = await simulator();
  const chat = sim.socketName(STREAMER, 'chat');
  sim.faults.keepHistory(chat, 100);
  for (let line = 1; line <= 10; line += 1) sim.say(STREAMER, 'mira_k', `${line}`);
  const client = await RealClient.reading(sim, chat);
  const recovered: unknown[] = [];
  client.centrifuge.getSubscription(chat)?.on('subscribed', (context) => recovered.push(context));
  sim.say(STREAMER, 'mira_k', '11');
  await client.hears(1);
  sim.faults.dropConnections();
  sim.say(STREAMER, 'mira_k', '12');
  sim.say(STREAMER, 'mira_k', '13');
  await client.reports('subscribed');
  sim.say(STREAMER, 'mira_k', '14');
  expect(await client.hears(4)).toEqual(['11', '12', '13', '14']);
  expect(recovered).toMatchObject([{ wasRecovering: true, recovered: true }]);
  expect(sim.pubsub.frames.at(-1)?.text).toMatch(/"recover":true.*"offset":11/);
});

test('a server that lost its memory says so, and the client goes on from there', async () => {
  const sim = await simulator();
  const chat = sim.socketName(STREAMER, 'chat');
  sim.faults.keepHistory(chat, 100);
  const client = await RealClient.reading(sim, chat);
  const recovered: unknown[] = [];
  client.centrifuge.getSubscription(chat)?.on('subscribed', (context) => recovered.push(context));
  sim.say(STREAMER, 'mira_k', 'before');
  await client.hears(1);
  sim.faults.dropConnections();
  sim.say(STREAMER, 'mira_k', 'missed');
  sim.faults.loseHistory(chat);
  await client.reports('subscribed');
  sim.say(STREAMER, 'mira_k', 'after');
  expect(await client.hears(2)).toEqual(['before', 'after']);
  expect(recovered).toMatchObject([{ wasRecovering: true, recovered: false }]);
});

test('too many subscriptions at once make a frame nobody takes, and the client gives up', async () => {
  const sim = await simulator();
  const client = new RealClient(sim);
  for (let index = 0; index < 130; index += 1) client.subscription(`channel-${index}`, { token: 'x'.repeat(480) });
  client.centrifuge.connect();
  await client.reports('disconnected 3');
});

test('a connection has 128 channels and no more', async () => {
  const sim = await simulator();
  const slugs = Array.from({ length: 129 }, (_, index) => sim.addChannel(`streamer${index}`).slug);
  const client = new RealClient(sim);
  client.centrifuge.connect();
  await client.centrifuge.ready();
  for (const slug of slugs) client.subscription(sim.socketName(slug, 'chat'));
  await client.reports('unsubscribed 106');
  await vi.waitFor(() => expect(sim.pubsub.sessions()[0]?.topics.size).toBe(128));
});

test('a subscribe that is never answered costs the connection, and the next one is answered', async () => {
  const sim = await simulator();
  sim.faults.ignoreCommands('subscribe');
  const client = new RealClient(sim, { timeout: 300 });
  client.subscription(sim.socketName(STREAMER, 'chat'));
  client.centrifuge.connect();
  await client.reports('connecting 3', 'subscribed');
});

test('a temporary refusal is tried again, any other is final', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.faults.refuseCommands('subscribe', { code: 100, message: 'internal server error', temporary: true });
  client.subscription(sim.socketName(STREAMER, 'info'));
  await client.reports('subscription error 100', 'subscribed');
  sim.faults.refuseCommands('subscribe', { code: 100, message: 'internal server error' });
  client.subscription(sim.socketName(STREAMER, 'channel_points'));
  await client.reports('unsubscribed 100');
});

test('after VK renamed its channels the old names are silent and closed, the new ones work', async () => {
  const sim = await simulator();
  const old = sim.socketName(STREAMER, 'chat');
  const client = await RealClient.reading(sim, old);
  sim.faults.renameSocketChannels(STREAMER);
  expect(sim.readersOf(STREAMER)).toEqual([]);
  sim.say(STREAMER, 'mira_k', 'unheard');
  client.subscription(sim.socketName(STREAMER, 'chat'));
  await client.reports('subscribed');
  sim.say(STREAMER, 'mira_k', 'heard');
  expect(await client.hears(1)).toEqual(['heard']);
  sim.faults.unsubscribe(old, 2501);
  await client.reports('unsubscribed 103');
});

test('an unsubscribe is answered: the client stays connected and hears no more', async () => {
  const sim = await simulator();
  const chat = sim.socketName(STREAMER, 'chat');
  const client = await RealClient.reading(sim, chat, { timeout: 200 });
  client.centrifuge.getSubscription(chat)?.unsubscribe();
  await vi.waitFor(() => expect(sim.readersOf(STREAMER)).toEqual([]));
  client.subscription(sim.socketName(STREAMER, 'info'));
  await client.reports('unsubscribed 0', 'subscribed');
  expect(client.reported).not.toContain('connecting 3');
});

test('one line can arrive three times, on two channels, as the same message', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  const limited = sim.socketName(STREAMER, 'limited_chat');
  client.subscription(limited, { getToken: ({ channel }) => subscriptionToken(sim, channel) });
  await client.reports('subscribed');
  sim.faults.duplicateLines();
  sim.say(STREAMER, 'mira_k', 'once');
  sim.say(STREAMER, 'mira_k', 'next');
  expect(await client.hears(4)).toEqual(['once', 'once', 'once', 'next']);
});
