import { expect, test } from 'vitest';
import { ScriptedTwitchApi } from '../../../test/support/scripted-twitch-api.ts';
import { twitchDeps } from '../../../test/support/twitch-api-world.ts';
import { channel } from '../../../test/support/twitch-chat-world.ts';
import { createHelix } from './helix/client.ts';
import { createLiveStatus } from './live-status.ts';

const STARTED = '2026-01-01T00:00:00Z';

async function world() {
  const twitch = await ScriptedTwitchApi.start();
  const deps = twitchDeps(twitch);
  const named: string[] = [];
  const live = createLiveStatus(
    { ...deps, named: ({ slug }, login) => named.push(`${slug} ${login}`) },
    createHelix(deps, deps.settings as never),
  );
  return { twitch, clock: deps.clock, live, named };
}

test('250 channels take three questions, and every one of a hundred live ones is in the answer', async () => {
  const { twitch, live } = await world();
  const channels = Array.from({ length: 250 }, (_, index) => channel(`c${index}`, String(index)));
  for (let index = 0; index < 100; index += 1) twitch.streams.set(String(index), STARTED);
  const facts = await live.poll(channels);
  expect(twitch.called('GET /helix/streams')).toHaveLength(3);
  expect([...facts.values()]).toEqual(Array(100).fill({ isLive: true, at: new Date(STARTED) }));
});

test('a channel missing once changes nothing, missing twice it is offline since the first time', async () => {
  const { twitch, live, clock } = await world();
  const rooms = [channel('north', '5501'), channel('nameless')];
  twitch.streams.set('5501', STARTED);
  expect((await live.poll(rooms)).size).toBe(1);
  twitch.streams.clear();
  const missedAt = clock.now();
  expect((await live.poll(rooms)).size).toBe(0);
  await clock.advance(60_000);
  expect([...(await live.poll(rooms))]).toEqual([['north', { isLive: false, at: missedAt }]]);
});

test('a Twitch that fails takes no channel offline and does not reach the caller', async () => {
  const { twitch, live } = await world();
  const rooms = [channel('north', '5501')];
  twitch.streams.set('5501', STARTED);
  twitch.scripts.set('GET /helix/streams', { status: 503 });
  for (let time = 0; time < 3; time += 1) expect((await live.poll(rooms)).size).toBe(0);
  twitch.scripts.set('GET /helix/streams', { status: 200, body: { data: 'odd' } });
  expect((await live.poll(rooms)).size).toBe(0);
  twitch.scripts.clear();
  expect((await live.poll(rooms)).size).toBe(1);
});

test('a poll tells under which login each channel on the air broadcasts, whatever form Twitch leaves it out in', async () => {
  const { twitch, live, named } = await world();
  for (const id of ['1', '2', '3']) twitch.streams.set(id, STARTED);
  twitch.users.set('1', 'North');
  twitch.users.set('3', 'southoak');
  await live.poll([channel('one', '1'), channel('two', '2'), channel('three', '3')]);
  expect(named).toEqual(['one north', 'three southoak']);
});
