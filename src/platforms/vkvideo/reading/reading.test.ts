import { expect, test } from 'vitest';
import {
  BOT,
  channelNamed,
  STREAMER,
  type VkVideoWorld,
  vkvideoWorld,
} from '../../../../test/support/vkvideo-world.ts';

const OTHER = 'southoak';
const DEAD_GRANT = { kind: 'needs_user_action', reason: 'missing_sender_access_token' };

/** Connections the bot has now. */
const connections = ({ sim }: VkVideoWorld) => sim.pubsub.sessions(sim.person(BOT).id).length;

const isHeard = async ({ sim, texts, leapUntil }: VkVideoWorld, text: string) => {
  await leapUntil(() => {
    sim.say(STREAMER, 'mira_k', text);
    expect(texts()).toContain(text);
  });
};

test('connect and every subscription go out in one frame, and what people write arrives in order', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  const { frames } = world.sim.pubsub;
  const lines = frames[0]?.text.split('\n').map((line) => Object.keys(JSON.parse(line))[0]);
  expect(lines).toEqual(['connect', 'subscribe', 'subscribe', 'subscribe', 'subscribe']);
  for (const text of ['one', 'two', 'three']) world.sim.say(STREAMER, 'mira_k', text);
  await world.until(() => expect(world.texts()).toEqual(['one', 'two', 'three']));
  expect(world.heard[0]).toMatchObject({ isBacklog: false, isOwn: false, author: { login: 'mira_k' } });
});

test('many channels share connections, none of which comes near the limits of the server', async () => {
  const world = await vkvideoWorld();
  const slugs = Array.from({ length: 60 }, (_, index) => `streamer${index}`);
  for (const slug of slugs) world.sim.addChannel(slug);
  await world.read(...slugs);
  // 60 channels of four names each.
  await world.until(() => expect(connections(world)).toBe(3));
  for (const { text } of world.sim.pubsub.frames) expect(Buffer.byteLength(text)).toBeLessThan(60_000);
  for (const session of world.sim.pubsub.sessions()) expect(session.topics.size).toBeLessThanOrEqual(100);
  // A hundred in one question.
  expect(world.calls('/v1/channels')).toHaveLength(1);
  world.sim.faults.dropConnections();
  await world.leapUntil(() => {
    for (const slug of slugs) expect(world.sim.readersOf(slug)).toEqual([BOT]);
  });
});

test('a channel that is switched off is left, the others stay; without any there is no connection', async () => {
  const world = await vkvideoWorld();
  world.sim.addChannel(OTHER);
  await world.read(STREAMER, OTHER);
  await world.read(OTHER);
  await world.until(() => expect(world.sim.readersOf(STREAMER)).toEqual([]));
  expect(world.sim.readersOf(OTHER)).toEqual([BOT]);
  expect(connections(world)).toBe(1);
  await world.read(OTHER, STREAMER);
  expect(connections(world)).toBe(1);
  await world.read();
  await world.until(() => expect(connections(world)).toBe(0));
});

test('a message that arrives on two channels is one message', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.sim.faults.duplicateLines(1, ['limited_chat', 'chat']);
  world.sim.say(STREAMER, 'mira_k', '!once');
  world.sim.say(STREAMER, 'mira_k', 'after');
  await world.until(() => expect(world.texts()).toEqual(['!once', 'after']));
});

test('a command in pieces, addressed to the bot and delivered on two channels, is one command', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.sim.faults.duplicateLines(1, ['limited_chat']);
  const mention = { mention: { id: Number(world.sim.person(BOT).id) } };
  world.sim.say(STREAMER, 'mira_k', [mention, { text: { content: ' !cmd ' } }, { text: { content: 'arg' } }]);
  world.sim.say(STREAMER, 'mira_k', 'after');
  const asked = () => world.heard.map(({ text, addressedEnd }) => text.slice(addressedEnd).trim());
  await world.until(() => expect(asked()).toEqual(['!cmd arg', 'after']));
});

test('a chat restricted to some is read where the platform gives access, and is asked for with each stream', async () => {
  const world = await vkvideoWorld();
  const channel = world.sim.channel(STREAMER);
  channel.limitedReaders = 'nobody';
  channel.isLimited = true;
  await world.read(STREAMER);
  world.sim.say(STREAMER, 'mira_k', 'unheard');
  channel.limitedReaders = 'everyone';
  world.sim.goOffline(STREAMER);
  world.sim.goLive(STREAMER, { hint: 'channel_stream_start' });
  await isHeard(world, 'heard now');
  expect(world.texts()).not.toContain('unheard');
  expect(connections(world)).toBe(1);
});

test('access that ends with its token costs the restricted chat alone', async () => {
  const world = await vkvideoWorld({ sim: { pubsub: { token: 1 } } });
  await world.read(STREAMER);
  const limited = world.sim.socketName(STREAMER, 'limited_chat');
  await world.until(() => expect(world.sim.pubsub.listenersOf(limited)).toHaveLength(1));
  world.sim.channel(STREAMER).limitedReaders = 'nobody';
  await world.until(() => expect(world.sim.pubsub.listenersOf(limited)).toEqual([]));
  world.sim.say(STREAMER, 'mira_k', 'still here');
  await world.until(() => expect(world.texts()).toEqual(['still here']));
  expect(world.stateOf(STREAMER)).toEqual({ kind: 'live', reason: null });
  expect(world.events('vkvideo_pubsub.ws_open')).toHaveLength(1);
});

test('names that changed with a new stream are followed, without an answer twice', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.sim.say(STREAMER, 'mira_k', 'before');
  await world.until(() => expect(world.texts()).toEqual(['before']));
  const former = world.sim.socketName(STREAMER, 'chat');
  world.sim.faults.renameSocketChannels(STREAMER);
  world.sim.say(STREAMER, 'mira_k', 'into the gap');
  await world.side.liveStatus?.poll([channelNamed(STREAMER)]);
  await world.until(() => expect(world.sim.readersOf(STREAMER)).toEqual([BOT]));
  world.sim.say(STREAMER, 'mira_k', 'after');
  await world.until(() => expect(world.texts().toSorted()).toEqual(['after', 'before', 'into the gap']));
  await world.until(() => expect(world.sim.pubsub.listenersOf(former)).toEqual([]));
});

test('what begins or ends is read from the platform when an event says so, at once', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  await world.until(() => expect(world.sim.pubsub.listenersOf(world.sim.socketName(STREAMER, 'info'))).toHaveLength(1));
  world.sim.goOffline(STREAMER, 'channel_stream_stop');
  await world.leapUntil(() => expect(world.facts.at(-1)?.isLive).toBe(false));
  const startedAt = new Date(Math.floor(world.clock.now().getTime() / 1000) * 1000);
  world.sim.goLive(STREAMER, { startedAt, hint: 'channel_stream_start' });
  await world.leapUntil(() => expect(world.facts.at(-1)).toEqual({ isLive: true, at: startedAt }));
  expect(world.sendable).toContain(channelNamed(STREAMER).channelId);
});

test('the status decides who is live, for a hundred channels a question, and one outage is one line', async () => {
  const world = await vkvideoWorld();
  const slugs = Array.from({ length: 101 }, (_, index) => `streamer${index}`);
  for (const slug of slugs) world.sim.addChannel(slug);
  for (const slug of slugs.slice(0, 50)) world.sim.goLive(slug);
  for (const slug of slugs.slice(0, 10)) world.sim.goOffline(slug);
  const channels = slugs.map((slug) => channelNamed(slug));
  const facts = await world.side.liveStatus?.poll(channels);
  expect([...(facts?.values() ?? [])].filter(({ isLive }) => isLive)).toHaveLength(40);
  expect(facts?.size).toBe(101);
  expect(world.calls('/v1/channels')).toHaveLength(2);
  world.sim.faults.http({ kind: 'answer', status: 503, path: '/v1/channels' });
  expect((await world.side.liveStatus?.poll(channels))?.size).toBe(0);
  expect(world.events('vkvideo_chatbot.live_poll_failed')).toMatchObject([{ channels: 101 }]);
});

test('events that are none of ours are counted and trigger nothing', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  const channel = world.sim.channel(STREAMER);
  world.sim.follow(STREAMER, 'new_friend');
  world.sim.raid(STREAMER, 'raider', 7);
  for (const data of [null, 7, 'text', [], { type: 'message', data: {} }, { type: 'from_next_year', data: { a: 1 } }]) {
    world.sim.events.publishRaw(channel.socketName('info', null), data);
  }
  world.sim.events.publish(channel, 'chat', 'channel_chat_message_send', { chat_message: { id: 1 } });
  const id = world.sim.say(STREAMER, 'mira_k', 'a line');
  world.sim.deleteMessage(STREAMER, id);
  await world.until(() => expect(world.texts()).toEqual(['a line']));
  await world.side.close();
  expect(world.events('vkvideo_pubsub.events')[0]).toMatchObject({
    channel_follow_create: 1,
    channel_raid_income: 1,
    from_next_year: 1,
    unreadable: 4,
    unread_chat_message: 1,
    channel_chat_message_send: 2,
    channel_chat_message_delete: 1,
  });
  // The interface of the web site: the configured host is a wrong one.
  expect(world.events('vkvideo_pubsub.wrong_host')).toHaveLength(1);
});

test('a withdrawn grant is a state that names what to do, and another account heals it without a restart', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.accounts.share(null);
  await world.leapUntil(() => expect(world.stateOf(STREAMER)).toEqual(DEAD_GRANT));
  expect(connections(world)).toBe(0);
  expect(world.events('vkvideo_chatbot.websocket_token_failed').length).toBeGreaterThan(0);
  world.accounts.share(world.accounts.link('second_bot'));
  await world.until(() => expect(world.sim.readersOf(STREAMER)).toEqual(['second_bot']));
  await world.until(() => expect(world.stateOf(STREAMER)).toEqual({ kind: 'live', reason: null }));
});

test('when another account reads, the former leaves only after the new one listens', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.accounts.share(world.accounts.link('second_bot'));
  await world.until(() => {
    world.sim.say(STREAMER, 'mira_k', `at ${world.texts().length}`);
    expect(world.sim.readersOf(STREAMER)).toEqual(['second_bot']);
  });
  await world.until(() => expect(world.texts()).toHaveLength(world.sim.messagesIn(STREAMER).length));
  expect(world.calls('/v1/chat/messages')).toEqual([]);
});

test('a bot that is linked later begins to read then', async () => {
  const world = await vkvideoWorld();
  const bot = world.accounts.shared;
  world.accounts.shared = null;
  world.side.reader.setChannels([channelNamed(STREAMER)]);
  await world.until(() => expect(world.stateOf(STREAMER)).toEqual(DEAD_GRANT));
  world.accounts.share(bot);
  await world.until(() => expect(world.stateOf(STREAMER)?.kind).toBe('live'));
});

test('a channel nobody knows, and one without a URL, are states of their own; the others are read', async () => {
  const world = await vkvideoWorld();
  const lost = channelNamed('nobody_here');
  const nameless = channelNamed('nameless', { vkvideoChannelUrl: ' ' });
  world.side.reader.setChannels([lost, nameless, channelNamed(STREAMER)]);
  await world.until(() => expect(world.stateOf(STREAMER)?.kind).toBe('live'));
  expect(world.stateOf('nobody_here')).toEqual({ kind: 'needs_user_action', reason: 'channel_not_found' });
  expect(world.stateOf('nameless')).toEqual({ kind: 'needs_user_action', reason: 'missing_channel_url' });
  expect(world.events('vkvideo_chatbot.subscription_missing_channel_url')).toHaveLength(1);
  expect(world.events('vkvideo_chatbot.subscription_missing_access_token').length).toBeGreaterThan(0);
  world.sim.addChannel('nobody_here');
  await world.leapUntil(() => expect(world.stateOf('nobody_here')?.kind).toBe('live'));
});

test('a platform that is away when a channel is switched on is asked again, and said once', async () => {
  const world = await vkvideoWorld();
  world.sim.faults.http({ kind: 'answer', status: 502, path: '/v1/channel', times: 5 });
  world.side.reader.setChannels([channelNamed(STREAMER)]);
  await world.until(() => {
    expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'channel_info_failed' });
  });
  await world.leapUntil(() => expect(world.stateOf(STREAMER)?.kind).toBe('live'));
  expect(world.events('vkvideo_chatbot.channel_info_failed')).toHaveLength(1);
});

test('tokens that run out while many ask are renewed once', async () => {
  const world = await vkvideoWorld();
  world.sim.addChannel(OTHER);
  await world.read(STREAMER, OTHER);
  world.sim.faults.expireTokens(BOT);
  const channels = [channelNamed(STREAMER), channelNamed(OTHER)];
  await Promise.all([
    world.side.liveStatus?.poll(channels),
    world.side.liveStatus?.poll(channels),
    world.side.roleResolver?.roleIds(channelNamed(STREAMER), {
      platformUserId: world.sim.addPerson('mira_k').id as never,
      login: 'mira_k',
      displayName: 'mira_k',
      avatarUrl: null,
      roles: new Set(),
    }),
  ]);
  expect(world.sim.tokensRefreshed).toBe(1);
});
