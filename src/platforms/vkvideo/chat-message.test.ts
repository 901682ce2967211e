import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChannelId } from '../../lib/brand.ts';
import { type LineContext, readLine } from './chat-message.ts';

const BOT_ID = '9001';
const context: LineContext = {
  channelId: 'north' as ChannelId,
  isBacklog: false,
  isOwnAccount: (id) => id === BOT_ID,
  now: () => new Date('2026-09-21T14:15:23.400Z'),
};

const author = { id: 70002, nick: 'Mira_K', nick_color: 2, avatar_url: '', is_owner: false, is_moderator: false };
const message = (over: object = {}) => ({
  id: 627000001,
  created_at: 1_790_000_123,
  is_private: false,
  author: { ...author, badges: [], roles: [] },
  parts: [{ text: { content: 'hello' } }, { text: { content: '\n' } }],
  ...over,
});
const text = (...parts: unknown[]) => readLine(message({ parts }), context)?.message.text;

test('a line is read as the core knows it', () => {
  expect(readLine(message(), context)?.message).toEqual({
    provider: 'vkvideo',
    channelId: 'north',
    messageId: '627000001',
    author: { platformUserId: '70002', login: 'mira_k', displayName: 'Mira_K', avatarUrl: null, roles: new Set() },
    text: 'hello',
    sentAtMs: 1_790_000_123_400,
    isBacklog: false,
    isOwn: false,
  });
});

test('parts follow each other as they were written, whatever they are, and the end of the line is none of the text', () => {
  const parts = [
    { mention: { id: 70001, nick: 'northpine' } },
    { text: { content: ' look ' } },
    { smile: { id: 's1', name: 'hype' } },
    { text: { content: ' he' } },
    { text: { content: 'llo  ' } },
    { link: { url: 'https://example.org/x', content: 'https://example.org/x' } },
    { link: { url: 'https://example.org/y' } },
    { text: { content: '\n' } },
  ];
  expect(text(...parts)).toBe('@northpine look hype hello  https://example.org/xhttps://example.org/y');
  expect(text()).toBe('');
  expect(text({ sticker: { id: 's' } }, { text: { content: '\n' } })).toBe('');
});

test('smiles, stickers and what is not known are marked, so that they are left out at the ends and split a word inside', () => {
  const marked = (...parts: unknown[]) => {
    const read = readLine(message({ parts }), context)?.message;
    return [read?.text, ...(read?.emotes ?? []).map(({ start, end }) => read?.text.slice(start, end))];
  };
  const [word, smile] = [{ text: { content: ' !he' } }, { smile: { id: 's1', name: 'hype' } }];
  expect(marked(word, smile, { text: { content: '\n' } })).toEqual(['!hehype', 'hype']);
  expect(marked(smile, word, { smile: { id: 's2' } })).toEqual(['hype !he\ufffc', 'hype', '\ufffc']);
  expect(marked(word, { sticker: { id: 's' } }, { text: { content: 'llo' } })).toEqual(['!he\ufffcllo', '\ufffc']);
  expect(marked({ gift: { id: 1 } }, { text: { content: 'kept' } }, 7, null)).toEqual([
    '\ufffckept\ufffc\ufffc',
    '\ufffc',
    '\ufffc',
    '\ufffc',
  ]);
});

test('a mention of the bot in front is marked, anybody else addressed is text', () => {
  const command = [{ text: { content: '!cmd ' } }, { text: { content: 'arg' } }, { text: { content: '\n' } }];
  const rest = (...parts: unknown[]) => {
    const read = readLine(message({ parts }), context)?.message;
    return read?.addressedEnd === undefined ? null : read.text.slice(read.addressedEnd);
  };
  const bot = { mention: { id: Number(BOT_ID), nick: 'helperbot' } };
  expect(rest(bot, ...command)).toBe('!cmd arg');
  expect(rest({ text: { content: ' ' } }, { mention: { id: 9001 } }, { text: { content: ', !hi' } })).toBe(', !hi');
  expect(rest({ mention: { id: 5, nick: 'otto' } }, bot, { text: { content: ' !hi' } })).toBeNull();
  expect(rest({ text: { content: '!hi ' } }, bot)).toBeNull();
  expect(text({ mention: { id: 5, nick: 'otto' } }, { text: { content: ' !hi' } })).toBe('@otto !hi');
  expect(text({ mention: { id: 5 } }, { text: { content: ' !hi' } })).toBe('@5 !hi');
});

test('parts that show nothing, before the mention of the bot, do not make it the second word', () => {
  const toUs = [{ mention: { id: 9001, nick: 'helperbot' } }, { text: { content: ' !hi' } }];
  for (const nothing of [
    { text: { content: '' } },
    { text: { content: ' \n' } },
    { text: {} },
    {},
    { gift: { id: 1 } },
  ]) {
    for (const parts of [
      [nothing, ...toUs],
      [nothing, nothing, ...toUs],
    ]) {
      const read = readLine(message({ parts }), context)?.message;
      expect(read?.text.slice(read.addressedEnd)).toBe(' !hi');
    }
  }
  expect(text({ text: { content: 'hey ' } }, ...toUs)).toBe('hey @helperbot !hi');
  expect(text({ smile: { id: 's1', name: 'wave' } }, ...toUs)).toBe('wave@helperbot !hi');
});

test('a line of stickers alone is a line of its author, whatever the stickers are called', () => {
  const smiles = [{ smile: { id: 's1' } }, { smile: { id: 's2', name: '' } }, { sticker: { id: 1 } }];
  const line = readLine(message({ parts: [...smiles, { text: { content: '\n' } }] }), context)?.message;
  expect(line).toMatchObject({ text: '', author: { displayName: 'Mira_K' } });
});

test('owner and moderator are moderators, everybody else is plain', () => {
  const roles = (flags: object) =>
    readLine(message({ author: { ...author, ...flags } }), context)?.message.author.roles;
  expect(roles({ is_owner: true })).toEqual(new Set(['moderator']));
  expect(roles({ is_moderator: true })).toEqual(new Set(['moderator']));
  const badges = [{ achievement_name: 'subscription_01' }];
  expect(roles({ badges })).toEqual(new Set());
});

test('roles that came with the line are handed on by id', () => {
  const roles = [{ id: 'role-1', name: 'VIP' }, { id: 42 }];
  expect(readLine(message({ author: { ...author, roles } }), context)?.roleIds).toEqual(['role-1', '42']);
});

test("private lines, the platform's own bot and unreadable things are nobody's lines", () => {
  expect(readLine(message({ is_private: true }), context)).toBeNull();
  const badges = [{ achievement_name: 'internal_chatbot' }];
  expect(readLine(message({ author: { ...author, nick: 'ChatBot', badges } }), context)).toBeNull();
  // The name alone may be anybody's.
  expect(readLine(message({ author: { ...author, nick: 'ChatBot' } }), context)).not.toBeNull();
  for (const raw of [null, 7, 'text', [], {}, message({ author: null }), message({ author: { nick: 'no id' } })]) {
    expect(readLine(raw, context)).toBeNull();
  }
});

test('moments in milliseconds, or none at all, are understood', () => {
  const sentAt = (created_at: unknown) => readLine(message({ created_at }), context)?.message.sentAtMs;
  expect(sentAt(1_790_000_123_456)).toBe(1_790_000_123_456);
  for (const missing of [undefined, null, 'yesterday', 0, -1, 1e300, -1e300])
    expect(sentAt(missing)).toBe(context.now().getTime());
});

test('our own lines are known as ours', () => {
  expect(readLine(message({ author: { ...author, id: 9001 } }), context)?.message.isOwn).toBe(true);
});

test('nothing that JSON can say makes reading throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (whole, parts, by) => {
      readLine(whole, context);
      readLine(message({ parts, author: by }), context);
    }),
  );
});
