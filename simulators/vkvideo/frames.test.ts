/** The pub/sub server answers golden frames as Centrifugo v4 does (docs/platforms/vkvideo.md#centrifugo-client-protocol-v2). */
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { BareSocket, BOT, connectionToken, STREAMER, simulator, subscriptionToken } from './test-support.ts';

test('connect and subscribe of one frame are answered in order, with what Centrifugo 4.1.5 tells', async () => {
  const sim = await simulator();
  const bare = await BareSocket.open(sim);
  bare.socket.send(
    `${JSON.stringify({ connect: { token: await connectionToken(sim), name: 'js' }, id: 1 })}\n` +
      `{"subscribe":{"channel":"api-channel-chat:4242","flag":1},"id":2}\n`,
  );
  expect(await bare.line('"id":2')).toBe('{"id":2,"subscribe":{}}');
  const reply = JSON.parse(bare.lines[0] ?? '');
  expect(reply).toEqual({
    id: 1,
    connect: {
      client: expect.any(String),
      version: '4.1.5',
      expires: true,
      ttl: expect.any(Number),
      ping: 25,
      pong: true,
    },
  });
  sim.events.publish(sim.channel(STREAMER), 'chat', 'brand_new_event', { answer: 42 });
  expect(await bare.line('push')).toBe(
    '{"push":{"channel":"api-channel-chat:4242","pub":{"data":{"type":"brand_new_event","data":{"answer":42}}}}}',
  );
});

test('a subscription with a token tells its life; one with history tells its position', async () => {
  const sim = await simulator();
  const limited = sim.socketName(STREAMER, 'limited_chat');
  const info = sim.socketName(STREAMER, 'info');
  sim.faults.keepHistory(info, 10);
  const bare = await BareSocket.connected(sim);
  const token = await subscriptionToken(sim, limited);
  const withToken = await bare.ask({ id: 2, subscribe: { channel: limited, token } });
  expect(JSON.parse(withToken).subscribe).toEqual({ expires: true, ttl: expect.any(Number) });
  const withHistory = await bare.ask({ id: 3, subscribe: { channel: info } });
  expect(JSON.parse(withHistory).subscribe).toEqual({ recoverable: true, positioned: true, epoch: expect.any(String) });
  sim.follow(STREAMER, 'mira_k');
  expect(await bare.line('channel_follow_create')).toContain('"offset":1');
});

test.for([
  ['subscribe', { channel: 'api-channel-chat:4242' }, 105],
  ['subscribe', { channel: 'other-namespace:4242' }, 102],
  ['subscribe', { channel: 'api-channel-chat:1' }, 103],
  ['subscribe', { channel: 'api-channel-chat:4242#1' }, 103],
  ['subscribe', { channel: '$api-channel-limited-chat:4242' }, 103],
  ['subscribe', { channel: '$api-channel-limited-chat:4242', token: 'a.b.c' }, 103],
  ['subscribe', { channel: 'x'.repeat(256) }, 107],
  ['subscribe', { channel: 'канал' }, 107],
  ['sub_refresh', { channel: 'api-channel-info:4242', token: 'a.b.c' }, 103],
  ['publish', { channel: 'api-channel-chat:4242', data: {} }, 103],
  ['history', { channel: 'api-channel-chat:4242' }, 108],
  ['presence', { channel: 'api-channel-chat:4242' }, 108],
  ['rpc', { method: 'x' }, 108],
  ['no_such_method', {}, 104],
] as const)('%s of %o is refused with %i, and the connection stays', async ([method, request, code]) => {
  const sim = await simulator();
  const bare = await BareSocket.connected(sim);
  await bare.ask({ id: 2, subscribe: { channel: 'api-channel-chat:4242' } });
  const { error } = JSON.parse(await bare.ask({ id: 3, [method]: request }));
  expect(error).toEqual({ code, message: expect.any(String) });
  expect(await bare.ask({ id: 4, unsubscribe: { channel: 'api-channel-chat:4242' } })).toBe(
    '{"id":4,"unsubscribe":{}}',
  );
});

test.for([
  ['a blank frame', ''],
  ['no JSON', 'hello'],
  ['a JSON array', '[{"id":2,"subscribe":{"channel":"api-channel-chat:4242"}}]'],
  ['a command without an id', '{"subscribe":{"channel":"api-channel-chat:4242"}}'],
  ['a blank line between commands', '{"id":2,"unsubscribe":{"channel":"a"}}\n\n{"id":3,"unsubscribe":{"channel":"a"}}'],
  ['a pong nobody asked for', '{}'],
  ['a second connect', '{"id":2,"connect":{"token":"a.b.c"}}'],
  ['a subscribe without a channel', '{"id":2,"subscribe":{}}'],
] as const)('%s ends the connection with 3501', async ([, frame]) => {
  const bare = await BareSocket.connected(await simulator());
  bare.socket.send(frame);
  expect(await bare.closed()).toBe('3501 bad request');
});

test.for([
  ['something else first', '{"id":1,"subscribe":{"channel":"api-channel-chat:4242"}}', '3501 bad request'],
  ['a pong first', '{}', '3501 bad request'],
  ['no token', '{"id":1,"connect":{}}', '3501 bad request'],
  ['a token that is none', '{"id":1,"connect":{"token":"a.b.c"}}', '3500 invalid token'],
] as const)('%s ends a new connection', async ([, frame, close]) => {
  const bare = await BareSocket.open(await simulator());
  bare.socket.send(frame);
  expect(await bare.closed()).toBe(close);
});

test('a subscription token opens no connection, nor another channel', async () => {
  const sim = await simulator();
  sim.addChannel('southoak');
  const token = await subscriptionToken(sim, sim.socketName(STREAMER, 'limited_chat'));
  const first = await BareSocket.open(sim);
  first.send({ id: 1, connect: { token } });
  expect(await first.closed()).toBe('3500 invalid token');
  const second = await BareSocket.connected(sim);
  second.send({ id: 2, subscribe: { channel: sim.socketName('southoak', 'limited_chat'), token } });
  expect(await second.closed()).toBe('3500 invalid token');
});

test('after an expired token the rest of the frame is dropped and nothing but the end can come', async () => {
  const sim = await simulator();
  const token = await connectionToken(sim);
  sim.faults.expireSocketTokens('connection');
  const bare = await BareSocket.open(sim);
  bare.send({ id: 1, connect: { token } }, { id: 2, subscribe: { channel: 'api-channel-chat:4242' } });
  expect(await bare.line('error')).toBe('{"id":1,"error":{"code":109,"message":"token expired"}}');
  bare.send({ id: 3, subscribe: { channel: 'api-channel-chat:4242' } });
  expect(await bare.closed()).toBe('3501 bad request');
  expect(bare.lines).toHaveLength(1);
});

test('a token of another person refreshes nothing', async () => {
  const sim = await simulator();
  const bare = await BareSocket.connected(sim);
  bare.send({ id: 2, refresh: { token: await connectionToken(sim, STREAMER) } });
  expect(await bare.closed()).toBe('3500 invalid token');
});

test('an expired token refreshes nothing', async () => {
  const sim = await simulator();
  const bare = await BareSocket.connected(sim);
  const token = await connectionToken(sim);
  sim.pubsub.tokens.expireAll('connection');
  bare.send({ id: 2, refresh: { token } });
  expect(await bare.closed()).toBe('3005 connection expired');
});

test('by the clock: a ping within the interval, 3012 for whoever does not answer it', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const bare = await BareSocket.connected(sim);
  await clock.advance(25_000);
  expect(await bare.line('{}')).toBe('{}');
  await clock.advance(8_000);
  expect(await bare.closed()).toBe('3012 no pong');
});

test('by the clock: whoever answers is pinged every 25 s and keeps the connection', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const bare = await BareSocket.connected(sim);
  bare.socket.on('message', (data) => {
    if (data.toString() === '{}') bare.send({});
  });
  for (let minute = 1; minute <= 4; minute += 1) {
    await clock.advance(25_000);
    await bare.ask({ id: 10 + minute, unsubscribe: { channel: 'none' } });
  }
  expect(sim.pubsub.sessions()[0]?.pongs).toBe(4);
});

test('by the clock: a socket that never connects is stale after 10 s', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const bare = await BareSocket.open(sim);
  await clock.advance(10_000);
  expect(await bare.closed()).toBe('3502 stale');
});

test('a frame over 64 KiB ends the connection with 1009', async () => {
  const bare = await BareSocket.connected(await simulator());
  bare.send({ id: 2, subscribe: { channel: 'x'.repeat(70_000) } });
  expect(await bare.closed()).toMatch(/^1009/);
});

test('whoever does not read what is published is too slow', async () => {
  const sim = await simulator();
  const bare = await BareSocket.connected(sim);
  await bare.ask({ id: 2, subscribe: { channel: sim.socketName(STREAMER, 'chat') } });
  bare.socket.pause();
  for (let round = 0; round < 40 && sim.readersOf(STREAMER).length > 0; round += 1) {
    sim.events.publish(sim.channel(STREAMER), 'chat', 'filler', 'x'.repeat(500_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  bare.socket.resume();
  expect(await bare.closed()).toBe('3008 slow');
});

test.for([
  ['/connection/websocket?cf_protocol_version=v1', 400],
  ['/somewhere/else', 404],
] as const)('%s is no address of the server: %i', async ([path, status]) => {
  const sim = await simulator();
  const socket = new WebSocket(new URL(path, sim.urls.pubsub));
  onTestFinished(() => socket.terminate());
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(status);
});

test('an application connects under a subject of its own and reads public chats', async () => {
  const sim = await simulator();
  const { id, secret } = sim.application;
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const bare = await BareSocket.connected(sim, basic);
  expect(await bare.ask({ id: 2, subscribe: { channel: sim.socketName(STREAMER, 'chat') } })).toBe(
    '{"id":2,"subscribe":{}}',
  );
  expect(sim.readersOf(STREAMER)).toEqual(['application']);
  expect(sim.readersOf(STREAMER)).not.toContain(BOT);
});
