import { expect, test } from 'vitest';
import { lastState, STREAMER, youtubeWorld } from '../../../../test/support/youtube-world.ts';
import { nextCheckMs, wantedCheckMs } from './check-times.ts';

const CHECK = 'liveBroadcasts.list';
const HOUR_MS = 3_600_000;

async function offline(options: Parameters<typeof youtubeWorld>[0] = {}) {
  const world = await youtubeWorld(options);
  const channel = await world.streamer(STREAMER, false);
  world.accounts.own(channel.channelId, STREAMER);
  const side = world.open();
  const checks = () => world.sim.spending().calls[CHECK] ?? 0;
  return { ...world, channel, side, checks };
}

test('a stream is found, its start is known, and its end too', async () => {
  const { side, channel, sim, until, drive, clock } = await offline();
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'idle', reason: null }));
  expect(side.facts).toEqual([{ isLive: false, at: clock.now() }]);
  const startedAt = new Date(clock.now().getTime() - 1000);
  const broadcast = sim.startBroadcast(STREAMER, { startedAt, privacy: 'unlisted', kind: 'persistent' });
  await drive(() => lastState(side, { kind: 'live' }), 60_000);
  expect(side.facts.at(-1)).toEqual({ isLive: true, at: startedAt });
  expect(await side.liveStatus?.poll([channel])).toEqual(
    new Map([[channel.channelId, { isLive: true, at: startedAt }]]),
  );
  sim.broadcasts.endChat(broadcast);
  await drive(() => lastState(side, { kind: 'idle', reason: null }), 60_000);
  expect(side.facts.at(-1)?.isLive).toBe(false);
  expect(sim.spending().calls).not.toHaveProperty('search.list');
});

test('a waiting room is no stream', async () => {
  const { side, channel, sim, until, pass, clock } = await offline();
  sim.startBroadcast(STREAMER, { scheduledAt: new Date(clock.now().getTime() + HOUR_MS) });
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'idle', reason: null }));
  await pass(60_000);
  expect(side.facts.map(({ isLive }) => isLive)).toEqual([false]);
});

test('when Google says that the quota is spent one request was made, and none follows before midnight there', async () => {
  const { side, channel, sim, until, pass, clock, checks } = await offline({
    startsAt: new Date('2026-11-01T06:00:00Z'),
  });
  sim.faults.exhaustQuota();
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'degraded', reason: 'quota_exhausted' }));
  expect(checks()).toBe(1);
  await pass(HOUR_MS - 1000);
  expect(checks()).toBe(1);
  // 31 October ends at 07:00 UTC; 1 November has 25 hours there.
  await pass(10 * 60_000);
  await until(() => lastState(side, { kind: 'idle', reason: null }));
  expect(clock.now() > new Date('2026-11-01T07:00:00Z')).toBe(true);
  expect(checks()).toBeGreaterThan(0);
});

test('a platform that fails is asked once per step, keeps what is known, and is told of once', async () => {
  const { side, channel, sim, until, pass, events, checks, drive } = await offline();
  sim.startBroadcast(STREAMER);
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'live', reason: null }));
  const before = checks();
  sim.faults.http({ kind: 'answer', status: 503, body: 'oops', path: '/youtube/v3/liveBroadcasts' });
  const calls = () => sim.calls.filter(({ path }) => path === '/youtube/v3/liveBroadcasts').length;
  const called = calls();
  await drive(() => expect(calls()).toBeGreaterThan(called + 2));
  expect(calls() - called).toBe(3);
  expect(checks()).toBe(before);
  lastState(side, { kind: 'live', reason: null });
  expect(side.facts.map(({ isLive }) => isLive)).toEqual([true]);
  expect(events().filter((event) => event === 'youtube_chatbot.live_check_failed')).toHaveLength(1);
  await pass(1000);
});

test('an account that ended its grant asks for a new link, is not asked for again at once, and leaves others alone', async () => {
  const { side, channel, sim, until, pass, accounts, streamer } = await offline();
  const other = await streamer('southoak');
  accounts.own(other.channelId, 'southoak');
  accounts.end(STREAMER);
  side.reader.setChannels([channel, other]);
  await until(() => expect(side.states).toContainEqual({ kind: 'needs_user_action', reason: 'owner_relink_required' }));
  await until(() => expect(sim.isRead('southoak')).toBe(true));
  const calls = sim.calls.length;
  await pass(50_000);
  // The other one is looked at once more.
  expect(sim.calls.length - calls).toBeLessThanOrEqual(1);
  expect(accounts.renewals).toBe(0);
});

test('a streamer who never linked an account is asked to link one, not to link it again', async () => {
  const { side, until, streamer } = await offline();
  side.reader.setChannels([await streamer('southoak')]);
  await until(() => lastState(side, { kind: 'needs_user_action', reason: 'owner_not_linked' }));
});

test.for([
  ['insufficientPermissions', { kind: 'needs_user_action', reason: 'owner_scope_missing' }],
  ['liveStreamingNotEnabled', { kind: 'needs_user_action', reason: 'liveStreamingNotEnabled' }],
  ['accessNotConfigured', { kind: 'degraded', reason: 'api_not_enabled' }],
] as const)('refused with %s the channel says what is wrong', async ([reason, state]) => {
  const { side, channel, sim, until } = await offline();
  sim.faults.refuseCalls(reason as never, '/youtube/v3/liveBroadcasts', 1);
  side.reader.setChannels([channel]);
  await until(() => lastState(side, state));
});

test('broadcasts of another channel of the same account are not read: the streamer chose the wrong one', async () => {
  const { side, streamer, accounts, sim, until } = await offline();
  const brand = sim.addChannel('brand', STREAMER);
  const wrong = await streamer('brand', false);
  expect(wrong.target).toBe(brand.id);
  accounts.own(wrong.channelId, STREAMER);
  sim.startBroadcast(STREAMER);
  side.reader.setChannels([wrong]);
  await until(() => lastState(side, { kind: 'needs_user_action', reason: 'owner_channel_mismatch' }));
  expect(sim.isRead(STREAMER)).toBe(false);
});

test('a channel that is switched off is asked for no more', async () => {
  const { side, channel, until, pass, checks } = await offline();
  side.reader.setChannels([channel]);
  await until(() => expect(checks()).toBe(1));
  side.reader.setChannels([]);
  await pass(HOUR_MS);
  expect(checks()).toBe(1);
});

test('messages to a channel that stays offline make it be looked at rarer and rarer', () => {
  const waits = [0, 1, 2, 3, 4, 5, 50].map((vainLooks) => wantedCheckMs(20_000, vainLooks) / 1000);
  expect(waits).toEqual([20, 40, 80, 160, 320, 600, 600]);
  expect(wantedCheckMs(900_000, 3)).toBe(900_000);
});

test('a chat that was wrongly said to be over is read again', async () => {
  const { side, channel, sim, until, drive } = await offline();
  sim.startBroadcast(STREAMER);
  sim.faults.refuseStreams('liveChatNotFound', 1);
  side.reader.setChannels([channel]);
  await until(() => expect(sim.streamOpens).toHaveLength(1));
  await drive(() => expect(sim.isRead(STREAMER)).toBe(true));
});

test('a broadcast that goes on without its video is not asked about at every line', async () => {
  const { side, channel, sim, until, checks, clock } = await offline();
  const { chat } = sim.startBroadcast(STREAMER);
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'live', reason: null }));
  chat.offlineAt = clock.now();
  const before = checks();
  for (let second = 1; second <= 100; second += 1) {
    sim.say(STREAMER, 'mira_k', `line ${second}`);
    await clock.advance(1000);
    await until(() => expect(side.fresh()).toHaveLength(second));
  }
  expect(checks() - before).toBeLessThanOrEqual(3);
});

test('a second broadcast is found within 90 s in the first ten minutes of a stream, and the units last the day all the same', async () => {
  const { side, channel, sim, until, drive, pass, clock, checks } = await offline();
  sim.startBroadcast(STREAMER);
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'live', reason: null }));
  await pass(8 * 60_000);
  const second = sim.startBroadcast(STREAMER, { kind: 'persistent' });
  const begunAtMs = clock.monotonicMs();
  await drive(() => expect(sim.isRead(STREAMER, second.id)).toBe(true));
  expect(clock.monotonicMs() - begunAtMs).toBeLessThanOrEqual(90_000);
  const before = checks();
  for (let minute = 10; minute < 40; minute += 1) await pass(60_000);
  expect(checks() - before).toBeLessThanOrEqual(7);
});

test('a second broadcast is not looked for with units that the day needs otherwise', async () => {
  const { side, channel, sim, until, pass, checks } = await offline({ env: { YOUTUBE_DAILY_QUOTA_UNITS: '200' } });
  sim.startBroadcast(STREAMER);
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'live', reason: null }));
  const before = checks();
  for (let minute = 0; minute < 10; minute += 1) await pass(60_000);
  expect(checks() - before).toBeLessThanOrEqual(1);
});

test('checks are rare while a stream runs or a channel was offline for long, and never more than can be paid', () => {
  const moment = { shortestMs: 20_000, isLive: false, liveMs: HOUR_MS, offlineMs: 0, affordableMs: 0, random: 0.5 };
  expect(nextCheckMs(moment)).toBe(20_000);
  expect(nextCheckMs({ ...moment, offlineMs: 20 * 60_000 })).toBe(60_000);
  expect(nextCheckMs({ ...moment, offlineMs: HOUR_MS * 24 })).toBe(120_000);
  expect(nextCheckMs({ ...moment, isLive: true })).toBe(300_000);
  expect(nextCheckMs({ ...moment, isLive: true, liveMs: 0 })).toBe(80_000);
  expect(nextCheckMs({ ...moment, isLive: true, liveMs: 0, random: 1 })).toBeLessThanOrEqual(90_000);
  expect(nextCheckMs({ ...moment, isLive: true, liveMs: 600_000 })).toBe(300_000);
  expect(nextCheckMs({ ...moment, isLive: true, liveMs: 0, affordableMs: 400_000 })).toBeCloseTo(440_000);
  expect(nextCheckMs({ ...moment, random: 0 })).toBe(18_000);
  expect(nextCheckMs({ ...moment, random: 0, affordableMs: 400_000 })).toBe(400_000);
  expect(nextCheckMs({ ...moment, random: 0.5, affordableMs: 400_000 })).toBeCloseTo(440_000);
});
