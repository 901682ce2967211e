/** The unmodified `centrifuge` client takes the simulator for VK's pub/sub: connections (docs/platforms/vkvideo.md#tricky-cases). */
import { expect, test, vi } from 'vitest';
import { LeapingClock } from '../../test/conformance/leaping-clock.ts';
import { ask, BareSocket, BOT, connectionToken, RealClient, STREAMER, simulator } from './test-support.ts';

test('two channels subscribed before connecting travel in one frame with the connect, and both are read', async () => {
  const sim = await simulator();
  const client = new RealClient(sim);
  const chat = client.subscription(sim.socketName(STREAMER, 'chat'));
  const info = client.subscription(sim.socketName(STREAMER, 'info'));
  client.centrifuge.connect();
  await Promise.all([chat.ready(), info.ready()]);

  expect(sim.pubsub.frames).toHaveLength(1);
  const methods = sim.pubsub.frames[0]?.text.split('\n').map((line) => Object.keys(JSON.parse(line))[0]);
  expect(methods).toEqual(['connect', 'subscribe', 'subscribe']);
  sim.say(STREAMER, 'mira_k', 'hello');
  sim.follow(STREAMER, 'mira_k');
  expect(await client.hears(2)).toEqual(['hello', expect.objectContaining({ type: 'channel_follow_create' })]);
});

test('an expired token costs one connection: the client fetches another and subscribes again', async () => {
  const sim = await simulator();
  const token = await connectionToken(sim);
  sim.faults.expireSocketTokens('connection');
  const client = new RealClient(sim, { token });
  const chat = client.subscription(sim.socketName(STREAMER, 'chat'));
  client.centrifuge.connect();
  await chat.ready();

  expect(client.reported.filter((each) => each.startsWith('error'))).toEqual(['error 109']);
  const [first, second] = sim.pubsub.frames;
  expect(second?.client).not.toBe(first?.client);
  expect(first?.text.split('\n')).toHaveLength(2);
  expect(second?.text.split('\n')).toHaveLength(2);
});

test('a forged token ends it for good', async () => {
  const sim = await simulator();
  const genuine = await connectionToken(sim);
  const client = new RealClient(sim, { token: `${genuine.slice(0, -4)}AAAA` });
  client.centrifuge.connect();
  await client.reports('disconnected 3500');
  expect(client.centrifuge.state).toBe('disconnected');
  expect(sim.pubsub.frames).toHaveLength(1);
});

test('a connection outlives its token by a refresh, and loses no publication', async () => {
  const sim = await simulator({ pubsub: { token: 1, expiryGrace: 0.5 } });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.say(STREAMER, 'mira_k', 'before');
  await vi.waitFor(
    () => expect(sim.pubsub.frames.map(({ text }) => text)).toContainEqual(expect.stringContaining('"refresh"')),
    5000,
  );
  await vi.waitFor(
    () => expect(sim.pubsub.frames.filter(({ text }) => text.includes('"refresh"'))).toHaveLength(2),
    5000,
  );
  sim.say(STREAMER, 'mira_k', 'after');
  expect(await client.hears(2)).toEqual(['before', 'after']);
  expect(client.reported).toEqual([]);
});

test('a refresh answered with "token expired" stops the client', async () => {
  const sim = await simulator({ pubsub: { token: 1 } });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.faults.refuseCommands('refresh', { code: 109, message: 'token expired' });
  await client.reports('disconnected 109');
});

test('a connection nobody refreshes ends as expired, and the client comes back with a new token', async () => {
  const sim = await simulator({ pubsub: { token: 1, expiryGrace: 0.2 } });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'), { timeout: 10_000 });
  sim.faults.ignoreCommands('refresh');
  await client.reports('connecting 3005', 'connected', 'subscribed');
});

test('publications around a ping in one frame arrive in order, and the ping is answered once', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.say(STREAMER, 'mira_k', 'A');
  sim.faults.ping();
  sim.say(STREAMER, 'mira_k', 'B');
  expect(await client.hears(2)).toEqual(['A', 'B']);
  await vi.waitFor(() => expect(sim.pubsub.sessions()[0]?.pongs).toBe(1));
  sim.faults.ping();
  await vi.waitFor(() => expect(sim.pubsub.sessions()[0]?.pongs).toBe(2));
  expect(sim.pubsub.frames.filter(({ text }) => text === '{}')).toHaveLength(2);
});

test('pings keep a connection, and when they stop the client makes a new one and reads on', async () => {
  const sim = await simulator({ pubsub: { ping: 0.2, pong: 0.1 } });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'), { maxServerPingDelay: 500 });
  await vi.waitFor(() => expect(sim.pubsub.sessions()[0]?.pongs).toBeGreaterThan(3), 5000);
  expect(client.reported).toEqual([]);
  sim.faults.stopPings();
  await client.reports('connecting 2', 'connected', 'subscribed');
  await sim.faults.clear();
  sim.say(STREAMER, 'mira_k', 'again');
  expect(await client.hears(1)).toEqual(['again']);
});

test('when the clock leaps by minutes, whoever answers pings keeps the connection', async () => {
  const clock = new LeapingClock();
  const sim = await simulator({ clock });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  const breathe = () => ask(sim, BOT, 'GET /v1/current_user');
  await clock.leapUntil(() => expect(sim.pubsub.sessions()[0]?.pongs).toBeGreaterThan(5), 300_000, breathe);
  expect(client.reported).toEqual([]);
  sim.say(STREAMER, 'mira_k', 'still here');
  expect(await client.hears(1)).toEqual(['still here']);
});

test('a refused handshake is tried again', async () => {
  const sim = await simulator();
  sim.faults.refuseUpgrades(502, 2);
  const client = new RealClient(sim);
  client.centrifuge.connect();
  await client.reports('error 2', 'connected');
});

test('a mute connection hears and says nothing until the client gives it up', async () => {
  const sim = await simulator({ pubsub: { ping: 0.2, pong: 0.1 } });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'), { maxServerPingDelay: 300 });
  sim.faults.mute();
  expect(sim.readersOf(STREAMER)).toEqual([]);
  sim.say(STREAMER, 'mira_k', 'unheard');
  await client.reports('connecting 2', 'subscribed');
  expect(sim.readersOf(STREAMER)).toEqual([BOT]);
  sim.say(STREAMER, 'mira_k', 'heard');
  expect(await client.hears(1)).toEqual(['heard']);
});

test('a connect that is never answered times out, and the next one is', async () => {
  const sim = await simulator();
  sim.faults.ignoreCommands('connect');
  const client = new RealClient(sim, { timeout: 200 });
  client.centrifuge.connect();
  await client.reports('error 1', 'connected');
});

test('a page of HTML instead of JSON costs the connection and nothing else', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.faults.garbage();
  await client.reports('connecting 1', 'connected', 'subscribed');
});

test('a frame larger than the client reads costs the connection and nothing else', async () => {
  const sim = await simulator();
  class Careful extends (await import('ws')).WebSocket {
    constructor(url: string) {
      super(url, { maxPayload: 1_048_576 });
      this.on('error', () => {});
    }
  }
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'), { websocket: Careful });
  sim.faults.oversizedFrame();
  await client.reports('connecting 1', 'connected', 'subscribed');
});

test.for([3000, 3001, 3004, 3005, 3006, 3008, 3010, 3011, 3012, 3013, 4001])(
  'after close code %i the client comes back',
  async (code) => {
    const sim = await simulator();
    const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
    sim.faults.kick(code);
    await client.reports(`connecting ${code}`, 'connected', 'subscribed');
  },
);

test.for([3500, 3501, 3502, 3503, 3504, 3505, 3507, 3509, 4501])(
  'after close code %i the client stays away',
  async (code) => {
    const sim = await simulator();
    const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
    sim.faults.kick(code);
    await client.reports(`disconnected ${code}`);
  },
);

test('a close reason that happens to be JSON stops the client even where the code says come back', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.faults.kick(3001, 'restart');
  await client.reports('connecting 3001', 'subscribed');
  sim.faults.kick(3001, '123');
  await vi.waitFor(() => expect(client.centrifuge.state).toBe('disconnected'), 5000);
});

test('an announced disconnect is understood before the close frame comes', async () => {
  const sim = await simulator();
  sim.faults.pushDisconnects(true);
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  sim.faults.kick(3503, undefined, BOT);
  await client.reports('disconnected 3503');
});

test('while the platform is away nobody connects; afterwards the client does by itself', async () => {
  const sim = await simulator();
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  await sim.faults.refuse();
  await client.reports('connecting 1', 'error 2');
  await sim.faults.accept();
  await client.reports('connected', 'subscribed');
});

test('one message a frame or many: the client cannot tell', async () => {
  const sim = await simulator();
  const bare = await BareSocket.connected(sim);
  await bare.ask({ subscribe: { channel: sim.socketName(STREAMER, 'chat') }, id: 2 });
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  const before = bare.frames.length;
  const words = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  for (const text of words) sim.say(STREAMER, 'mira_k', text);
  await client.hears(20);
  expect(bare.frames.slice(before).map((frame) => frame.split('\n').length)).toEqual([16, 4]);
  sim.faults.batching(false);
  for (const text of words) sim.say(STREAMER, 'mira_k', text);
  expect(await client.hears(40)).toEqual([...words, ...words]);
  expect(bare.frames.slice(before + 2)).toHaveLength(20);
});
