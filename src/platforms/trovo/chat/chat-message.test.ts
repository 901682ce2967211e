import { expect, test } from 'vitest';
import { kindOf, streamState } from './chat-message.ts';
import { chatItem } from './frames.external.ts';
import { isExempt } from './lines.ts';

test('the stream runs by stream_on and stops by stream_off; other words mean what the contract says', () => {
  const running = ['stream_on', ' STREAM_ON ', 'online', 'stream start', 'went live', '1'];
  const over = ['stream_off', 'offline', 'stream ended', 'stop', '0'];
  const neither = ['', ' ', 'item_drop', '10', null, undefined];
  expect(running.map(streamState)).toEqual(running.map(() => true));
  expect(over.map(streamState)).toEqual(over.map(() => false));
  expect(neither.map(streamState)).toEqual(neither.map(() => null));
});

test('only what viewers write is chat', () => {
  const all = [0, 5, 6, 7, 8, 9, 19, 5001, 5004, 5009, 5012, 5013, 5010, -1];
  expect(all.filter((type) => kindOf(type) === 'written')).toEqual([0, 6, 7, 8, 9]);
  expect(all.filter((type) => kindOf(type) === 'unknown')).toEqual([5010, -1]);
});

test('members of an unexpected type are as good as missing; only the type of the item decides', () => {
  const odd = chatItem.parse({ type: '0', content: { a: 1 }, uid: true, roles: 'mod', send_time: 'soon', avatar: 7 });
  expect(odd).toMatchObject({ type: 0, content: null, uid: null, roles: null, send_time: null, avatar: null });
  expect(chatItem.parse({ type: 0, content: 42, send_time: '1767323045', uid: 0 })).toMatchObject({
    content: '42',
    send_time: 1_767_323_045,
    uid: '',
  });
  for (const type of [undefined, null, 'zero', {}])
    expect(chatItem.safeParse({ type, content: 'x' }).success).toBe(false);
});

test('a role spares an account by its number, by its name only where there are no numbers', () => {
  const custom = (...types: number[]) => JSON.stringify(types.map((roleType) => ({ roleName: 'mod', roleType })));
  expect(isExempt({ custom_role: custom(100001), roles: [] })).toBe(true);
  expect(isExempt({ custom_role: custom(100006, 100000), roles: [] })).toBe(true);
  expect(isExempt({ custom_role: custom(200000), roles: ['mod'] })).toBe(false);
  expect(isExempt({ custom_role: 'null', roles: ['mod', 'follower'] })).toBe(true);
  expect(isExempt({ custom_role: '{not json', roles: ['follower'] })).toBe(false);
  expect(isExempt({ custom_role: null, roles: null })).toBe(false);
});
