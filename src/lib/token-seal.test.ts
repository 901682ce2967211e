import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenSeal, parseSealKeys } from './token-seal.ts';

const oldKey = randomBytes(32);
const newKey = randomBytes(32);

test('any token comes back as it was, and its sealed form neither shows nor repeats it', () => {
  const seal = createTokenSeal([newKey]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 12 }), (token) => {
      const stored = seal.seal(token);
      expect(seal.open(stored)).toBe(token);
      expect(stored).not.toContain(token);
      expect(seal.seal(token)).not.toBe(stored);
    }),
  );
});

test('after a rotation old values open, are known as not current, and new ones need the new key alone', () => {
  const stored = createTokenSeal([oldKey]).seal('token');
  const rotated = createTokenSeal([newKey, oldKey]);
  expect(rotated.open(stored)).toBe('token');
  expect(rotated.isCurrent(stored)).toBe(false);

  const again = rotated.seal('token');
  expect(rotated.isCurrent(again)).toBe(true);
  expect(createTokenSeal([newKey]).open(again)).toBe('token');
  expect(() => createTokenSeal([newKey]).open(stored)).toThrow(/^No key /);
});

test('a token stored before sealing opens as it is and waits to be sealed', () => {
  const seal = createTokenSeal([newKey]);
  expect(seal.open('legacy-plain-token')).toBe('legacy-plain-token');
  expect(seal.isCurrent('legacy-plain-token')).toBe(false);
});

test('a changed or shortened value never opens', () => {
  const seal = createTokenSeal([newKey]);
  const stored = seal.seal('token');
  const start = stored.lastIndexOf('.') + 1;
  fc.assert(
    fc.property(fc.integer({ min: start, max: stored.length - 2 }), (at) => {
      const changed = stored.slice(0, at) + (stored[at] === 'A' ? 'B' : 'A') + stored.slice(at + 1);
      expect(() => seal.open(changed)).toThrow();
      expect(() => seal.open(stored.slice(0, at))).toThrow();
    }),
  );
});

test('keys are read in order, and a wrong one is named by its place only', () => {
  const list = ` ${oldKey.toString('base64')}, ${newKey.toString('base64')} `;
  expect(parseSealKeys(list)).toEqual([oldKey, newKey]);
  expect(() => parseSealKeys(`${oldKey.toString('base64')},c2hvcnQ=`)).toThrow('key 2 is not 32 bytes of base64');
});
