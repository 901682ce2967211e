import { expect, test } from 'vitest';
import {
  BOT,
  channelNamed,
  STREAMER,
  type VkVideoWorld,
  vkvideoWorld,
} from '../../../../test/support/vkvideo-world.ts';

const LIVE = { kind: 'live', reason: null };
const MINUTE = 60_000;

const chatOf = ({ sim }: VkVideoWorld) => sim.socketName(STREAMER, 'chat');
const sockets = ({ events }: VkVideoWorld) => events('vkvideo_pubsub.ws_open').length;
const subscribes = ({ sim }: VkVideoWorld) =>
  sim.pubsub.frames.flatMap(({ text }) => text.split('\n')).filter((line) => line.includes('"subscribe"'));

/** Says it again and again until it is heard: what is said into a gap may come back as history. */
async function isReadAgain({ sim, heard, leapUntil }: VkVideoWorld, text = 'again'): Promise<void> {
  await leapUntil(() => {
    sim.say(STREAMER, 'mira_k', text);
    expect(heard.some((message) => message.text === text && !message.isBacklog)).toBe(true);
  });
}

async function reading(options: Parameters<typeof vkvideoWorld>[0] = {}): Promise<VkVideoWorld> {
  const world = await vkvideoWorld(options);
  await world.read(STREAMER);
  return world;
}

test.for([
  ['an expired token', 'refuse', { code: 109, message: 'token expired' }],
  ['a server in trouble', 'refuse', { code: 100, message: 'internal server error', temporary: true }],
  ['no access at all', 'refuse', { code: 101, message: 'unauthorized' }],
  ['silence', 'ignore', null],
] as const)('a connect answered with %s is tried again with a fresh token', async ([, , error]) => {
  const world = await vkvideoWorld();
  if (error === null) world.sim.faults.ignoreCommands('connect');
  else world.sim.faults.refuseCommands('connect', error);
  world.side.reader.setChannels([channelNamed(STREAMER)]);
  await world.leapUntil(() => expect(world.stateOf(STREAMER)).toEqual(LIVE));
  expect(world.calls('/v1/websocket/token').length).toBe(2);
  await isReadAgain(world);
});

test.for([3000, 3001, 3005, 3008, 3012, 3014, 3500, 3501, 3503, 3504, 4001, 4501])(
  'a connection the server ends with %i is replaced, once, after a pause',
  async (code) => {
    const world = await reading();
    const before = sockets(world);
    world.sim.faults.kick(code);
    await isReadAgain(world);
    expect(sockets(world) - before).toBe(1);
    await world.until(() => expect(world.stateOf(STREAMER)).toEqual(LIVE));
  },
);

test.for(['restart', '123', '"quoted"', '{"reason":"x","reconnect":false}'])(
  'a reason %j, whatever the library makes of it, does not end the reading',
  async (reason) => {
    const world = await reading();
    world.sim.faults.kick(3001, reason);
    await isReadAgain(world);
  },
);

test.for([
  ['a page of a proxy', (world: VkVideoWorld) => world.sim.faults.garbage()],
  ['half of a message', (world: VkVideoWorld) => world.sim.faults.garbage('{"push":{"chan')],
  ['bytes', (world: VkVideoWorld) => world.sim.faults.garbage(Buffer.from([0xff, 0x00, 0xfe]))],
  ['a frame of two megabytes', (world: VkVideoWorld) => world.sim.faults.oversizedFrame()],
] as const)('%s costs the connection and nothing else', async ([, send]) => {
  const world = await reading();
  send(world);
  await isReadAgain(world);
});

test('pings are answered once each, also inside a frame with messages, which arrive in order', async () => {
  const world = await reading();
  const [session] = world.sim.pubsub.sessions();
  const pongs = session?.pongs ?? 0;
  world.sim.say(STREAMER, 'mira_k', 'A');
  world.sim.faults.ping();
  world.sim.say(STREAMER, 'mira_k', 'B');
  await world.until(() => expect(world.texts()).toEqual(['A', 'B']));
  await world.until(() => expect(session?.pongs).toBe(pongs + 1));
});

test('a server that pings no more is given up after its own interval, and the gap is filled without repeats', async () => {
  const world = await reading({ sim: { pubsub: { ping: 1 } } });
  world.sim.say(STREAMER, 'mira_k', 'before');
  await world.until(() => expect(world.texts()).toEqual(['before']));
  world.sim.faults.mute();
  world.sim.say(STREAMER, 'otto', 'into the silence');
  const since = world.clock.monotonicMs();
  await world.leapUntil(() => expect(world.texts()).toContain('into the silence'));
  expect(world.clock.monotonicMs() - since).toBeLessThan(MINUTE / 2);
  expect(world.texts()).toEqual(['before', 'into the silence']);
  expect(world.heard[1]?.isBacklog).toBe(true);
});

test('tokens are renewed before they end, on the connection that is open, without losing a message', async () => {
  const world = await reading({ sim: { pubsub: { token: 1, expiryGrace: 25 } } });
  const before = sockets(world);
  const commands = () => world.sim.pubsub.frames.map(({ text }) => text).join('\n');
  await world.until(() => {
    world.sim.say(STREAMER, 'mira_k', String(world.heard.length));
    expect(commands()).toContain('"refresh"');
    expect(commands()).toContain('"sub_refresh"');
  });
  await world.until(() => expect(world.texts()).toHaveLength(world.sim.messagesIn(STREAMER).length));
  expect(sockets(world)).toBe(before);
});

test('a refresh that is refused costs the connection, which comes back with fresh tokens', async () => {
  const world = await reading({ sim: { pubsub: { token: 1 } } });
  world.sim.faults.refuseCommands('refresh', { code: 109, message: 'token expired' });
  await world.until(() => expect(world.sim.readersOf(STREAMER)).toEqual([]));
  await isReadAgain(world);
});

test('an unsubscription that asks to come back is followed; one that does not is looked into', async () => {
  const world = await reading();
  const before = sockets(world);
  for (const code of [2500, 2501, 2502]) {
    world.sim.faults.unsubscribe(chatOf(world), code);
    await isReadAgain(world, `after ${code}`);
  }
  world.sim.faults.expireSocketTokens('subscription');
  world.sim.faults.unsubscribe(world.sim.socketName(STREAMER, 'limited_chat'), 2501);
  world.sim.faults.unsubscribe(chatOf(world), 2000);
  await world.until(() => expect(world.events('vkvideo_chatbot.subscription_refused')).toMatchObject([{ code: 2000 }]));
  const names = world.calls('/v1/channels').length;
  await isReadAgain(world, 'after 2000');
  expect(world.calls('/v1/channels').length).toBeGreaterThan(names);
  await world.until(() => {
    expect(world.sim.pubsub.listenersOf(world.sim.socketName(STREAMER, 'limited_chat'))).toHaveLength(1);
  });
  expect(sockets(world)).toBe(before);
});

test.for([102, 103, 105, 106])(
  'a subscription refused for good with %i leaves the others, and is asked for again',
  async (code) => {
    const world = await vkvideoWorld();
    world.sim.addChannel('southoak');
    await world.read('southoak');
    await world.until(() => expect(world.sim.pubsub.sessions()[0]?.topics.size).toBe(4));
    world.sim.faults.refuseCommands('subscribe', { code, message: 'no' }, 4);
    world.side.reader.setChannels([channelNamed('southoak'), channelNamed(STREAMER)]);
    await world.until(() => {
      expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'subscription_refused' });
    });
    expect(world.stateOf('southoak')).toEqual(LIVE);
    await world.leapUntil(() => expect(world.stateOf(STREAMER)).toEqual(LIVE));
    expect(sockets(world)).toBe(1);
  },
);

test('a server that never answers subscriptions is not hammered', async () => {
  const world = await vkvideoWorld();
  world.sim.faults.ignoreCommands('subscribe', 1000);
  world.side.reader.setChannels([channelNamed(STREAMER)]);
  await world.until(() => expect(subscribes(world).length).toBeGreaterThan(0));
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  // The library gave up after five seconds of the machine; the next try waits for its turn.
  expect(sockets(world)).toBe(1);
  expect(world.stateOf(STREAMER)).toEqual({ kind: 'degraded', reason: 'disconnected' });
  await world.sim.faults.clear();
  await isReadAgain(world);
}, 20_000);

test('a connection of a certain age is replaced by a fresh one that listens before the former leaves', async () => {
  const world = await reading({ env: { VKVIDEO_PUBSUB_REFRESH_SECONDS: '60' } });
  let said = 0;
  await world.leapUntil(() => {
    said += 1;
    world.sim.say(STREAMER, 'mira_k', String(said));
    expect(sockets(world)).toBe(2);
    expect(world.sim.readersOf(STREAMER)).toEqual([BOT]);
  });
  await world.until(() => expect(world.texts()).toEqual(Array.from({ length: said }, (_, index) => String(index + 1))));
  expect(world.heard.some(({ isBacklog }) => isBacklog)).toBe(false);
  expect(world.calls('/v1/chat/messages')).toEqual([]);
});

test('a listener of ours that fails is caught: the connection stays, and so does the process', async () => {
  const world = await reading();
  const before = sockets(world);
  Object.defineProperty(world.heard, 'push', {
    configurable: true,
    value: () => {
      throw new Error('the pipeline fell over');
    },
  });
  world.sim.say(STREAMER, 'mira_k', 'into the failure');
  await world.until(() => expect(world.events('vkvideo_pubsub.listener_failed')).toHaveLength(1));
  Reflect.deleteProperty(world.heard, 'push');
  world.sim.say(STREAMER, 'mira_k', 'after it');
  await world.until(() => expect(world.texts()).toEqual(['after it']));
  expect(sockets(world)).toBe(before);
});
