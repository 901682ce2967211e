import { expect, test } from 'vitest';
import { addressed } from '../demo/chat.ts';
import type { Room } from '../demo/stage.ts';
import { platforms } from '../src/platforms/all.ts';

const rooms = platforms.map((platform) => ({ platform }) as Pick<Room, 'platform'>);

test.each([
  ['!hello', 'twitch', '!hello'],
  ['kick: !hello', 'kick', '!hello'],
  ['vk: !hello', 'vkvideo', '!hello'],
  ['VK Video Live:!hello', 'vkvideo', '!hello'],
  ['vkvideo: a: b', 'vkvideo', 'a: b'],
  ['YouTube : !time', 'youtube', '!time'],
  ['t: !hello', 'twitch', 't: !hello'],
  ['look here: a link', 'twitch', 'look here: a link'],
])('the line "%s" goes to %s', (line, id, text) => {
  const found = addressed(rooms, line);
  expect([found.room?.platform.id, found.text]).toEqual([id, text]);
});
