import { expect, test } from 'vitest';
import { admission } from '../../../engine/commands/audience.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { chatPage } from './chat.external.ts';
import { lineIn, toMessage } from './message.ts';

const MARKS = { channelId: 'c1' as ChannelId, isBacklog: false, isOwn: false };
const NOW_MS = Date.parse('2026-11-22T10:06:00Z');

function read(item: object) {
  const page = chatPage.parse({ items: [item] });
  const [first] = page.items;
  const line = first && lineIn(first, NOW_MS);
  return first && line ? toMessage(first.id, line, MARKS) : null;
}

function item(author: object = {}, snippet: object = {}) {
  return {
    id: 'LCC.1',
    snippet: {
      type: 'textMessageEvent',
      publishedAt: '2026-11-22T10:05:08.479833+00:00',
      displayMessage: ' !hi ',
      ...snippet,
    },
    authorDetails: { channelId: 'UCMira', displayName: '@Mira_K', profileImageUrl: 'https://yt3.example/x', ...author },
  };
}

test('a line carries who wrote it, when, and as whom', () => {
  expect(read(item({ isChatModerator: true, isChatSponsor: true }))).toEqual({
    provider: 'youtube',
    channelId: 'c1',
    messageId: 'LCC.1',
    author: {
      platformUserId: 'UCMira',
      login: 'ucmira',
      otherLogins: ['mira_k'],
      displayName: '@Mira_K',
      avatarUrl: 'https://yt3.example/x',
      roles: new Set(['moderator', 'subscriber']),
    },
    text: '!hi',
    sentAtMs: Date.parse('2026-11-22T10:05:08.479Z'),
    isBacklog: false,
    isOwn: false,
  });
  expect(read(item({ isChatOwner: true }))?.author.roles).toEqual(new Set(['moderator']));
});

test('a command for named viewers admits them by channel id and by handle, never by a name anybody may take', () => {
  const admits = (allowed: string, author: object) => {
    const audience = { allowedUsers: [allowed], allowedRoles: [], vkvideoAllowedRoleIds: [] };
    const message = read(item(author));
    return message !== null && admission(audience, message.author) === 'admitted';
  };
  expect(admits('ucmira', {})).toBe(true);
  expect(admits('mira_k', {})).toBe(true);
  expect(admits('mira_k', { displayName: 'mira_k' })).toBe(false);
  expect(admits('mira_k', { channelId: 'UCOther', displayName: '@somebody' })).toBe(false);
});

test('what nobody wrote is no line, and what is no item is counted', () => {
  expect(read(item({}, { type: 'tombstone', displayMessage: undefined }))).toBeNull();
  expect(read(item({}, { displayMessage: '   ' }))).toBeNull();
  expect(read({ ...item(), authorDetails: undefined })).toBeNull();
  expect(read(item({}, { type: 'eventOfTomorrow' }))).toBeNull();
  const page = chatPage.parse({ items: [null, 7, { id: '' }, { snippet: {} }, item()], nextPageToken: '' });
  expect([page.items.length, page.unreadable, page.nextPageToken]).toEqual([1, 4, null]);
  expect(() => chatPage.parse('no page')).toThrow();
  expect(chatPage.parse({}).items).toEqual([]);
});

test('a line without a readable time is as new as now', () => {
  expect(read(item({}, { publishedAt: 'soon' }))?.sentAtMs).toBe(NOW_MS);
});
