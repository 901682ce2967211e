import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelId } from '../../../lib/brand.ts';
import type { ChatMessage } from '../../worker-side.ts';
import { toChatMessage } from './chat-message.ts';
import { forEachLine, type IrcLine, tagOf, unescapeTag } from './line.ts';

function linesOf(frame: string): IrcLine[] {
  const lines: IrcLine[] = [];
  forEachLine(frame, (line) => lines.push(line));
  return lines;
}

function messageOf(tags: string, text = 'hi', nick = 'mira_k'): ChatMessage | null {
  const [line] = linesOf(`@${tags} :${nick}!${nick}@${nick}.tmi.twitch.tv PRIVMSG #northpine :${text}\r\n`);
  return line ? messageIn(line) : null;
}

function messageIn(line: IrcLine): ChatMessage | null {
  return toChatMessage(
    line,
    'c1' as ChannelId,
    (id) => id === '7702',
    () => 42,
  );
}

const rolesFor = (tags: string) => [...(messageOf(`user-id=1;${tags}`)?.author.roles ?? [])];

test('a line becomes our message with everything the core needs', () => {
  const tags =
    'badge-info=subscriber/14;badges=moderator/1,subscriber/12;client-nonce=77aa;color=#1E90FF;display-name=Mira_K;' +
    'emotes=25:0-4;flags=;id=4f0e7c1a-9a77;mod=1;room-id=5501;subscriber=1;tmi-sent-ts=1772600767123;user-id=8803';
  expect(messageOf(tags, 'Kappa :) hello')).toEqual({
    provider: 'twitch',
    channelId: 'c1',
    messageId: '4f0e7c1a-9a77',
    author: {
      platformUserId: '8803',
      login: 'mira_k',
      displayName: 'Mira_K',
      avatarUrl: null,
      roles: new Set(['moderator', 'subscriber']),
    },
    text: 'Kappa :) hello',
    emotes: [{ start: 0, end: 5 }],
    sentAtMs: 1772600767123,
    isBacklog: false,
    isOwn: false,
  });
});

test('roles come from badges and flags, whatever Twitch leaves out', () => {
  expect(rolesFor('badges=broadcaster/1;mod=0')).toEqual(['moderator']);
  expect(rolesFor('badges=founder/0;subscriber=0')).toEqual(['subscriber']);
  expect(rolesFor('badges=;mod=1')).toEqual(['moderator']);
  expect(rolesFor('badges=partner/1,vip/1')).toEqual(['vip']);
  expect(rolesFor('badges=;vip=1')).toEqual(['vip']);
  expect(rolesFor('badges=;vip=0;mod=0;subscriber=0')).toEqual([]);
  expect(rolesFor('badges=sub-gifter/5,bits/100')).toEqual([]);
});

test('of a tag that comes twice the last one counts', () => {
  expect(rolesFor('badges=vip/1;badges=founder/0;mod=1;mod=0;subscriber=1;subscriber=0;vip=1;vip=0')).toEqual([
    'subscriber',
  ]);
  expect(messageOf('user-id=1;display-name=A;id=x;user-id=2;display-name=B;id=y')).toMatchObject({
    messageId: 'y',
    author: { platformUserId: '2', displayName: 'B' },
  });
  expect(tagOf('a=1;b=2;a=3', 'a')).toBe('3');
});

test('emotes are where Twitch counts them, in code points', () => {
  const emoted = (emotes: string, text: string) =>
    messageOf(`user-id=1;emotes=${emotes}`, text)?.emotes?.map(({ start, end }) => text.slice(start, end));
  expect(emoted('25:4-8,10-14/1902:16-20', '!hi Kappa Kappa Keepo')).toEqual(['Kappa', 'Kappa', 'Keepo']);
  expect(emoted('emotesv2_a-1:2-6', '🎉 Kappa')).toEqual(['Kappa']);
  expect(messageOf('user-id=1;emotes=25:4-8', '\u0001ACTION !hi Kappa\u0001')).toMatchObject({
    text: '!hi Kappa',
    emotes: [{ start: 4, end: 9 }],
  });
  for (const odd of ['', '25', '25:', '25:a-b', '25:5-4', '25:0-99', '25:-1-2', '/', ':,']) {
    expect([odd, emoted(odd, 'Kappa')]).toEqual([odd, undefined]);
  }
});

test('in an answer to the bot, what the client put in front is for the bot; in an answer to others it stays', () => {
  const answer = (parent: string, text: string) =>
    messageOf(`user-id=1;reply-parent-msg-id=p;${parent}`, text)?.addressedEnd ?? null;
  const bot = 'reply-parent-display-name=Helper\\sB;reply-parent-user-id=7702;reply-parent-user-login=helperbot';
  const named = bot.replace('Helper\\sB', 'ПомощникБ');
  expect(answer(bot, '@helperbot !hi')).toBe(10);
  expect(answer(named, '@помощникБ !hi')).toBe(10);
  expect(answer(named, '@otto !hi')).toBeNull();
  expect(answer(named, '!hi')).toBeNull();
  expect(answer(bot.replace('7702', '5'), '@helperbot !hi')).toBeNull();
});

test('a copy from a shared chat is ignored, the original is not', () => {
  expect(messageOf('user-id=1;room-id=1;source-room-id=2')).toBeNull();
  expect(messageOf('user-id=1;room-id=1;source-room-id=1')).not.toBeNull();
});

test('names are unescaped and trimmed, missing ones are replaced, a line without author or text is ignored', () => {
  expect(messageOf('user-id=1;display-name=Some\\sone\\s')?.author.displayName).toBe('Some one');
  expect(messageOf('user-id=1;display-name=')?.author.displayName).toBe('mira_k');
  expect(messageOf('user-id=1')?.sentAtMs).toBe(42);
  expect(messageOf('user-id=7702')?.isOwn).toBe(true);
  expect(messageOf('display-name=Mira')).toBeNull();
  expect(messageOf('user-id=1', '  ')).toBeNull();
});

describe('the words in a USERNOTICE', () => {
  const from = (tags: string, rest = ':tmi.twitch.tv USERNOTICE #oak :good evening') => {
    const [line] = linesOf(`@id=u-1;login=ina;display-name=Ina;user-id=31;room-id=1;${tags} ${rest}\r\n`);
    return line ? messageIn(line) : undefined;
  };

  test.each(['sub', 'resub', 'viewermilestone', 'announcement', 'ritual'])('of the event %s are heard', (notice) => {
    expect(from(`msg-id=${notice};badges=vip/1;system-msg=Ina\\sdid\\ssomething`)).toMatchObject({
      messageId: 'u-1',
      text: 'good evening',
      author: { platformUserId: '31', login: 'ina', displayName: 'Ina', roles: new Set(['vip']) },
      isOwn: false,
    });
  });

  test('are never what Twitch says about the event', () => {
    expect(from('msg-id=resub;system-msg=!hello', ':tmi.twitch.tv USERNOTICE #oak')).toBeNull();
    expect(from('msg-id=raid;system-msg=!hello', ':tmi.twitch.tv USERNOTICE #oak :')).toBeNull();
  });

  test('are not heard again in the other channels of a shared chat', () => {
    expect(from('msg-id=sharedchatnotice;source-msg-id=resub;source-room-id=2')).toBeNull();
    expect(from('msg-id=resub;source-room-id=1')).toMatchObject({ text: 'good evening' });
  });
});

test('what /me said arrives as plain text', () => {
  expect(messageOf('user-id=1', '\u0001ACTION waves :)\u0001')?.text).toBe('waves :)');
});

test('tag values survive the way to Twitch and back', () => {
  const escapes: Record<string, string> = { ';': '\\:', ' ': '\\s', '\\': '\\\\', '\r': '\\r', '\n': '\\n' };
  const escaped = (raw: string) => raw.replace(/[; \\\r\n]/g, (character) => escapes[character] ?? '');
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (raw) => unescapeTag(escaped(raw)) === raw));
  expect(unescapeTag('a\\bc\\')).toBe('abc');
  expect(tagOf('a=1;reply-parent-msg-body=x\\s\\:\\\\y;b', 'reply-parent-msg-body')).toBe('x ;\\y');
  expect(tagOf('a=1;b', 'b')).toBe('');
  expect(tagOf('user-id=1', 'id')).toBeNull();
});

test('several lines in one frame are several lines, with or without an end', () => {
  const lines = linesOf('PING :tmi.twitch.tv\r\n:a!b@c JOIN #northpine\r\n\r\n:tmi.twitch.tv 366 bot #northpine :End');
  expect(lines.map(({ command, params, text, nick }) => [command, params, text, nick])).toEqual([
    ['PING', '', 'tmi.twitch.tv', ''],
    ['JOIN', '#northpine', '', 'a'],
    ['366', 'bot #northpine', 'End', 'tmi.twitch.tv'],
  ]);
});

test('runs of spaces separate, and the last of several parameters is the text without a colon too', () => {
  const lines = linesOf(
    [
      '@a=1  :ina!i@h   PRIVMSG   #Oak   :  two  spaces ',
      ':ina@host PRIVMSG #oak hi',
      ':tmi.twitch.tv  NOTICE  #oak   refused  ',
      ':tmi.twitch.tv  353  bot  =  #oak  :bot ina',
      'PING  ',
      ':bot!b@h PART  #oak ',
      'PRIVMSG #oak :a :b',
    ].join('\r\n'),
  );
  expect(lines.map(({ nick, command, params, text }) => [nick, command, params, text])).toEqual([
    ['ina', 'PRIVMSG', '#Oak', '  two  spaces '],
    ['ina', 'PRIVMSG', '#oak', 'hi'],
    ['tmi.twitch.tv', 'NOTICE', '#oak', 'refused'],
    ['tmi.twitch.tv', '353', 'bot = #oak', 'bot ina'],
    ['', 'PING', '', ''],
    ['bot', 'PART', '#oak', ''],
    ['', 'PRIVMSG', '#oak', 'a :b'],
  ]);
});

test('no frame can break the reading of lines', () => {
  const unit = fc.constantFrom('@', ':', ' ', '\r', '\n', ';', '=', '\\', '#', 'a', 'PRIVMSG', 'user-id=1', '😀');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (frame) => {
      for (const line of linesOf(frame)) {
        expect(`${line.tags}${line.nick}${line.command}${line.params}${line.text}`).not.toMatch(/\n/);
        toChatMessage(
          line,
          'c1' as ChannelId,
          () => false,
          () => 0,
        );
      }
    }),
  );
});
