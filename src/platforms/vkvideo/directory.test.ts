import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { BOT, channelNamed, STREAMER, simulatedVkVideo } from '../../../test/support/vkvideo-world.ts';
import { createHttpClient } from '../../lib/http.ts';
import { createDevApi } from './api.ts';
import { type ChannelInfo, Directory, factOf } from './directory.ts';

const room = channelNamed(STREAMER);

async function world() {
  const sim = await simulatedVkVideo();
  const clock = new ManualClock();
  const changes: ChannelInfo[] = [];
  const ask = createDevApi(createHttpClient(2_000), sim.urls.api).withToken(sim.issueToken(BOT).access);
  const changed = (_channelId: unknown, info: ChannelInfo) => void changes.push(info);
  const stableIds = { of: () => null, learned() {}, keep() {} };
  const directory = new Directory({ clock, log: silentLog(), ask, changed, stableIds, lost() {} });
  const asked = (path: string) => sim.calls.filter((call) => call.path === path).length;
  return {
    sim,
    clock,
    directory,
    changes,
    asked,
    /** The answer for many tells this of the channel, and no names. */
    async pollNameless(over: object = {}): Promise<number> {
      const channel = sim.channel(STREAMER);
      const item = { channel: { id: channel.id, url: STREAMER, status: 'online' }, stream: { id: channel.stream?.id } };
      const body = { data: { channels: [{ ...item, ...over }] } };
      sim.faults.http({ kind: 'answer', status: 200, path: '/v1/channels', body, times: 1 });
      await directory.refresh([room]);
      return asked('/v1/channel');
    },
  };
}

test('names are read once, with each new stream, and every hour where the answer for many leaves them out', async () => {
  const { sim, clock, directory, pollNameless } = await world();
  await directory.refresh([room]);
  expect(await pollNameless()).toBe(0);
  sim.goOffline(STREAMER);
  sim.goLive(STREAMER);
  sim.faults.renameSocketChannels(STREAMER);
  expect(await pollNameless()).toBe(1);
  expect(directory.get(room)?.names?.chat).toBe(sim.socketName(STREAMER, 'chat'));
  expect(await pollNameless()).toBe(1);
  await clock.advance(61 * 60_000);
  expect(await pollNameless()).toBe(2);
});

test('a stream that is named while the status says otherwise is over', async () => {
  const { sim, directory, clock, pollNameless } = await world();
  const id = sim.channel(STREAMER).stream?.id;
  await directory.refresh([room]);
  for (const status of ['offline', 'wait', undefined, 7]) {
    await pollNameless({ channel: { id: 1, url: STREAMER, status }, stream: { id, ended_at: 1_790_000_000 } });
    const info = directory.get(room);
    expect(info).toMatchObject({ isLive: false, streamId: null });
    expect(info && factOf(info, clock)).toEqual({ isLive: false, at: new Date(1_790_000_000_000) });
  }
});

test('one broken entry costs the others nothing, and an unknown channel is asked about under both its names', async () => {
  const { sim, directory, asked } = await world();
  sim.addChannel('southoak');
  const lost = channelNamed('lost');
  const failures = await directory.refresh([room, lost, channelNamed('southoak')]);
  expect([...failures.keys()]).toEqual([lost.channelId]);
  expect(asked('/v1/channel')).toBe(2);
  const body = { data: { channels: [7, { channel: null }, { channel: { url: STREAMER, status: 'online' } }] } };
  sim.faults.http({ kind: 'answer', status: 200, path: '/v1/channels', body, times: 1 });
  expect((await directory.refresh([room, channelNamed('southoak')])).size).toBe(0);
  expect(directory.get(room)?.isLive).toBe(true);
});

test('a question that one name spoils is asked one by one; an outage is not', async () => {
  const { sim, directory, asked } = await world();
  const notFound = { kind: 'answer', status: 404, path: '/v1/channels', body: { error: 'channel_not_found' } } as const;
  sim.faults.http({ ...notFound, times: 1 });
  expect((await directory.refresh([room])).size).toBe(0);
  expect(asked('/v1/channel')).toBe(1);
  sim.faults.http({ kind: 'answer', status: 503, path: '/v1/channels', times: 1 });
  expect((await directory.refresh([room])).size).toBe(1);
  expect(asked('/v1/channel')).toBe(1);
});

test('what is fresh is not asked for again, until somebody was refused for it', async () => {
  const { directory, clock, asked } = await world();
  await directory.fresh(room, 45_000);
  await clock.advance(44_000);
  await directory.fresh(room, 45_000);
  expect(asked('/v1/channel')).toBe(1);
  await clock.advance(2_000);
  await directory.fresh(room, 45_000);
  expect(asked('/v1/channel')).toBe(2);
  directory.outdated(room.channelId);
  await directory.fresh(room, 45_000);
  expect(asked('/v1/channel')).toBe(3);
  expect(await directory.fresh(channelNamed('nameless', { vkvideoChannelUrl: null }), 0)).toBeNull();
});
