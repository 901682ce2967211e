import { expect, test } from 'vitest';
import { kickDeps, simulatedKick } from '../../../test/support/kick-world.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ReadChannel } from '../worker-side.ts';
import { createKickApi } from './api/client.ts';
import { createLiveStatus, readTime } from './live-status.ts';

async function world(count = 1) {
  const sim = await simulatedKick();
  const channels = Array.from({ length: count }, (_, index) => {
    const { id: target } = sim.addChannel(`pine${index}`);
    return { channelId: `c${index}`, target } as unknown as ReadChannel;
  });
  const deps = kickDeps(sim.env(), systemClock);
  const status = createLiveStatus(deps, createKickApi(deps, deps.settings as never));
  return { sim, lines: deps.lines, channels, poll: (asked = channels) => status.poll(asked) };
}

const c0 = 'c0' as ChannelId;

test('a stream is live from the start that Kick gives, in any UTC offset; offline counts from the second answer on', async () => {
  const { sim, poll } = await world();
  expect(await poll()).toEqual(new Map());
  expect((await poll()).get(c0)).toMatchObject({ isLive: false });
  const startedAt = new Date('2026-01-02T03:04:05Z');
  sim.goLive('pine0', { startedAt, offsetMinutes: 660, quietly: true });
  expect((await poll()).get(c0)).toEqual({ isLive: true, at: startedAt });
  sim.goOffline('pine0', { quietly: true });
  expect(await poll()).toEqual(new Map());
  const offline = (await poll()).get(c0);
  expect(offline?.isLive).toBe(false);
  expect(offline?.at.getTime()).toBeGreaterThan(startedAt.getTime());
});

test('the year 1, an unreadable text and a missing time count as no time', () => {
  expect(readTime('0001-01-01T00:00:00Z')).toBeNull();
  for (const text of ['', 'soon', null, undefined]) expect(readTime(text)).toBeNull();
  expect(readTime('2026-01-02T14:04:05+11:00')).toEqual(new Date('2026-01-02T03:04:05Z'));
});

test('many channels are asked about fifty at a time, with one token of the application', async () => {
  const { sim, poll } = await world(120);
  await poll();
  const paths = sim.calls.map(({ path }) => path);
  expect(paths.filter((path) => path === '/public/v1/channels')).toHaveLength(3);
  expect(paths.filter((path) => path === '/oauth/token')).toHaveLength(1);
});

test('a request that fails says nothing about its channels, and each poll logs its failures as one line', async () => {
  const { sim, poll, lines } = await world(60);
  await poll();
  sim.faults.http({ kind: 'answer', status: 500, path: '/public/v1/channels', times: 1 });
  expect((await poll()).size).toBe(10);
  sim.faults.http({ kind: 'answer', status: 200, body: 'a page', path: '/public/v1/channels', times: 2 });
  expect((await poll()).size).toBe(0);
  expect(lines.filter((line) => line.includes('kick_chatbot.live_poll_failed'))).toHaveLength(2);
});

test('a channel Kick does not know is neither live nor offline', async () => {
  const { poll } = await world();
  const unknown = [{ channelId: c0, target: '999999' } as unknown as ReadChannel];
  await poll(unknown);
  expect(await poll(unknown)).toEqual(new Map());
});

test('an application token that Kick forgot is replaced once', async () => {
  const { sim, poll } = await world();
  await poll();
  sim.faults.http({
    kind: 'answer',
    status: 401,
    body: { data: {}, message: 'Unauthorized' },
    path: '/public/v1/channels',
    times: 1,
  });
  expect((await poll()).get(c0)).toMatchObject({ isLive: false });
  expect(sim.calls.filter(({ path }) => path === '/oauth/token')).toHaveLength(2);
});
