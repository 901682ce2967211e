import { expect, test } from 'vitest';
import {
  BOT,
  channelNamed,
  STREAMER,
  type VkVideoWorld,
  vkvideoWorld,
} from '../../../../test/support/vkvideo-world.ts';

const MINUTE = 60_000;
const OTHER = 'southoak';
const CHANNEL_TOKENS = '/v1/websocket/subscription_token';

const sockets = ({ events }: VkVideoWorld) => events('vkvideo_pubsub.ws_open').length;
const isRead = async ({ sim, until }: VkVideoWorld, slug: string) => {
  await until(() => expect(sim.readersOf(slug)).toEqual([BOT]));
};

test('a connection that is due for renewal reads on while there is nothing to replace it with', async () => {
  const world = await vkvideoWorld({ env: { VKVIDEO_PUBSUB_REFRESH_SECONDS: '60' } });
  await world.read(STREAMER);
  world.sim.faults.http({ kind: 'answer', status: 503, path: '/v1/websocket/token' });
  await world.leap(3 * MINUTE);
  expect(world.events('vkvideo_chatbot.websocket_token_failed')).toHaveLength(1);
  world.sim.say(STREAMER, 'mira_k', 'still heard');
  await world.until(() => expect(world.texts()).toEqual(['still heard']));
  expect(world.heard[0]?.isBacklog).toBe(false);
  expect(world.stateOf(STREAMER)).toEqual({ kind: 'live', reason: null });
  await world.sim.faults.clear();
  await world.leapUntil(() => expect(sockets(world)).toBeGreaterThan(1));
  await isRead(world, STREAMER);
});

test('a channel that is switched off while its connection is opened, and on again, is read at once', async () => {
  const world = await vkvideoWorld();
  world.sim.addChannel(OTHER);
  world.sim.faults.http({ kind: 'slow', delayMs: 2_000, path: CHANNEL_TOKENS, times: 1 });
  const both = [channelNamed(STREAMER), channelNamed(OTHER)];
  world.side.reader.setChannels(both);
  await world.until(() => expect(world.calls(CHANNEL_TOKENS)).toHaveLength(1));
  world.side.reader.setChannels([channelNamed(OTHER)]);
  await world.leapUntil(() => expect(world.stateOf(OTHER)?.kind).toBe('live'));
  expect(world.sim.readersOf(STREAMER)).toEqual([]);
  await world.read(STREAMER, OTHER);
  expect(sockets(world)).toBe(1);
});

test('a restricted chat nobody can tell the token of costs the public one nothing, and is read later', async () => {
  const world = await vkvideoWorld();
  world.sim.faults.http({ kind: 'answer', status: 503, path: CHANNEL_TOKENS });
  await world.read(STREAMER);
  world.sim.addChannel(OTHER);
  await world.read(STREAMER, OTHER);
  await world.leap(10 * MINUTE);
  expect(world.events('vkvideo_chatbot.subscription_token_failed')).toHaveLength(1);
  expect(world.calls(CHANNEL_TOKENS).length).toBeLessThan(30);
  await world.sim.faults.clear();
  const limited = [STREAMER, OTHER].map((slug) => world.sim.socketName(slug, 'limited_chat'));
  await world.leapUntil(() => {
    for (const name of limited) expect(world.sim.pubsub.listenersOf(name)).toHaveLength(1);
  });
});
