import { expect, test } from 'vitest';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { BOT, channelNamed, STREAMER, simulatedVkVideo } from '../../../../test/support/vkvideo-world.ts';
import { createHttpClient } from '../../../lib/http.ts';
import type { AccountCredential, NoCredential } from '../../account-side.ts';
import { createDevApi } from '../api.ts';
import { Directory } from '../directory.ts';
import { StableIds } from '../stable-ids.ts';
import { Moved } from './moved.ts';

const MINUTE = 60_000;

async function world() {
  const sim = await simulatedVkVideo();
  const clock = new ManualClock();
  const api = createDevApi(createHttpClient(2_000), sim.urls.api);
  const state: { owner: AccountCredential | NoCredential } = {
    owner: { accessToken: sim.issueToken(STREAMER).access } as AccountCredential,
  };
  const credentials = { owner: async () => state.owner, renewed: async () => 'none' as const };
  const deps = { clock, log: silentLog() };
  const directory = new Directory({
    ...deps,
    ask: api.withToken(sim.issueToken(BOT).access),
    stableIds: new StableIds({ ...deps, db: undefined as never }),
    changed() {},
    lost() {},
  });
  const moved = new Moved({ ...deps, api, credentials, directory });
  const { id: vkvideoStableId } = sim.channel(STREAMER);
  const channel = channelNamed(STREAMER, { vkvideoChannelUrl: STREAMER, vkvideoStableId });
  const asked = () => sim.calls.filter(({ path }) => path === '/v1/current_user').length;
  return { sim, clock, state, asked, channel, find: () => moved.find(channel) };
}

test('of several channels of the account the one with the id is found, under whichever form VK knows it by', async () => {
  const { sim, find } = await world();
  sim.addChannel(STREAMER, 'second_channel');
  sim.renameChannel(STREAMER, 'southoak');
  sim.faults.channelUrls('url');
  expect(await find()).toEqual({ slug: 'southoak', url: 'https://live.vkvideo.ru/southoak' });
});

test('the account is asked once an hour, and at the next try where it did not answer', async () => {
  const { sim, clock, asked, find, state } = await world();
  sim.faults.http({ kind: 'answer', status: 502, path: '/v1/current_user', times: 1 });
  sim.faults.channelUrls('url');
  sim.renameChannel(STREAMER, 'southoak');
  sim.faults.http({ kind: 'answer', status: 404, path: '/v1/channel', body: { error: 'channel_not_found' }, times: 2 });
  expect(await find()).toBe('unknown');
  expect(await find()).toBe('nowhere');
  await clock.advance(59 * MINUTE);
  expect(await find()).toBe('nowhere');
  expect(asked()).toBe(2);
  await clock.advance(2 * MINUTE);
  expect(await find()).toMatchObject({ slug: 'southoak' });
  expect(asked()).toBe(3);
  await clock.advance(61 * MINUTE);
  state.owner = 'unavailable';
  expect(await find()).toBe('unknown');
});

test('without an account nobody is asked, and one that is linked is asked at once', async () => {
  const { sim, asked, find, state } = await world();
  const { owner } = state;
  sim.renameChannel(STREAMER, 'southoak');
  state.owner = 'none';
  expect(await find()).toBe('nowhere');
  expect(asked()).toBe(0);
  state.owner = owner;
  expect(await find()).toMatchObject({ slug: 'southoak' });
});
