import { expect, test } from 'vitest';
import { account, channel, chatWorld } from '../../../../test/support/twitch-chat-world.ts';

const LIVE = { kind: 'live', reason: null };
const BOT = account('helperbot', 'good', 'default');
const NORTHPINE = channel('northpine');

async function joinedWorld() {
  const world = await chatWorld();
  world.irc.reader.setChannels([NORTHPINE]);
  await world.until(() => expect(world.state('northpine')).toEqual(LIVE));
  const say = (text: string) => world.irc.sender.send(NORTHPINE, text, BOT, 10_000);
  return { ...world, say };
}

test('a token that expires during a connection costs one refresh and one more login, then all goes on', async () => {
  const { irc, server, clock, accounts, heard, state, say, until } = await joinedWorld();
  server.tokens.clear();
  server.tokens.add('fresh');
  accounts.nextToken = 'fresh';
  server.broadcast(':tmi.twitch.tv NOTICE * :Login authentication failed\r\n');
  server.drop();
  await until(() => expect(state('northpine')).toEqual({ kind: 'degraded', reason: 'disconnected' }));
  await clock.advance(1_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  expect(accounts.renewals).toBe(1);
  expect(server.logins.map((login) => login.token)).toEqual(['good', 'good', 'fresh']);

  server.chat('#northpine', 'back?');
  await until(() => expect(heard).toHaveLength(1));
  expect(await say('back')).toMatchObject({ kind: 'sent' });
  expect(irc.sender.isPrivileged(NORTHPINE, BOT)).toBe(false);
});

test('when the close follows RECONNECT at once, the channels are read again on a new connection', async () => {
  const { server, clock, heard, state, until } = await joinedWorld();
  server.broadcast(':tmi.twitch.tv RECONNECT\r\n');
  server.drop();
  await until(() => expect(state('northpine')).toEqual({ kind: 'degraded', reason: 'disconnected' }));
  await clock.advance(1_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  server.chat('#northpine', 'after');
  await until(() => expect(heard).toHaveLength(1));
  expect(server.connections).toBe(1);
});

test('a message in flight at a RECONNECT still gets its answer, on the connection it was written to', async () => {
  const { server, clock, say, until } = await joinedWorld();
  server.answer = 'silence';
  const outcome = say('before');
  await until(() => expect(server.messages).toHaveLength(1));
  server.broadcast(':tmi.twitch.tv RECONNECT\r\n');
  await server.settled();
  await clock.advance(1_000);
  await until(() => expect(server.joins).toHaveLength(2));
  await server.settled();
  expect(server.connections).toBe(2);

  server.answer = 'accept';
  expect(await say('after')).toMatchObject({ kind: 'sent' });
  server.broadcast('@id=late :tmi.twitch.tv USERSTATE #northpine\r\n');
  expect(await outcome).toEqual({ kind: 'sent', platformMessageId: 'late' });
  await until(() => expect(server.connections).toBe(1));
});

test('a reconnect starts no new join allowance: there are never more than 20 joins in any 10 s', async () => {
  const { irc, server, clock, until } = await chatWorld({ joinsPer10s: 20 });
  irc.reader.setChannels(Array.from({ length: 30 }, (_, index) => channel(`room_${index}`)));
  await until(() => expect(server.joined).toHaveLength(20));
  server.drop();
  await until(() => expect(server.connections).toBe(0));
  for (let second = 0; second < 40; second += 1) {
    await clock.advance(1_000);
    await until(() => expect(server.connections).toBe(1));
    await server.settled();
  }
  expect(server.joined).toHaveLength(30);
  for (const { atMs } of server.joins) {
    const together = server.joins.filter((join) => join.atMs >= atMs && join.atMs < atMs + 10_000);
    expect(together.length).toBeLessThanOrEqual(20);
  }
});

test('a login that is let in after its account was replaced takes nothing over', async () => {
  const { irc, server, clock, accounts, state, until } = await chatWorld();
  server.letsIn = false;
  server.closedRooms.set('#northpine', 'silence');
  irc.reader.setChannels([NORTHPINE]);
  await until(() => expect(server.logins).toHaveLength(1));
  server.letsIn = true;
  accounts.change(account('otherbot', 'good', 'default'));
  await until(() => expect(server.joins).toHaveLength(1));
  server.broadcast(':tmi.twitch.tv 376 helperbot :>\r\n');
  await until(() => expect(server.connections).toBe(1));
  await server.settled();
  expect(server.joins).toHaveLength(1);
  expect(server.logins.map((login) => login.nick)).toEqual(['helperbot', 'otherbot']);

  server.closedRooms.clear();
  await clock.advance(10_000);
  await clock.advance(60_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
});

test('a server that talks but never answers the login is given up after 10 s and dialled again', async () => {
  const { irc, server, clock, state, until } = await chatWorld();
  server.letsIn = false;
  irc.reader.setChannels([NORTHPINE]);
  await until(() => expect(server.logins).toHaveLength(1));
  for (let round = 0; round < 2; round += 1) {
    server.broadcast('PING :tmi.twitch.tv\r\n:x 001 garbage');
    await server.settled();
    await clock.advance(5_000);
  }
  await until(() => expect(server.connections).toBe(0));
  server.letsIn = true;
  await clock.advance(1_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
});

test('a server that turns everybody away for a minute is dialled ever less often, and read again soon after', async () => {
  const { irc, server, clock, heard, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  server.turnsAway = true;
  server.drop();
  for (let second = 0; second < 60; second += 1) {
    await until(() => expect(clock.pendingTimers).toBeGreaterThan(0));
    await clock.advance(1000);
  }
  expect(state('northpine')).toEqual({ kind: 'degraded', reason: 'disconnected' });
  expect(server.turnedAway).toBeGreaterThanOrEqual(2);
  expect(server.turnedAway).toBeLessThanOrEqual(8);

  server.turnsAway = false;
  await until(() => expect(clock.pendingTimers).toBeGreaterThan(0));
  await clock.advance(30_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  server.chat('#northpine', 'back?');
  await until(() => expect(heard.map((message) => message.text)).toEqual(['back?']));
});
