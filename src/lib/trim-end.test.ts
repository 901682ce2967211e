import { expect, test } from 'vitest';
import { trimEndOf } from './trim-end.ts';

const SLASH = /^\/$/;
const INVISIBLE = /^[\s\u{e0000}]$/u;

test.each([
  ['a//', SLASH, 'a'],
  ['//a/b', SLASH, '//a/b'],
  ['///', SLASH, ''],
  ['', SLASH, ''],
  ['hi \u{e0000} \u{e0000}', INVISIBLE, 'hi'],
  ['hi\u{1f600}\u{e0000}', INVISIBLE, 'hi\u{1f600}'],
  ['\udc00', INVISIBLE, '\udc00'],
])('of %j exactly what matches goes from the end', (text, one, left) => {
  expect(trimEndOf(text, one)).toBe(left);
});

test('a run of a million in front of another character costs no more than the run', () => {
  const before = process.cpuUsage();
  expect(trimEndOf(`${'/'.repeat(1_000_000)}x`, SLASH)).toHaveLength(1_000_001);
  expect(trimEndOf('/'.repeat(1_000_000), SLASH)).toBe('');
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(2000);
});
