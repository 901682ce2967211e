import { expect, test } from 'vitest';
import type { VkVideoSimulatorOptions } from '../../../../simulators/vkvideo/options.ts';
import { letSocketsTurn } from '../../../../test/support/turns.ts';
import {
  BOT,
  channelNamed,
  STREAMER,
  type VkVideoWorld,
  vkvideoWorld,
} from '../../../../test/support/vkvideo-world.ts';
import { vkvideoCauses } from '../causes.ts';

const LIVE = { kind: 'live', reason: null };
const LOST = { kind: 'degraded', reason: 'disconnected' };
const MINUTE_MS = 60_000;
const FOUND_MS = MINUTE_MS;
const HEALED_MS = 2 * MINUTE_MS;
/** Shorter than the time a pong or an answer is waited for. */
const STEP_MS = 5_000;
const TURNS_PER_STEP = 25;
/** Older than any test: what heals here is not the planned renewal. */
const NEVER_RENEWED = { VKVIDEO_PUBSUB_REFRESH_SECONDS: '86400' };

const sockets = ({ events }: VkVideoWorld) => events('vkvideo_pubsub.ws_open').length;
const looks = ({ calls }: VkVideoWorld) => calls('/v1/chat/messages').length;
const chatOf = ({ sim }: VkVideoWorld) => sim.socketName(STREAMER, 'chat');

async function reading(pubsub: VkVideoSimulatorOptions['pubsub'] = {}): Promise<VkVideoWorld> {
  const world = await vkvideoWorld({ sim: { pubsub }, env: NEVER_RENEWED });
  await world.read(STREAMER);
  return world;
}

/** As the worker does: a minute passes, then it asks which channels are live. */
async function minutes(world: VkVideoWorld, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute += 1) {
    await world.clock.pass(MINUTE_MS, STEP_MS, () => letSocketsTurn(TURNS_PER_STEP));
    await world.side.liveStatus?.poll([channelNamed(STREAMER)]);
  }
}

async function isHeard({ sim, heard, until }: VkVideoWorld, text: string): Promise<void> {
  sim.say(STREAMER, 'mira_k', text);
  await until(() => expect(heard.some((line) => line.text === text && !line.isBacklog)).toBe(true));
}

test.for([
  ['that is mute', {}, ({ sim }: VkVideoWorld) => sim.faults.mute()],
  ['that is half-open', {}, ({ sim }: VkVideoWorld) => sim.faults.halfOpen()],
  [
    'that is mute, of a server that pings every five minutes',
    { ping: 300 },
    ({ sim }: VkVideoWorld) => sim.faults.mute(),
  ],
  [
    'that is half-open, of a server that pings every five minutes',
    { ping: 300 },
    ({ sim }: VkVideoWorld) => sim.faults.halfOpen(),
  ],
] as const)('a connection %s is found within a minute and replaced within two', async ([, pubsub, die]) => {
  const world = await reading(pubsub);
  await world.leap(30_000);
  const deadAtMs = world.clock.monotonicMs();
  const passedMs = () => world.clock.monotonicMs() - deadAtMs;
  const toldBefore = world.told.length;
  die(world);
  await world.leapUntil(() => expect(world.told.slice(toldBefore)).toContainEqual(LOST));
  expect(passedMs()).toBeLessThanOrEqual(FOUND_MS);
  await world.leapUntil(() => expect(world.sim.readersOf(STREAMER)).toEqual([BOT]));
  expect(passedMs()).toBeLessThanOrEqual(HEALED_MS);
  await isHeard(world, 'heard again');
});

test('a subscription that the server has forgotten is found within a minute on the connection that stays, and what was missed is fetched', async () => {
  const world = await reading();
  await isHeard(world, 'before');
  const deadAtMs = world.clock.monotonicMs();
  expect(world.sim.faults.loseSubscription(chatOf(world))).toEqual({ lost: 1 });
  world.sim.say(STREAMER, 'otto', 'into the silence');
  await world.leapUntil(() => expect(world.events('vkvideo_pubsub.subscription_lost')).toHaveLength(1));
  expect(world.clock.monotonicMs() - deadAtMs).toBeLessThanOrEqual(FOUND_MS);
  await world.until(() => expect(world.texts()).toEqual(['before', 'into the silence']));
  expect(world.stateOf(STREAMER)).toEqual(LIVE);
  await isHeard(world, 'heard again');
  expect(sockets(world)).toBe(1);
});

test('a restricted chat that the server has forgotten is subscribed to again with a token', async () => {
  const world = await vkvideoWorld({ env: NEVER_RENEWED });
  Object.assign(world.sim.channel(STREAMER), { isLimited: true, limitedReaders: 'everyone' });
  await world.read(STREAMER);
  const limited = world.sim.socketName(STREAMER, 'limited_chat');
  await world.until(() => expect(world.sim.pubsub.listenersOf(limited)).toHaveLength(1));
  world.sim.faults.loseSubscription(limited);
  await world.leapUntil(() => expect(world.sim.pubsub.listenersOf(limited)).toHaveLength(1), FOUND_MS);
  await isHeard(world, 'heard again');
});

test('a subscription that the server takes back while the question subscribes anew is read again within a minute', async () => {
  const world = await reading();
  const [session] = world.sim.pubsub.sessions();
  world.sim.faults.unsubscribe(chatOf(world), 2500);
  // As the question leaves the server: it takes the name for subscribed, and the library does not.
  const topic = world.sim.pubsub.topic(chatOf(world));
  session?.topics.set(chatOf(world), topic);
  await world.until(() => expect(world.events('vkvideo_chatbot.subscription_refused')).toMatchObject([{ code: 105 }]));
  await world.leapUntil(() => expect(world.sim.readersOf(STREAMER)).toEqual([BOT]), MINUTE_MS);
  await world.leapUntil(() => expect(world.stateOf(STREAMER)).toEqual(LIVE), MINUTE_MS);
  await isHeard(world, 'heard again');
  expect(sockets(world)).toBe(1);
});

test('a server that ends the connection over the question is not asked again', async () => {
  const world = await reading();
  const asked = () => world.sim.pubsub.frames.filter(({ text }) => /"id":2147483/.test(text)).length;
  world.sim.faults.ignoreCommands('subscribe');
  await world.leapUntil(() => expect(asked()).toBe(1));
  world.sim.faults.kick(3501);
  await world.leapUntil(() => expect(world.events('vkvideo_pubsub.checks_refused')).toHaveLength(1));
  await world.leapUntil(() => expect(world.stateOf(STREAMER)).toEqual(LIVE));
  await world.leap(3 * MINUTE_MS);
  expect(asked()).toBe(1);
  expect(sockets(world)).toBe(2);
});

test('a server that takes every second subscription for a first one is believed three times, and costs no connection', async () => {
  const world = await reading();
  for (let times = 1; times <= 4; times += 1) {
    world.sim.faults.loseSubscription(chatOf(world));
    await world.leapUntil(() => expect(world.events('vkvideo_pubsub.subscription_lost')).toHaveLength(times));
    await world.until(() => expect(world.sim.readersOf(STREAMER)).toEqual([BOT]));
  }
  world.sim.faults.loseSubscription(chatOf(world));
  await world.leap(3 * MINUTE_MS);
  expect(world.events('vkvideo_pubsub.subscription_lost')).toHaveLength(4);
  expect(sockets(world)).toBe(1);
});

test('lines that VK keeps and does not deliver are fetched, named, and cost one new connection', async () => {
  const world = await reading();
  await isHeard(world, 'before');
  await world.leap(3_000);
  world.sim.faults.withholdLines(STREAMER);
  world.sim.say(STREAMER, 'otto', 'withheld');
  // With the second minute comes the look: what follows from it takes the time of the machine.
  await minutes(world, 2);
  await world.until(() => expect(world.texts()).toEqual(['before', 'withheld']));
  expect(world.heard.at(-1)?.isBacklog).toBe(true);
  expect(world.told.at(-1)).toEqual({ kind: 'degraded', reason: 'deliveries_withheld' });
  expect(vkvideoCauses.deliveries_withheld.verdict).toBe('waiting');
  await world.leapUntil(() => {
    expect(sockets(world)).toBe(2);
    expect(world.sim.pubsub.sessions()).toHaveLength(1);
    expect(world.sim.readersOf(STREAMER)).toEqual([BOT]);
  });
  world.sim.say(STREAMER, 'otto', 'still withheld');
  await minutes(world, 8);
  await world.until(() => expect(world.texts()).toContain('still withheld'));
  expect(sockets(world)).toBe(2);
  expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'deliveries_withheld' });
  expect(world.events('vkvideo_chatbot.deliveries_withheld')).toHaveLength(1);
  world.sim.faults.withholdLines(STREAMER, false);
  await isHeard(world, 'delivered');
  expect(world.stateOf(STREAMER)).toEqual(LIVE);
});

test('a look that somebody asks for finds a forgotten subscription and withheld lines within ten seconds', async () => {
  const world = await reading();
  const look = () => world.side.reader.look?.(channelNamed(STREAMER));
  await world.side.liveStatus?.poll([channelNamed(STREAMER)]);
  world.sim.faults.loseSubscription(chatOf(world));
  look();
  await world.leapUntil(() => expect(world.events('vkvideo_pubsub.subscription_lost')).toHaveLength(1), 10_000);
  await world.until(() => expect(world.stateOf(STREAMER)).toEqual(LIVE));
  await isHeard(world, 'heard again');
  await world.leap(3_000);
  world.sim.faults.withholdLines(STREAMER);
  world.sim.say(STREAMER, 'otto', 'withheld');
  await world.leap(15_000);
  look();
  await world.until(() => expect(world.texts()).toContain('withheld'));
  expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'deliveries_withheld' });
});

test('eight quiet hours of a stream bring no finding, no new connection, and fewer looks than one in nine minutes', async () => {
  // The library renews tokens by the machine's time, which does not leap.
  const world = await reading({ token: 10 * 86_400 });
  const toldBefore = world.told.length;
  await minutes(world, 8 * 60);
  expect(world.told.slice(toldBefore)).toEqual([]);
  expect(sockets(world)).toBe(1);
  expect(world.calls('/v1/websocket/token')).toHaveLength(1);
  expect(looks(world)).toBeGreaterThan(0);
  expect(looks(world)).toBeLessThan((8 * 60) / 9);
  await isHeard(world, 'good morning');
}, 60_000);
