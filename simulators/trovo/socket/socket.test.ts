/** The simulated Trovo's chat socket: who is let in, who is kept, and what goes wrong on it (docs/platforms/trovo.md#chat-socket). */
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { ask, BareChat, simulator, streamerAndBot } from '../test-support.ts';

async function chatRoom() {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits: 'off' });
  const people = streamerAndBot(sim);
  const chatToken = async () => {
    const { body } = await ask(sim, 'GET chat/token', { token: people.streamerToken });
    return String(body.token);
  };
  const auth = async (token: unknown) => {
    const chat = await BareChat.open(sim.urls.chat);
    chat.send({ type: 'AUTH', nonce: 'n-1', data: { token } });
    return chat;
  };
  return { sim, clock, ...people, chatToken, auth };
}

test('a chat token is for the own channel with chat_connect, or for any with the Client-ID alone', async () => {
  const { sim, auth, chatToken, channelId, botToken, streamerToken } = await chatRoom();
  for (const token of [await chatToken(), (await ask(sim, `GET chat/channel-token/${channelId}`)).body.token]) {
    const chat = await auth(token);
    expect(await chat.frame(() => true)).toEqual({ type: 'RESPONSE', nonce: 'n-1' });
  }
  expect(sim.readersOf('northpine')).toBe(2);
  expect((await ask(sim, 'GET chat/token', { token: botToken })).body.status).toBe(11730);
  expect((await ask(sim, 'GET chat/channel-token/1')).body.status).toBe(10505);
  sim.faults.expireTokens('northpine');
  const expired = await ask(sim, 'GET chat/token', { token: streamerToken });
  expect(expired).toMatchObject({ status: 401, body: { status: 11714 } });
});

test('shard tokens are for applications on a list', async () => {
  const { sim } = await chatRoom();
  const status = async (query: string) => (await ask(sim, `GET chat/shard-token?${query}`)).body.status;
  expect(await status('current_shard=0&total_shard=1')).toBe(11709);
  expect(await status('current_shard=1&total_shard=1')).toBe(11708);
});

test('a chat token lives for 20 seconds, and admits to one channel', async () => {
  const { sim, clock, auth, chatToken } = await chatRoom();
  const token = await chatToken();
  await clock.advance(19_999);
  const chat = await auth(token);
  await chat.ping();
  await clock.advance(1);
  const late = await auth(token);
  expect(await late.frame(() => true)).toEqual({ type: 'RESPONSE', nonce: 'n-1', error: expect.any(String) });
  await late.closed();

  sim.addPerson('southoak');
  sim.say('southoak', 'mira_k', 'elsewhere');
  sim.say('northpine', 'mira_k', 'here');
  await chat.item('here');
  await chat.ping();
  expect(chat.contents).toEqual(['here']);
});

test('chat tokens can be made to expire at once, or to live longer', async () => {
  const { sim, clock, auth, chatToken } = await chatRoom();
  const token = await chatToken();
  sim.faults.expireChatTokens();
  expect(await (await auth(token)).frame(() => true)).toHaveProperty('error');
  sim.setChatTokenSeconds(600);
  const old = await chatToken();
  await clock.advance(599_000);
  expect(await (await auth(old)).frame(() => true)).not.toHaveProperty('error');
});

test.each([
  ['a token nobody made', { type: 'AUTH', nonce: 'n-1', data: { token: 'made-up' } }],
  ['no token', { type: 'AUTH', nonce: 'n-1' }],
  ['a ping first', { type: 'PING', nonce: 'n-1' }],
])('%s is answered with an error, and closed', async (_title, frame) => {
  const { sim } = await chatRoom();
  const chat = await BareChat.open(sim.urls.chat);
  chat.send(frame);
  const { frames } = await chat.closed();
  expect(frames).toEqual([{ type: 'RESPONSE', nonce: 'n-1', error: expect.any(String) }]);
});

test.each([
  ['no JSON', 'hello'],
  ['no nonce', '{"type":"AUTH","data":{"token":"x"}}'],
  ['no object', '[]'],
])('a frame with %s closes the connection', async (_title, text) => {
  const { sim } = await chatRoom();
  const chat = await BareChat.open(sim.urls.chat);
  chat.send(text);
  expect((await chat.closed()).frames).toEqual([]);
});

test('authenticating twice is refused, a frame nobody knows is not answered, another path is no socket', async () => {
  const { sim, chatToken } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  chat.send({ type: 'JOIN', nonce: 'n-2' });
  await chat.ping();
  expect(chat.frames).toHaveLength(2);
  chat.send({ type: 'AUTH', nonce: 'n-3', data: { token: await chatToken() } });
  expect((await chat.closed()).frames.at(-1)).toMatchObject({ nonce: 'n-3', error: expect.any(String) });

  const stray = new WebSocket(sim.urls.chat.replace('/chat', '/talk'));
  const [error] = await once(stray, 'error');
  expect(String(error)).toContain('404');
});

test('each PONG echoes the nonce and says when to come again', async () => {
  const { sim } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  chat.send({ type: 'PING', nonce: 'n-2' });
  expect(await chat.frame(({ type }) => type === 'PONG')).toEqual({ type: 'PONG', nonce: 'n-2', data: { gap: 30 } });
  sim.faults.changeGap(10, 0, 100_000);
  for (const gap of [10, 0, 100_000, 100_000]) expect((await chat.ping()).data.gap).toBe(gap);
});

test('whoever does not ping for two gaps is closed, whoever does is kept', async () => {
  const { sim, clock } = await chatRoom();
  const [silent, lively] = [await BareChat.join(sim, 'northpine'), await BareChat.join(sim, 'northpine')];
  await clock.advance(59_999);
  await lively.ping();
  sim.faults.changeGap(10);
  await clock.advance(1);
  await silent.closed();
  expect(sim.readersOf('northpine')).toBe(1);
  await lively.ping();
  await clock.advance(19_999);
  await lively.ping();
  await clock.advance(20_000);
  await lively.closed();
  expect(sim.readersOf('northpine')).toBe(0);
});

test('a connection that never authenticates is closed as well', async () => {
  const { sim, clock } = await chatRoom();
  const chat = await BareChat.open(sim.urls.chat);
  await clock.advance(60_000);
  await chat.closed();
});

test('authentication can be refused and left unanswered, so many times', async () => {
  const { sim, auth, chatToken } = await chatRoom();
  sim.faults.refuseAuth(1, 'try later');
  sim.faults.ignoreAuth();
  const refused = await auth(await chatToken());
  expect((await refused.closed()).frames).toEqual([{ type: 'RESPONSE', nonce: 'n-1', error: 'try later' }]);
  const ignored = await auth(await chatToken());
  const third = await auth(await chatToken());
  expect(await third.frame(() => true)).toEqual({ type: 'RESPONSE', nonce: 'n-1' });
  expect(ignored.frames).toEqual([]);
  expect(ignored.socket.readyState).toBe(WebSocket.OPEN);
});

test('a ping can stay unanswered while the chat goes on', async () => {
  const { sim } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  sim.faults.ignorePings(1);
  chat.send({ type: 'PING', nonce: 'lost' });
  await chat.ping();
  sim.say('northpine', 'mira_k', 'still here');
  await chat.item('still here');
  expect(chat.frames.some(({ nonce }) => nonce === 'lost')).toBe(false);
});

test('a mute connection stays open and hears and says nothing; new ones work unless told otherwise', async () => {
  const { sim, auth, chatToken } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  sim.faults.mute();
  expect(sim.readersOf('northpine')).toBe(0);
  sim.say('northpine', 'mira_k', 'unheard');
  chat.send({ type: 'PING', nonce: 'unheard' });
  const fresh = await BareChat.join(sim, 'northpine');
  await fresh.item('unheard');
  expect(chat.contents).toEqual([]);
  expect(chat.socket.readyState).toBe(WebSocket.OPEN);

  sim.faults.mute(true);
  const deaf = await auth(await chatToken());
  sim.faults.unmute();
  await BareChat.join(sim, 'northpine');
  expect(deaf.frames).toEqual([]);
});

test('connections are cut without a goodbye, or closed with one', async () => {
  const { sim } = await chatRoom();
  const [first, second] = [await BareChat.join(sim, 'northpine'), await BareChat.join(sim, 'northpine')];
  sim.faults.dropConnections();
  expect((await first.closed()).code).toBe(1006);
  await second.closed();
  const third = await BareChat.join(sim, 'northpine');
  sim.faults.closeSockets(1012, 'restart');
  expect((await third.closed()).code).toBe(1012);
});

test('nobody gets in while the platform is away', async () => {
  const { sim } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  await sim.faults.refuse();
  await chat.closed();
  const attempt = new WebSocket(sim.urls.chat);
  onTestFinished(() => attempt.terminate());
  await once(attempt, 'error');
  await sim.faults.accept();
  await BareChat.join(sim, 'northpine');
});

test('garbage, a frame of two megabytes and an answer nobody asked for arrive, and the chat goes on', async () => {
  const { sim } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  sim.faults.garbage();
  sim.faults.garbage('not even close');
  sim.faults.oversizedFrame();
  sim.faults.strayResponse('n-99', 'who are you');
  sim.say('northpine', 'mira_k', 'after it all');
  await chat.item('after it all');
  const [, cut = '', text, huge = '', stray = ''] = chat.raw;
  expect(() => JSON.parse(cut)).toThrow();
  expect(text).toBe('not even close');
  expect(huge.length).toBeGreaterThan(2_000_000);
  expect(JSON.parse(stray)).toEqual({ type: 'RESPONSE', nonce: 'n-99', error: 'who are you' });
});

test('a client that writes a huge frame is closed', async () => {
  const { sim } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  chat.send({ type: 'PING', nonce: 'x'.repeat(70_000) });
  expect((await chat.closed()).code).toBe(1009);
});
