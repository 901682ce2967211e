import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHOSEN_PAIRS, seededPairs } from '../../../test/support/trigger-pairs.ts';
import { isBlank } from '../../lib/plain-text.ts';
import { comparable } from './matching.ts';

/** Everything that the rules speak of, close together. */
const UNITS = [
  ...'iIİıkKσΣςsßaà\u0301\u0307\u0323\u0315\u0345\u0338',
  ...' \t\r\n\u00a0\u00ad\u034f\u115f\u200b\u200d\u2800',
].concat([
  '\ufe0e',
  '\ufe0f',
  '\ufeff',
  '\u{e0000}',
  '\u{e0fff}',
  '\u212a',
  '\u1100',
  '\u1161',
  '\u11a8',
  '\ud83d',
  '😀',
  '漢',
]);
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 12 }));

test('what is compared is compared with itself only: the form of a form is that form', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(comparable(comparable(text))).toBe(comparable(text));
    }),
    { numRuns: 2000 },
  );
});

test('other writers store a trigger trimmed and in lower case: it is compared as what was written', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(comparable(text.trim().toLowerCase())).toBe(comparable(text));
    }),
    { numRuns: 2000 },
  );
});

test('decomposed, or with what nobody sees around it or in its emoji, a text is the same', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const form = comparable(text);
      expect(comparable(text.normalize('NFD'))).toBe(form);
      expect(comparable(`\u200b\u2800 ${text}\u034f\u{e0000}\ufe0f`)).toBe(form);
      expect(form === '').toBe(isBlank(text.replace(/\p{Cc}/gu, (control) => (/\s/.test(control) ? ' ' : 'x'))));
    }),
    { numRuns: 2000 },
  );
});

test('a text of usual characters takes the short way to the same form', () => {
  const unit = fc.oneof(
    ...[
      [0x20, 0xff],
      [0x400, 0x52f],
      [0x2010, 0x2026],
      [0x3040, 0x30ff],
      [0x4e00, 0x4fff],
      [0xac00, 0xadff],
      [0xd800, 0xdfff],
    ].map(([min, max]) => fc.integer({ min: min ?? 0, max: max ?? 0 }).map((code) => String.fromCharCode(code))),
    fc.integer({ min: 0x1f000, max: 0x1fbff }).map((code) => String.fromCodePoint(code)),
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 8 }), (text) => {
      expect(comparable(`\u200b${text}`)).toBe(comparable(text));
    }),
    { numRuns: 5000 },
  );
});

test('inside, nothing but what keyboards put into an emoji is left out', () => {
  expect(comparable('one\r\ntwo  three')).toBe('one\ntwo  three');
  expect(comparable('a\u200bb')).toBe('a\u200bb');
  expect(comparable('👩‍👧❤️')).toBe('👩👧❤');
});

describe('a trigger that is saved and one that is typed', () => {
  test.each(CHOSEN_PAIRS)('$saved and $typed: one is the other: $isSame', ({ saved, typed, isSame }) => {
    expect(comparable(saved) === comparable(typed)).toBe(isSame);
  });

  test('are one exactly when they differ in nothing that counts, for 300 of a seed', () => {
    for (const { saved, typed, isSame } of seededPairs(300)) {
      expect([saved, typed, comparable(saved) === comparable(typed)]).toEqual([saved, typed, isSame]);
    }
  });
});
