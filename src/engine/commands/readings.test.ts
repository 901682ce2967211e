import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Emote } from '../../platforms/worker-side.ts';
import { comparable } from './matching.ts';
import { hasOtherReadings, OwnNames, otherReadings } from './readings.ts';

const names = new OwnNames(['HelperBot', '@Помощник Чата', 'İna', '', ' ']);

/** A line in which emotes stand in brackets. */
function read(marked: string, addressedEnd?: number): string[] {
  const emotes: Emote[] = [];
  let text = '';
  for (const part of marked.split(/(\[[^\]]*\])/)) {
    const start = text.length;
    text += part.replace(/^\[(.*)\]$/, '$1');
    if (part.startsWith('[')) emotes.push({ start, end: text.length });
  }
  const line = { text, emotes: emotes.length === 0 ? undefined : emotes.reverse(), addressedEnd };
  return hasOtherReadings(line) ? [...new Set(otherReadings(line, names).map(comparable))] : [];
}

test('emotes at the ends of a line are left out, and none inside it', () => {
  expect(read('!hi [Kappa]')).toEqual(['!hi']);
  expect(read('[Kappa][LUL]  !hi \u200b[Kappa] [LUL]\u034f')).toEqual(['!hi']);
  expect(read('[LUL] !say [Kappa] hi [LUL]')).toEqual(['!say kappa hi']);
  expect(read('!he[Kappa]llo')).toEqual(['!hekappallo']);
  expect(read('[Kappa] [LUL]')).toEqual(['']);
  expect(read('[Kappa]')).toEqual(['']);
  expect(read('!hi Kappa')).toEqual([]);
});

test('a mention of the bot in front is left out, with a comma or without, and no other', () => {
  const means = (text: string, ...others: string[]) => expect(read(text)).toEqual([comparable(text), ...others]);
  means('@helperbot !hi', '!hi');
  means('@HelperBot, !hi', '!hi');
  means(' \u200b@helperbot:\u2800!hi', '!hi');
  means('@helperbot @HELPERBOT , !hi', '!hi');
  means('@помощник чата, !hi', '!hi');
  means('@ina !hi', '!hi');
  means('@helperbot', '');
  means('@helperbot2 !hi');
  means('@helperbot!hi');
  means('@otto !hi');
  means('@otto @helperbot !hi');
  means('!hi @helperbot');
  expect(read('helperbot !hi')).toEqual([]);
});

test('what the platform marks as put there for the bot is left out, by whatever name it goes', () => {
  expect(read('@renamed_bot !hi', 12)).toEqual(['@renamed_bot !hi', '!hi']);
  expect(read('@renamed_bot!hi', 12)).toEqual(['@renamed_bot!hi', '!hi']);
  expect(read('@renamed_bot, @helperbot !hi', 12)).toEqual(['@renamed_bot, @helperbot !hi', '!hi']);
});

test('mention and emotes may both be there, in any order', () => {
  expect(read('@helperbot !hi [Kappa]')).toEqual(['@helperbot !hi', '!hi kappa', '!hi']);
  expect(read('[Kappa] @helperbot [LUL] !hi')).toEqual(['@helperbot lul !hi', 'lul !hi', '!hi']);
});

test('whatever a line holds, a reading is a stretch of it, and what is inside is never taken out', () => {
  const part = fc.constantFrom(
    '!hi',
    '[Kappa]',
    '[]',
    ' ',
    '@helperbot',
    '@otto',
    ',',
    '\u200b',
    '😀',
    '@',
    '[😀]',
    'x',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 9 }), (parts) => {
      const text = comparable(parts.join('').replaceAll(/[[\]]/g, ''));
      for (const reading of read(parts.join(''))) expect(text).toContain(reading);
    }),
    { numRuns: 2000 },
  );
});
