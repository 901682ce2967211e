import { expect, test } from 'vitest';
import { channelNamed, STREAMER, type VkVideoWorld, vkvideoWorld } from '../../../../test/support/vkvideo-world.ts';

const LONG = 5 * 60_000;
/** This world has no database. */
const NOT_STORED = 'vkvideo_chatbot.stable_ids_not_stored';
const nameless = channelNamed('nameless', { vkvideoChannelUrl: null });

/** Lines an operator is to read. */
const warnings = ({ lines }: VkVideoWorld) =>
  lines.filter(({ level, event }) => level === 'warn' && event !== NOT_STORED).map(({ event }) => event);

test('a channel nobody names is looked for again and again, and said once', async () => {
  const world = await vkvideoWorld();
  world.side.reader.setChannels([nameless]);
  await world.leap(LONG);
  expect(warnings(world)).toEqual([
    'vkvideo_chatbot.subscription_missing_access_token',
    'vkvideo_chatbot.subscription_missing_channel_url',
  ]);
});

test('a pub/sub server that stays away is one line', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.sim.faults.refuseUpgrades(503, 10_000);
  world.sim.faults.kick(3001);
  await world.leap(LONG);
  expect(warnings(world)).toEqual(['vkvideo_pubsub.ws_error']);
  expect(world.events(NOT_STORED)).toHaveLength(1);
  const closes = world.events('vkvideo_pubsub.ws_close').filter(({ level }) => level === 'info');
  expect(closes).toHaveLength(2);
  await world.sim.faults.clear();
  await world.leapUntil(() => expect(world.stateOf(STREAMER)?.kind).toBe('live'));
});

test('a chat the server never grants is one line, and hints it does not grant cost the chat nothing', async () => {
  const world = await vkvideoWorld();
  world.sim.faults.refuseCommands('subscribe', { code: 103, message: 'permission denied' }, 10_000);
  world.side.reader.setChannels([channelNamed(STREAMER)]);
  await world.leap(LONG);
  expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'subscription_refused' });
  expect(world.events('vkvideo_chatbot.subscription_refused')).toHaveLength(4);
});

test('a live check that fails as before is not said again', async () => {
  const world = await vkvideoWorld();
  world.sim.faults.http({ kind: 'answer', status: 503, path: '/v1/channels' });
  for (let round = 0; round < 3; round += 1) await world.side.liveStatus?.poll([channelNamed(STREAMER)]);
  expect(world.events('vkvideo_chatbot.live_poll_failed')).toHaveLength(1);
  await world.sim.faults.clear();
  await world.side.liveStatus?.poll([channelNamed(STREAMER)]);
  world.sim.faults.http({ kind: 'answer', status: 503, path: '/v1/channels' });
  await world.side.liveStatus?.poll([channelNamed(STREAMER)]);
  expect(world.events('vkvideo_chatbot.live_poll_failed')).toHaveLength(2);
});

test('a channel with a restricted chat alone, and no access to it, says so until there is', async () => {
  const world = await vkvideoWorld();
  const channel = world.sim.channel(STREAMER);
  channel.limitedReaders = 'nobody';
  const names = { limited_chat: world.sim.socketName(STREAMER, 'limited_chat') };
  const item = { channel: { id: channel.id, url: STREAMER, status: 'online', web_socket_channels: names } };
  world.sim.faults.http({ kind: 'answer', status: 200, path: '/v1/channels', body: { data: { channels: [item] } } });
  world.side.reader.setChannels([channelNamed(STREAMER)]);
  await world.until(() => expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'no_access' }));
  channel.limitedReaders = 'everyone';
  await world.leapUntil(() => expect(world.stateOf(STREAMER)?.kind).toBe('live'));
});
