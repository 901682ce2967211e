/** Triggers as they are saved and as viewers type them, and whether the two are one: chosen by hand, and by a seed. */
import fc from 'fast-check';

export interface TriggerPair {
  readonly saved: string;
  readonly typed: string;
  readonly isSame: boolean;
}

const pair = (saved: string, typed: string, isSame = true): TriggerPair => ({ saved, typed, isSame });

/** Every kind of difference once; all of them have to survive the way through each platform. */
export const CHOSEN_PAIRS: readonly TriggerPair[] = [
  pair('!ping', '!PING\u034f'),
  pair('!wave', '\u200b\u2060!wave \u{e0000}\u{e0020}'),
  pair('!dots', '\u2800!dots\u2800 \u00ad'),
  pair('!filler', '!filler\u3164\ufe0f'),
  pair('!й', '!\u0438\u0306'),
  pair('!cafe\u0301', '!CAFÉ'),
  pair('!HİLE', '!hile'),
  pair('!izgara', '!İzgara'),
  pair('!❤️', '!❤'),
  pair('☺', '☺︎'),
  pair('!👩‍👧', '!👩👧'),
  pair('!한', '!\u1112\u1161\u11ab'),
  pair('!two words', '!Two Words'),
  pair('!one', '!one two', false),
  pair('!three', '! three', false),
  pair('!e', '!é', false),
  pair('!ки', '!кй', false),
  pair('!four  five', '!four five', false),
  pair('!six seven', '!six  seven', false),
  pair('!six\u200bseven', '!sixseven', false),
  pair('!straße', '!strasse', false),
];

const LETTERS = [...'abcikzайёщїé09_-?!', '漢', '😀', '👍🏽', '❤', '한', 'ế'];
const UNSEEN = [' ', '\u00a0', '\u2003', '\u034f', '\u200b', '\u2060', '\u2800', '\u3164', '\ufeff', '\u{e0001}'];
const SELECTORS = ['\ufe0e', '\ufe0f', '\u200d'];

const spelling = fc.record({
  form: fc.constantFrom('NFC', 'NFD'),
  isUpper: fc.boolean(),
  before: fc.array(fc.constantFrom(...UNSEEN), { maxLength: 3 }),
  after: fc.array(fc.constantFrom(...UNSEEN, ...SELECTORS), { maxLength: 3 }),
  inside: fc.option(fc.constantFrom(...SELECTORS)),
});

const seededPair = fc
  .record({
    core: fc.array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 6 }),
    saved: spelling,
    typed: spelling,
    more: fc.option(fc.constantFrom('x', '.', '漢', ' y'), { freq: 3 }),
  })
  .map(({ core, saved, typed, more }): TriggerPair => {
    const written = more === null ? core : [...core, more];
    return { saved: spell(core, saved), typed: spell(written, typed), isSame: more === null };
  });

/** The same ones each time. */
export function seededPairs(count: number): readonly TriggerPair[] {
  return fc.sample(seededPair, { numRuns: count, seed: 20261130 });
}

type Spelling = typeof spelling extends fc.Arbitrary<infer S> ? S : never;

function spell(letters: readonly string[], { form, isUpper, before, after, inside }: Spelling): string {
  const text = letters.join(inside ?? '').normalize(form);
  return [...before, isUpper ? text.toUpperCase() : text, ...after].join('');
}
