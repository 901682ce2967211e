import { expect, test } from 'vitest';
import { channelUrl, isSameSlug, typedChannelUrl } from './channel-url.ts';

const URL_OF_NORTH = 'https://live.vkvideo.ru/northpine';

test.for([
  'northpine',
  ' northpine/ ',
  'live.vkvideo.ru/northpine',
  'https://live.vkvideo.ru/northpine',
  'http://live.vkvideo.ru/northpine/?from=search#chat',
  'https://live.vkvideo.ru//northpine//',
  'HTTPS://LIVE.VKVIDEO.RU/northpine',
  'https://live.vkplay.ru/northpine',
])('%j is the channel northpine, kept in one form', (typed) => {
  expect(typedChannelUrl(typed)).toEqual({ slug: 'northpine', url: URL_OF_NORTH });
  expect(channelUrl(typed)).toEqual({ slug: 'northpine', url: URL_OF_NORTH });
});

test.for([
  '',
  '   ',
  '/',
  'https://live.vkvideo.ru',
  'live.vkvideo.ru/',
  'two words',
  'ftp://live.vkvideo.ru/x y',
  'http://[',
  '?',
])('%j names no channel', (typed) => expect(typedChannelUrl(typed)).toBeNull());

test('people may name channels of VK alone; what VK itself answers is taken from any host', () => {
  for (const foreign of [
    'https://evil.example/northpine',
    'evil.example/northpine',
    'https://live.vkvideo.ru.evil.example/x',
  ]) {
    expect(typedChannelUrl(foreign)).toBeNull();
  }
  expect(channelUrl('http://127.0.0.1:4000/northpine')?.slug).toBe('northpine');
});

test('a name in another alphabet keeps its letters, and its address can be opened', () => {
  const name = { slug: 'сосна', url: 'https://live.vkvideo.ru/%D1%81%D0%BE%D1%81%D0%BD%D0%B0' };
  expect(typedChannelUrl('сосна')).toEqual(name);
  expect(typedChannelUrl('https://live.vkvideo.ru/%D1%81%D0%BE%D1%81%D0%BD%D0%B0')).toEqual(name);
  expect(typedChannelUrl('https://live.vkvideo.ru/100%')).toMatchObject({ slug: '100%' });
});

test('letter case makes no other channel', () => {
  expect(isSameSlug('NorthPine', 'northpine')).toBe(true);
  expect(isSameSlug('northpine', 'southoak')).toBe(false);
});
