import { expect, test } from 'vitest';
import {
  BOT,
  channelNamed,
  STREAMER,
  type VkVideoWorld,
  vkvideoWorld,
} from '../../../../test/support/vkvideo-world.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { ReadChannel } from '../../worker-side.ts';

const OTHER = 'southoak';
const first = channelNamed(STREAMER);
/** Another channel of ours that means the same channel of VK's. */
const second: ReadChannel = { ...first, channelId: 'channel of a twin' as ChannelId };

async function isHeard({ sim, heard, leapUntil }: VkVideoWorld, { channelId }: ReadChannel, text: string) {
  await leapUntil(() => {
    sim.say(STREAMER, 'mira_k', text);
    expect(heard.find((message) => message.text === text && !message.isBacklog)?.channelId).toBe(channelId);
  });
}

test('of two channels that mean one chat the second says so, and takes nothing along when it leaves', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.side.reader.setChannels([first, second]);
  await world.until(() => {
    expect(world.stateOf('a twin')).toEqual({ kind: 'needs_user_action', reason: 'duplicate_channel' });
  });
  await isHeard(world, first, 'while there are two');
  world.side.reader.setChannels([first]);
  await isHeard(world, first, 'after one left');
  expect(world.sim.readersOf(STREAMER)).toEqual([BOT]);
});

test('a chat that was held by another channel is read when that one leaves', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.side.reader.setChannels([first, second]);
  await world.until(() => expect(world.stateOf('a twin')?.reason).toBe('duplicate_channel'));
  world.side.reader.setChannels([second]);
  await world.leapUntil(() => expect(world.stateOf('a twin')?.kind).toBe('live'));
  await isHeard(world, second, 'all mine');
});

test('a row that names another channel now is read where that one is, not where the former was', async () => {
  const world = await vkvideoWorld();
  const channel = world.sim.addChannel(OTHER);
  await world.read(STREAMER);
  world.sim.goOffline(STREAMER);
  await world.side.liveStatus?.poll([first]);
  // The answer for many may leave the names out.
  const body = { data: { channels: [{ channel: { id: channel.id, url: OTHER, status: 'offline' } }] } };
  world.sim.faults.http({ kind: 'answer', status: 200, path: '/v1/channels', body, times: 1 });
  world.side.reader.setChannels([{ ...channelNamed(OTHER), channelId: first.channelId }]);
  await world.until(() => expect(world.sim.readersOf(OTHER)).toEqual([BOT]));
  await world.until(() => expect(world.sim.readersOf(STREAMER)).toEqual([]));
});

test('an answer about the former channel that comes late changes nothing', async () => {
  const world = await vkvideoWorld();
  world.sim.addChannel(OTHER);
  const channel = world.sim.channel(STREAMER);
  const body = { data: { channels: [{ channel: { id: channel.id, url: STREAMER, status: 'online' } }] } };
  world.sim.faults.http({ kind: 'answer', status: 200, path: '/v1/channels', body, times: 1 });
  world.side.reader.setChannels([first]);
  await world.until(() => expect(world.calls('/v1/channels')).toHaveLength(1));
  world.side.reader.setChannels([{ ...channelNamed(OTHER), channelId: first.channelId }]);
  await world.until(() => expect(world.sim.readersOf(OTHER)).toEqual([BOT]));
  expect(world.sim.readersOf(STREAMER)).toEqual([]);
});
