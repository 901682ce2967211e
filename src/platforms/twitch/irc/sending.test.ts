import { describe, expect, test } from 'vitest';
import { account, channel, chatWorld } from '../../../../test/support/twitch-chat-world.ts';
import { said } from '../../causes/reasons.ts';
import { twitchCauses } from '../causes.ts';

const BOT = account('helperbot', 'good', 'default');
const DEADLINE_MS = 10_000;
const NORTHPINE = channel('northpine');

async function joinedWorld(badges = '') {
  const world = await chatWorld();
  world.server.badges = badges;
  world.irc.reader.setChannels([NORTHPINE]);
  await world.until(() => expect(world.state('northpine')?.kind).toBe('live'));
  const say = (text: string, as = BOT) => world.irc.sender.send(NORTHPINE, text, as, DEADLINE_MS);
  const texts = () => world.server.messages.map((message) => message.text);
  return { ...world, say, texts };
}

test('a message is sent when Twitch confirms it, with its id', async () => {
  const { say, server } = await joinedWorld();
  expect(await say('hello')).toEqual({ kind: 'sent', platformMessageId: expect.stringMatching(/^sent-/) });
  expect(server.messages).toEqual([{ nick: 'helperbot', room: '#northpine', text: 'hello' }]);
});

test('before the channel is joined a message waits outside and costs nothing', async () => {
  const { irc } = await chatWorld();
  const outcome = await irc.sender.send(NORTHPINE, 'hello', BOT, DEADLINE_MS);
  expect(outcome).toEqual({ kind: 'unavailable', reason: 'not_joined' });
});

test('five seconds of silence are an unconfirmed message, and so is a connection lost meanwhile', async () => {
  const { say, server, clock, until, texts } = await joinedWorld();
  server.answer = 'silence';
  const silent = say('one');
  await until(() => expect(texts()).toEqual(['one']));
  await clock.advance(5_000);
  expect(await silent).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });

  const cut = say('two');
  await until(() => expect(texts()).toEqual(['one', 'two']));
  server.drop();
  expect(await cut).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
});

test('one message per channel is in flight: a second waits outside, another channel does not', async () => {
  const { say, server, irc, until, state, texts } = await joinedWorld();
  irc.reader.setChannels([NORTHPINE, channel('other')]);
  await until(() => expect(state('other')?.kind).toBe('live'));
  server.answer = 'silence';
  const first = say('one');
  await until(() => expect(texts()).toEqual(['one']));
  expect(await say('two')).toEqual({ kind: 'unavailable', reason: 'send_in_flight' });
  server.answer = 'accept';
  expect(await irc.sender.send(channel('other'), 'three', BOT, DEADLINE_MS)).toMatchObject({ kind: 'sent' });
  server.broadcast('@id=slow :tmi.twitch.tv USERSTATE #northpine\r\n');
  expect(await first).toEqual({ kind: 'sent', platformMessageId: 'slow' });
  expect(texts()).toEqual(['one', 'three']);
});

test('a channel whose name is no login is refused at once, and its name never reaches the protocol', async () => {
  const { irc, server } = await joinedWorld();
  const outcome = await irc.sender.send(channel('a\r\nJOIN #b'), 'hello', BOT, DEADLINE_MS);
  expect(outcome).toEqual({ kind: 'rejected', reason: 'invalid_login' });
  expect(server.messages).toEqual([]);
});

test.each([
  ['msg_banned', 'rejected'],
  ['msg_rejected_mandatory', 'rejected'],
  ['msg_ratelimit', 'unavailable'],
  ['msg_slowmode', 'unavailable'],
  ['msg_timedout', 'retry'],
])('the refusal %s makes a message %s, with the reason Twitch gave', async (notice, kind) => {
  const { say, server } = await joinedWorld();
  server.answer = notice;
  expect(await say('hello')).toMatchObject({ kind, reason: notice });
});

test('every refusal that Twitch documents has words of its own', () => {
  const documented = [
    ...['msg_banned', 'msg_timedout', 'msg_bad_characters', 'msg_channel_blocked', 'msg_channel_suspended'],
    ...['msg_duplicate', 'msg_emoteonly', 'msg_followersonly', 'msg_followersonly_followed', 'msg_followersonly_zero'],
    ...['msg_r9k', 'msg_ratelimit', 'msg_rejected', 'msg_rejected_mandatory', 'msg_requires_verified_phone_number'],
    ...['msg_verified_email', 'msg_slowmode', 'msg_subsonly', 'msg_suspended', 'tos_ban', 'unrecognized_cmd'],
    ...['automod_held', 'user_timed_out'],
  ];
  expect(documented.filter((code) => said(twitchCauses, code).reason === 'platform_refused')).toEqual([]);
});

test('a notice about the mode of the room says nothing about a message', async () => {
  const { say, server, clock, until, texts } = await joinedWorld();
  server.answer = 'slow_on';
  const outcome = say('hello');
  await until(() => expect(texts()).toEqual(['hello']));
  await server.settled();
  await clock.advance(5_000);
  expect(await outcome).toMatchObject({ kind: 'unconfirmed' });
});

test('the late answer to an abandoned message does not confirm the next one', async () => {
  const { say, server, clock, until, texts } = await joinedWorld();
  server.answer = 'silence';
  const first = say('one');
  await until(() => expect(texts()).toEqual(['one']));
  await clock.advance(5_000);
  await first;
  const second = say('two');
  await until(() => expect(texts()).toEqual(['one', 'two']));
  server.broadcast('@id=late;client-nonce=of-the-first :tmi.twitch.tv USERSTATE #northpine\r\n');
  await server.settled();
  await clock.advance(5_000);
  expect(await second).toMatchObject({ kind: 'unconfirmed' });
});

describe('the same text twice within 30 s', () => {
  test('looks the same and is not, where the bot is nobody', async () => {
    const { say, texts, clock, irc } = await joinedWorld();
    expect(irc.sender.isPrivileged(NORTHPINE, BOT)).toBe(false);
    for (let repeat = 0; repeat < 3; repeat += 1) await say('!song');
    expect(new Set([texts()[0], texts()[1]]).size).toBe(2);
    expect(texts()[1]).not.toBe(texts()[2]);
    expect(texts().map((text) => text.replace(/ \u034F$/u, ''))).toEqual(['!song', '!song', '!song']);
    await clock.advance(30_000);
    await say('!song');
    expect(texts()[3]).toBe('!song');
  });

  test('is sent as written where the bot is moderator', async () => {
    const { say, texts, irc } = await joinedWorld('moderator/1');
    expect(irc.sender.isPrivileged(NORTHPINE, BOT)).toBe(true);
    await say('!song');
    await say('!song');
    expect(texts()).toEqual(['!song', '!song']);
  });

  test('is written in yet another way when it was refused as a repetition, so that the next try is taken', async () => {
    const { say, server, texts } = await joinedWorld();
    server.answer = 'msg_duplicate';
    for (let time = 0; time < 3; time += 1) expect(await say('!song')).toMatchObject({ kind: 'retry' });
    expect(new Set(texts()).size).toBe(3);
    expect(texts().map((text) => text.replace(/ [\u034F\uFE0F]$/u, ''))).toEqual(['!song', '!song', '!song']);
    expect(texts().join()).not.toMatch(/[\u{E0000}-\u{E0FFF}]/u);
  });

  test('is known to have arrived when the unanswered first try makes the second a duplicate', async () => {
    const { say, server, clock, until, texts } = await joinedWorld();
    server.answer = 'silence';
    const first = say('once');
    await until(() => expect(texts()).toEqual(['once']));
    await clock.advance(5_000);
    expect(await first).toMatchObject({ kind: 'unconfirmed' });
    server.answer = 'msg_duplicate';
    expect(await say('once')).toEqual({ kind: 'sent', platformMessageId: null });
    expect(texts()).toEqual(['once', 'once']);
  });
});

describe('a channel with a bot of its own', () => {
  const OWN = account('ownbot', 'own', 'override');

  test('speaks through that account over one connection, opened at first use and closed when idle', async () => {
    const { say, server, clock, until } = await joinedWorld();
    server.tokens.add('own');
    expect(server.connections).toBe(1);
    expect(await say('one', OWN)).toMatchObject({ kind: 'sent' });
    expect(await say('two', OWN)).toMatchObject({ kind: 'sent' });
    expect(server.messages.map((message) => message.nick)).toEqual(['ownbot', 'ownbot']);
    expect(server.connections).toBe(2);
    for (let step = 0; step < 32; step += 1) {
      await clock.advance(10_000);
      await server.settled();
    }
    await until(() => expect(server.connections).toBe(1));
  });

  test('gets one refresh when its login is refused, and none left means unauthorized', async () => {
    const { say, server, accounts } = await joinedWorld();
    expect(await say('one', OWN)).toEqual({ kind: 'unauthorized', reason: 'login_refused' });
    expect(accounts.renewals).toBe(1);
    server.tokens.add('fresh');
    accounts.nextToken = 'fresh';
    expect(await say('two', OWN)).toMatchObject({ kind: 'sent' });
    expect(server.messages).toEqual([{ nick: 'ownbot', room: '#northpine', text: 'two' }]);
  });

  test('is served by the shared bot while its own account is banned there', async () => {
    const { say, server } = await joinedWorld();
    server.tokens.add('own');
    server.closedRooms.set('#northpine', 'msg_banned');
    expect(await say('one', OWN)).toMatchObject({ kind: 'sent' });
    expect(server.messages.map((message) => message.nick)).toEqual(['helperbot']);
  });

  test('does not hear the chat a second time', async () => {
    const { say, server, heard, until } = await joinedWorld();
    server.tokens.add('own');
    await say('one', OWN);
    server.chat('#northpine', 'hi');
    await until(() => expect(heard).toHaveLength(1));
    await server.settled();
    expect(heard).toHaveLength(1);
  });
});
