import { expect, test } from 'vitest';
import type { ReadChannel } from '../../worker-side.ts';
import { rolesOf } from './roles.ts';
import { readLine, type StoredLine, wordsOf } from './stored-line.ts';

const room = { channelId: 'c1' } as unknown as ReadChannel;
const receivedAt = new Date('2026-01-02T03:04:10Z');
const line: StoredLine = {
  messageId: 'm1',
  userId: '202',
  login: 'alice',
  displayName: 'Alice',
  avatarUrl: null,
  roles: ['vip'],
  content: 'hello',
  sentAt: '2026-01-02T03:04:05.000Z',
};
const read = (payload: unknown, own = 'nobody') =>
  readLine(room, { eventType: 'chat.message.sent', payload, receivedAt }, (id) => (id as string) === own);

test('an emote is its name, and marked as an emote', () => {
  const words = (content: string) => {
    const { text, emotes = [] } = wordsOf(content);
    return [text, ...emotes.map(({ start, end }) => text.slice(start, end))];
  };
  expect(words('!cmd [emote:55:LUL]')).toEqual(['!cmd LUL', 'LUL']);
  expect(words('🎉 [emote:55:LUL]')).toEqual(['🎉 LUL', 'LUL']);
  expect(words('gg[emote:55:LUL]wp')).toEqual(['ggLULwp', 'LUL']);
  expect(words('[emote:55:LUL] [emote:7:o7]')).toEqual(['LUL o7', 'LUL', 'o7']);
  expect(words('!he[emote:55:]llo')).toEqual(['!he[emote:55:]llo', '[emote:55:]']);
  expect(words('a [emote] is [emote:no] token')).toEqual(['a [emote] is [emote:no] token']);
  expect(words('two  spaces stay')).toEqual(['two  spaces stay']);
});

test('roles are what badges say: a founder is a subscriber, a gifter of subscriptions is none, the streamer is a moderator', () => {
  expect(rolesOf(['subscriber', 'vip'])).toEqual(['subscriber', 'vip']);
  expect(rolesOf(['founder', 'subscriber'])).toEqual(['subscriber']);
  expect(rolesOf(['sub_gifter', 'og', 'verified', 'staff', 'toString'])).toEqual([]);
  expect(rolesOf(['broadcaster', 'moderator'])).toEqual(['moderator']);
});

test('a stored line becomes a message; without a time of its own it is as old as its delivery', () => {
  expect(read(line)).toMatchObject({
    messageId: 'm1',
    text: 'hello',
    sentAtMs: Date.parse('2026-01-02T03:04:05Z'),
    isOwn: false,
    isBacklog: false,
    author: { platformUserId: '202', login: 'alice', displayName: 'Alice', roles: new Set(['vip']) },
  });
  expect(read({ ...line, sentAt: null })?.sentAtMs).toBe(receivedAt.getTime());
  expect(read({ ...line, futureField: 1 })).not.toBeNull();
  for (const payload of [null, {}, 'x', { ...line, userId: 5 }, { ...line, sentAt: 'yesterday' }]) {
    expect(read(payload)).toBeNull();
  }
});

test('our own line keeps its emotes as we wrote them: it is compared with what we sent', () => {
  expect(read({ ...line, content: 'hi [emote:1:x]' }, '202')).toMatchObject({ isOwn: true, text: 'hi [emote:1:x]' });
});
