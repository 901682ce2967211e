import { expect, test } from 'vitest';
import { platforms } from '../all.ts';
import type { Cause, CauseTable } from './cause.ts';
import { coreCauses } from './core.ts';
import { causeOf, meaningOf, said, storedReason } from './reasons.ts';

const tables: readonly (readonly [string, CauseTable])[] = [
  ['core', coreCauses],
  ...platforms.map(({ id, causes }) => [id, causes] as const),
];

const rows = tables.flatMap(([owner, table]) =>
  Object.entries(table).flatMap(([code, row]): [string, Cause][] =>
    typeof row === 'string' ? [] : [[`${owner} ${code}`, row]],
  ),
);

test('every cause is said in English and in Russian, with the same values in both', () => {
  for (const [name, { en, ru }] of rows) {
    expect([name, ...valuesIn(en)]).toEqual([name, ...valuesIn(ru)]);
    expect([name, en[1] === ''], 'a cure in one language alone').toEqual([name, ru[1] === '']);
    expect([name, ru[0]]).toEqual([name, expect.stringMatching(/[а-яё]/i)]);
  }
});

test('a broken bot names who acts or what to do, a healthy check needs nobody, and what heals by itself names no culprit', () => {
  for (const [name, { verdict, who, action, en }] of rows) {
    if (verdict === 'ok') expect([name, who, action, en[1]]).toEqual([name, null, 'none', '']);
    if (verdict === 'waiting') expect([name, en[1]]).toEqual([name, expect.stringMatching(/\S/)]);
    if (verdict === 'broken' && who === null) expect([name, action]).toEqual([name, 'none']);
  }
});

test('a text that means a cause leads to one', () => {
  for (const [owner, table] of tables) {
    for (const [text, row] of Object.entries(table)) {
      if (typeof row === 'string')
        expect([owner, text, causeOf(table, row as never)]).not.toContain(coreCauses.platform_refused);
    }
  }
});

test('no platform gives a code of the core another meaning', () => {
  const taken = tables
    .slice(1)
    .flatMap(([owner, table]) =>
      Object.keys(table).flatMap((code) => (code in coreCauses ? [`${owner} ${code}`] : [])),
    );
  expect(taken).toEqual([]);
});

test('a reason is read back from the text it was stored as, with the words of the platform', () => {
  const causes: CauseTable = {
    'Nest is not configured': 'no_bot',
    'nest.moved': coreCauses.renamed,
  };
  const back = (reason: string, detail?: string) =>
    meaningOf(causes, storedReason({ reason: reason as never, ...(detail === undefined ? {} : { detail }) }));
  expect(back('banned')).toEqual({ cause: 'banned', detail: null });
  expect(back('Nest is not configured')).toEqual({ cause: 'no_bot', detail: null });
  expect(back('nest.moved', 'not_listed: twice')).toEqual({ cause: 'nest.moved', detail: 'not_listed: twice' });
  expect(back('platform_refused', 'Nest error: 403')).toEqual({ cause: 'platform_refused', detail: 'Nest error: 403' });
});

test('words that nobody has read before are shown as the platform said them', () => {
  expect(meaningOf({}, 'strange_new_code')).toEqual({ cause: 'platform_refused', detail: 'strange_new_code' });
  expect(said({}, 'strange_new_code')).toEqual({ reason: 'platform_refused', detail: 'strange_new_code' });
  expect(said({}, 'banned')).toEqual({ reason: 'banned' });
  expect(meaningOf({}, 'constructor')).toEqual({ cause: 'platform_refused', detail: 'constructor' });
});

function valuesIn(words: readonly string[]): readonly string[] {
  return [...new Set(words.join(' ').match(/\{\w+\}/g))].sort();
}
