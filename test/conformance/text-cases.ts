/** Conformance: texts arrive as they were written, at any length the platform takes, in any script. */
import { expect, test } from 'vitest';
import type { PlatformLimits } from '../../src/platforms/platform.ts';
import { CHOSEN_PAIRS } from '../support/trigger-pairs.ts';
import { room, STREAMER, type Subject } from './world.ts';

const SCRIPTS = {
  cyrillic: 'съешь ещё этих мягких французских булок',
  han: '你好，世界 𠮷野家 こんにちは 안녕하세요',
  'right to left': 'שלום עולם مرحبا بالعالم',
  'joined emoji': '👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 ❤️‍🔥 ok',
  'combining marks': 'e\u0301 a\u0308 z\u0351\u036b\u0343 end',
} as const;

/** Two UTF-16 units, one code point. */
const WIDE = '😀';

export function textCases(subject: Subject): void {
  test(`${Object.keys(SCRIPTS).join(', ')}: understood, and said byte for byte`, async () => {
    const texts = Object.values(SCRIPTS);
    const answers = texts.map((text) => `${text} !`);
    const { say, queue, channelId, until, said } = await room(subject, async (world, id) => {
      for (const [index, text] of texts.entries()) await world.addCommand(id, text, answers[index] ?? '');
    });
    for (const text of texts) say('mira_k', text);
    await until(() => expect(said(STREAMER).map(bytes)).toEqual(answers.map(bytes)));
    await queue(channelId, ...texts);
    await until(() => expect(said(STREAMER).map(bytes)).toEqual([...answers, ...texts].map(bytes)));
  });

  test('a trigger is answered in every spelling that is the same to people, and in no other', async () => {
    const { say, answers } = await room(subject, async (world, id) => {
      for (const [index, { saved }] of CHOSEN_PAIRS.entries()) await world.addCommand(id, saved, `answer ${index}`);
    });
    for (const { typed } of CHOSEN_PAIRS) say('mira_k', typed);
    const expected = CHOSEN_PAIRS.flatMap(({ isSame }, index) => (isSame ? [`answer ${index}`] : []));
    expect(await answers()).toEqual(expected);
  });

  test('the longest message goes out whole; one more character, and it is cut between characters and says so', async () => {
    const { say, answers, queue, channelId, limits, until, said, fates } = await room(subject, (world, id) =>
      world.addCommand(id, '!longer', `${filled(world.limits.message, 'answer ')}!`),
    );
    const longest = filled(limits.message, 'word ');
    await queue(channelId, longest, `${longest}!`);
    await until(() => expect(said(STREAMER)).toHaveLength(2));
    await until(async () => {
      for (const fate of await fates(channelId)) expect(fate).toMatchObject({ status: 'sent', attempts: 1 });
    });
    say('mira_k', '!longer');
    const [whole, cut = '', cutAnswer = ''] = await answers();
    expect(whole).toBe(longest);
    expectCut(cut, `${longest}!`, limits.message);
    expectCut(cutAnswer, `${filled(limits.message, 'answer ')}!`, limits.message);
  });

  test('control characters become spaces: no text can break out of its line', async () => {
    const { queue, channelId, until, said } = await room(subject);
    await queue(channelId, 'one\r\ntwo\tthree\u0007four\u0085five\u2028six', '\u0001ACTION waves\u0001');
    await until(() => expect(said(STREAMER)).toEqual(['one two three four five six', 'ACTION waves']));
  });

  test('a leading / or . never reaches the platform as a command of its own', async () => {
    const { queue, channelId, until, said } = await room(subject);
    await queue(channelId, '/ban mira_k', '.timeout mira_k', ' / ./me waves');
    await until(() => expect(said(STREAMER)).toEqual(['ban mira_k', 'timeout mira_k', 'me waves']));
  });
}

function bytes(text: string): string {
  return Buffer.from(text).toString('hex');
}

function lengthIn({ unit }: PlatformLimits['message'], text: string): number {
  return unit === 'utf16' ? text.length : Array.from(text).length;
}

/** As long as the platform takes, with a character of two units at the very end. */
function filled(limit: PlatformLimits['message'], word: string): string {
  const words = word.repeat(limit.max).slice(0, limit.max - lengthIn(limit, WIDE) - 1);
  return `${words}x${WIDE}`;
}

/** Begins as the text does, ends in `…`, halves no character, and has no room for one more. */
function expectCut(cut: string, text: string, limit: PlatformLimits['message']): void {
  expect(cut.isWellFormed()).toBe(true);
  expect(cut.endsWith('…')).toBe(true);
  const kept = cut.slice(0, -1);
  expect(text.startsWith(kept)).toBe(true);
  expect(lengthIn(limit, cut)).toBeLessThanOrEqual(limit.max);
  const [next = ''] = text.slice(kept.length);
  expect(lengthIn(limit, cut + next)).toBeGreaterThan(limit.max);
}
