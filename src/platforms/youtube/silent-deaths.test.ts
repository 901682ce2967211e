import { expect, test } from 'vitest';
import { letSocketsTurn } from '../../../test/support/turns.ts';
import { lastState, STREAMER, youtubeWorld } from '../../../test/support/youtube-world.ts';

const LIVE = { kind: 'live', reason: null } as const;
const MINUTE_MS = 60_000;
const FOUND_MS = MINUTE_MS;
const HEALED_MS = 2 * MINUTE_MS;
/** Shorter than the time a sign of life is waited for. */
const STEP_MS = 5_000;
const TURNS_PER_STEP = 20;
const HOUR_MS = 60 * MINUTE_MS;

type World = Awaited<ReturnType<typeof room>>;

/** One streamer whose chat is read. */
async function room() {
  const world = await youtubeWorld();
  const channel = await world.streamer();
  world.accounts.own(channel.channelId, STREAMER);
  const side = world.open();
  side.reader.setChannels([channel]);
  await world.until(() => lastState(side, LIVE));
  return { ...world, side, say: (text: string) => world.sim.say(STREAMER, 'mira_k', text) };
}

async function pass({ clock }: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await clock.advance(STEP_MS);
    await letSocketsTurn(TURNS_PER_STEP);
  }
}

test.for([
  ['mute', ({ sim }: World) => sim.faults.mute()],
  ['half-open', ({ sim }: World) => sim.faults.halfOpen()],
] as const)(
  'a %s connection of an endless answer is found within a minute and replaced within two',
  async ([, die]) => {
    const world = await room();
    const { side, sim, say, clock } = world;
    say('before');
    await world.until(() => expect(side.fresh()).toEqual(['before']));
    await pass(world, 2 * MINUTE_MS);
    const deadAtMs = clock.monotonicMs();
    const statesBefore = side.states.length;
    die(world);
    say('into the silence');
    await world.drive(() => expect(side.states.slice(statesBefore).map(({ kind }) => kind)).toContain('degraded'));
    expect(clock.monotonicMs() - deadAtMs).toBeLessThanOrEqual(FOUND_MS);
    await world.drive(() => expect(side.fresh()).toEqual(['before', 'into the silence']));
    expect(clock.monotonicMs() - deadAtMs).toBeLessThanOrEqual(HEALED_MS);
    lastState(side, LIVE);
    expect(sim.spending().calls).toMatchObject({ 'liveChatMessages.streamList': 2 });
    expect(sim.spending().calls).not.toHaveProperty('liveChatMessages.list');
  },
);

test('a server that takes connections and says nothing on them is named within a minute, and its chats are polled', async () => {
  const world = await room();
  const { side, sim, clock } = world;
  const deadAtMs = clock.monotonicMs();
  sim.faults.mute(true);
  await world.drive(() => lastState(side, { kind: 'degraded', reason: 'unreachable' }));
  expect(clock.monotonicMs() - deadAtMs).toBeLessThanOrEqual(FOUND_MS);
  await world.drive(() => lastState(side, LIVE));
  expect(clock.monotonicMs() - deadAtMs).toBeLessThanOrEqual(5 * MINUTE_MS);
  world.say('heard by a poll');
  await world.drive(() => expect(side.fresh()).toEqual(['heard by a poll']));
  sim.faults.unmute();
  await world.drive(() => expect(sim.streamOpens).toHaveLength(2));
  lastState(side, LIVE);
});

test('an answer that ends without a status is opened again where it was, at once', async () => {
  const world = await room();
  const { side, sim, say, clock } = world;
  say('before');
  await world.until(() => expect(side.fresh()).toEqual(['before']));
  await pass(world, MINUTE_MS);
  const endedAtMs = clock.monotonicMs();
  sim.faults.endWithoutStatus();
  say('into the gap');
  await world.drive(() => expect(side.fresh()).toEqual(['before', 'into the gap']));
  expect(clock.monotonicMs() - endedAtMs).toBeLessThanOrEqual(FOUND_MS);
  lastState(side, LIVE);
  expect(sim.streamOpens.map(({ pageToken }) => !pageToken)).toEqual([true, false]);
});

test('a stream that brings nothing on a living connection costs no units before the hour, and is read again then', async () => {
  const world = await room();
  const { side, sim, say } = world;
  await pass(world, MINUTE_MS);
  sim.faults.stallStreams();
  say('into the silence');
  const unitsBefore = sim.spending().units;
  await pass(world, HOUR_MS - 2 * MINUTE_MS);
  // Checks of the broadcast alone, as in any first hour.
  expect(sim.spending().calls).toMatchObject({ 'liveChatMessages.streamList': 1 });
  expect(sim.spending().units - unitsBefore).toBeLessThanOrEqual(20);
  expect(side.states.filter(({ kind }) => kind === 'degraded' || kind === 'needs_user_action')).toEqual([]);
  await pass(world, 3 * MINUTE_MS);
  await world.drive(() => expect(side.fresh()).toEqual(['into the silence']));
}, 30_000);

test('eight quiet hours of a stream bring no finding, and cost one opening an hour', async () => {
  const world = await room();
  const { side, sim } = world;
  const statesBefore = side.states.length;
  await pass(world, 8 * HOUR_MS);
  const states = side.states.slice(statesBefore);
  expect(states.filter(({ kind, reason }) => kind !== 'live' || reason !== null)).toEqual([]);
  const { calls } = sim.spending();
  expect(calls['liveChatMessages.streamList']).toBeLessThanOrEqual(9);
  expect(calls).not.toHaveProperty('liveChatMessages.list');
  expect(calls['liveBroadcasts.list']).toBeLessThan(8 * 15);
  world.say('good morning');
  await world.until(() => expect(side.fresh()).toEqual(['good morning']));
}, 60_000);
