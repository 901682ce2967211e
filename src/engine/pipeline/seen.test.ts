import { expect, test } from 'vitest';
import { SeenIds } from './seen.ts';

test('an id is new once, for at least as long as so many others follow, and not for ever', () => {
  const seen = new SeenIds(100);
  expect(seen.isNew('first')).toBe(true);
  for (let index = 0; index < 100; index += 1) expect(seen.isNew(`other ${index}`)).toBe(true);
  expect(seen.isNew('first')).toBe(false);
  expect(seen.isNew('other 0')).toBe(false);
  for (let index = 100; index < 300; index += 1) seen.isNew(`other ${index}`);
  expect(seen.isNew('first')).toBe(true);
});
