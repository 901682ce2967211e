import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chatText, lengthOf } from './wording.ts';

const LIMIT = { max: 40, unit: 'utf16' } as const;

test.each([
  [' / ./ban mira_k\r\nnow ', 'ban mira_k now'],
  ['. /me waves', 'me waves'],
  ['half/way.', 'half/way.'],
  ['one\u0000\u2028two', 'one two'],
  ['\n /. \u0007', ''],
  ['/\u200b \u2800\ufe0f', ''],
  ['\u034f!', '\u034f!'],
])('%j is shown as %j: one line, no command in front', (text, shown) => {
  expect(chatText(text, LIMIT)).toBe(shown);
});

test('whatever a row holds, a sender gets a text that it can send as it is', () => {
  const anything = fc.string({
    unit: fc.constantFrom('/', '.', ' ', '\n', '\u0000', '\ud83d', '😀', 'a', '\u2028', '\u200b'),
  });
  const units = fc.constantFrom('utf16' as const, 'codePoint' as const);
  fc.assert(
    fc.property(anything, units, (text, unit) => {
      const shown = chatText(text, { max: 5, unit });
      expect(shown).not.toMatch(/^[\s/.]|[\p{Cc}\u2028\u2029]|\s$/u);
      expect(shown.isWellFormed()).toBe(true);
      expect(shown === '' || /[/.😀a…\ufffd]/u.test(shown)).toBe(true);
      expect(lengthOf(shown, unit)).toBeLessThanOrEqual(5);
      expect(chatText(shown, { max: 5, unit })).toBe(shown);
    }),
  );
});
