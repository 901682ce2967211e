import { expect, test } from 'vitest';
import { account, channel, chatWorld } from '../../../../test/support/twitch-chat-world.ts';

const LIVE = { kind: 'live', reason: null };

test('a channel is live only once Twitch has confirmed the join, and its lines arrive as chat messages', async () => {
  const { irc, server, heard, sendable, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  expect(state('northpine')).toEqual({ kind: 'connecting', reason: null });
  await until(() => expect(state('northpine')).toEqual(LIVE));
  expect(sendable).toEqual(['northpine']);

  server.chat('#northpine', '!hello');
  await until(() => expect(heard).toHaveLength(1));
  expect(heard[0]).toMatchObject({ channelId: 'northpine', text: '!hello', author: { login: 'mira' }, isOwn: false });
});

test('the name of a room is the same in any case: to join, to read and to be answered', async () => {
  const { irc, server, heard, state, until } = await chatWorld();
  server.spell = (room) => room.toUpperCase();
  server.badges = 'vip/1';
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  server.chat('#northpine', '!hello');
  await until(() => expect(heard).toMatchObject([{ channelId: 'northpine', text: '!hello' }]));
  const shared = account('helperbot', 'good', 'default');
  expect(await irc.sender.send(channel('northpine'), 'hi', shared, 1000)).toMatchObject({ kind: 'sent' });
  expect(irc.sender.isPrivileged(channel('northpine'), shared)).toBe(true);
});

test('45 joins never exceed 20 in any 10 s; an unknown, a suspended and a banned channel end in states of their own', async () => {
  const { irc, server, clock, state, until } = await chatWorld({ joinsPer10s: 20 });
  const names = Array.from({ length: 42 }, (_, index) => `room_${index}`);
  server.closedRooms.set('#ghost', 'silence');
  server.closedRooms.set('#gone', 'msg_channel_suspended');
  server.closedRooms.set('#hostile', 'msg_banned');
  irc.reader.setChannels(['ghost', 'gone', 'hostile', ...names].map((name) => channel(name)));

  await until(() => expect(server.joins).toHaveLength(20));
  for (let second = 0; second < 45; second += 1) {
    await clock.advance(1_000);
    await server.settled();
  }
  await until(() => expect(server.joined).toHaveLength(42));

  expect(state('ghost')).toEqual({ kind: 'degraded', reason: 'join_unconfirmed' });
  expect(state('gone')).toEqual({ kind: 'needs_user_action', reason: 'suspended' });
  expect(state('hostile')).toEqual({ kind: 'needs_user_action', reason: 'banned' });
  for (const { atMs } of server.joins) {
    const together = server.joins.filter((join) => join.atMs >= atMs && join.atMs < atMs + 10_000);
    expect(together.length).toBeLessThanOrEqual(20);
  }
});

test('a channel that leaves the set is parted, the others are left alone', async () => {
  const { irc, server, until } = await chatWorld();
  irc.reader.setChannels([channel('one'), channel('two')]);
  await until(() => expect(server.joined).toEqual(['#one', '#two']));
  irc.reader.setChannels([channel('two'), channel('three')]);
  await until(() => expect(server.joined).toEqual(['#three', '#two']));
  expect(server.parts).toEqual(['#one']);
  expect(server.joins.map((join) => join.room)).toEqual(['#one', '#two', '#three']);
});

test('a socket that goes mute is found and healed within 60 s', async () => {
  const { irc, server, clock, heard, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  server.isMute = true;
  await clock.advance(35_000);
  await until(() => expect(state('northpine')).toEqual({ kind: 'degraded', reason: 'disconnected' }));

  server.isMute = false;
  await clock.advance(15_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  expect(clock.monotonicMs()).toBeLessThanOrEqual(60_000);
  server.chat('#northpine', 'still there?');
  await until(() => expect(heard.map((message) => message.text)).toEqual(['still there?']));
});

test('a quiet chat on a healthy connection is not taken for a mute one', async () => {
  const { irc, server, clock, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  for (let round = 1; round <= 3; round += 1) {
    await clock.advance(25_000);
    await until(() => expect(server.pings).toBe(round));
    await server.settled();
  }
  expect(server.logins).toHaveLength(1);
});

test('after RECONNECT the channels are read on the new connection before the old one is closed', async () => {
  const { irc, server, clock, heard, state, until } = await chatWorld();
  irc.reader.setChannels([channel('one'), channel('two')]);
  await until(() => expect(state('two')).toEqual(LIVE));
  server.broadcast(':tmi.twitch.tv RECONNECT\r\n');
  server.chat('#one', 'during');
  await until(() => expect(heard).toHaveLength(1));
  expect(state('one')).toEqual(LIVE);

  await clock.advance(1_000);
  await until(() => expect(server.logins).toHaveLength(2));
  await until(() => expect(server.connections).toBe(1));
  expect(server.joined).toEqual(['#one', '#two']);
  expect(state('one')).toEqual(LIVE);
  server.chat('#two', 'after');
  await until(() => expect(heard.map((message) => message.text)).toEqual(['during', 'after']));
});

test('a refused login costs exactly one refresh and one more login', async () => {
  const { irc, server, accounts, state, until } = await chatWorld();
  server.tokens.clear();
  server.tokens.add('fresh');
  accounts.nextToken = 'fresh';
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  expect(accounts.renewals).toBe(1);
  expect(server.logins.map((login) => login.token)).toEqual(['good', 'fresh']);
});

test('a dead grant asks the user to act, is not refreshed again, and heals when another account is linked', async () => {
  const { irc, server, clock, accounts, state, until } = await chatWorld();
  server.tokens.clear();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual({ kind: 'needs_user_action', reason: 'login_refused' }));
  accounts.shared = null;
  await clock.advance(300_000);
  expect(accounts.renewals).toBe(1);
  expect(state('northpine')).toEqual({ kind: 'needs_user_action', reason: 'no_default_client' });

  server.tokens.add('other');
  accounts.change(account('otherbot', 'other', 'default'));
  await until(() => expect(state('northpine')).toEqual(LIVE));
});

test('another shared account takes over the reading without a gap', async () => {
  const { irc, server, clock, accounts, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  accounts.change(account('otherbot', 'good', 'default'));
  await clock.advance(1_000);
  await until(() => expect(server.logins.map((login) => login.nick)).toEqual(['helperbot', 'otherbot']));
  await until(() => expect(server.connections).toBe(1));
  expect(state('northpine')).toEqual(LIVE);
});

test('garbage, half lines and frames without end cost no connection; an oversized frame costs only that one', async () => {
  const { irc, server, clock, heard, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  for (const garbage of [
    '',
    '\r\n\r\n',
    '@',
    '@a=b',
    ':',
    ': ',
    '@ : PRIVMSG',
    'PRIVMSG',
    ':x PRIVMSG #northpine',
    '\u0000',
  ]) {
    server.broadcast(garbage);
  }
  server.chat('#northpine', 'one');
  await until(() => expect(heard).toHaveLength(1));
  expect(server.logins).toHaveLength(1);

  server.broadcast('x'.repeat(2 * 1024 * 1024));
  await until(() => expect(state('northpine')).toEqual({ kind: 'degraded', reason: 'disconnected' }));
  await clock.advance(1_000);
  await until(() => expect(state('northpine')).toEqual(LIVE));
});

test('when Twitch closes the connection at every JOIN, attempts become rare instead of a loop', async () => {
  const { irc, server, clock } = await chatWorld({ joinsPer10s: 20 });
  server.closesAfterJoin = true;
  irc.reader.setChannels([channel('northpine')]);
  for (let second = 0; second < 120; second += 1) {
    await clock.advance(1_000);
    await server.settled();
  }
  expect(server.joins.length).toBeGreaterThan(2);
  expect(server.joins.length).toBeLessThan(10);
  for (const { atMs } of server.logins) {
    const together = server.logins.filter((login) => login.atMs >= atMs && login.atMs < atMs + 10_000);
    expect(together.length).toBeLessThanOrEqual(20);
  }
});

test('a channel that stays silent is reported as lost once, not at every try', async () => {
  const { irc, server, clock, lost, until } = await chatWorld();
  server.closedRooms.set('#old_name', 'silence');
  irc.reader.setChannels([channel('old_name', '5501')]);
  await until(() => expect(server.joins).toHaveLength(1));
  await clock.advance(10_000);
  expect(lost).toEqual(['old_name']);
  for (let minute = 0; minute < 10; minute += 1) {
    await clock.advance(60_000);
    await server.settled();
  }
  expect(server.joins.length).toBeGreaterThan(2);
  expect(lost).toEqual(['old_name']);
});

test('silence above 100 channels without moderator rights is the join limit and asks the user to act', async () => {
  const { irc, server, clock, state, until } = await chatWorld();
  server.closedRooms.set('#the_101st', 'silence');
  const names = Array.from({ length: 100 }, (_, index) => `room_${index}`);
  irc.reader.setChannels([...names, 'the_101st'].map((name) => channel(name)));
  await until(() => expect(server.joined).toHaveLength(100));
  await clock.advance(10_000);
  expect(state('the_101st')).toEqual({ kind: 'needs_user_action', reason: 'join_limit' });
});

test('put out of a room by Twitch, the bot goes back in once and then learns that it is banned', async () => {
  const { irc, server, clock, state, until } = await chatWorld();
  irc.reader.setChannels([channel('northpine')]);
  await until(() => expect(state('northpine')).toEqual(LIVE));
  for (let round = 0; round < 2; round += 1) {
    await clock.advance(20_000);
    await server.settled();
  }
  const before = server.joins.length;
  server.putOut('#northpine', 'msg_banned');
  await until(() => expect(state('northpine')).toEqual({ kind: 'needs_user_action', reason: 'banned' }));
  expect(server.joins).toHaveLength(before + 1);
});

test('a command typed in a shared chat is heard once, in the channel it was typed in', async () => {
  const { irc, server, heard, state, until } = await chatWorld();
  irc.reader.setChannels([channel('one'), channel('two')]);
  await until(() => expect([state('one'), state('two')]).toEqual([LIVE, LIVE]));
  server.chat('#two', '!hello', ';room-id=2;source-room-id=1;source-id=x');
  server.chat('#one', '!hello', ';source-room-id=1;source-id=x');
  await server.settled();
  await until(() => expect(heard.map((message) => message.channelId)).toEqual(['one']));
});

test('500 channels are read again within 2 s after the connection drops, with the join limit off', async () => {
  const { irc, server, clock, until } = await chatWorld();
  irc.reader.setChannels(Array.from({ length: 500 }, (_, index) => channel(`room_${index}`)));
  await until(() => expect(server.joined).toHaveLength(500));
  server.drop();
  await until(() => expect(server.connections).toBe(0));
  // Of the reader's time: the rest is work, whose figure is the bench's.
  await clock.advance(2_000);
  await until(() => expect(server.joined).toHaveLength(500));
});
