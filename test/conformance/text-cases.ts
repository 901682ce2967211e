/** Conformance: texts arrive as they were written, at any length the platform takes, in any script. */
import { expect, test } from 'vitest';
import type { PlatformLimits } from '../../src/platforms/platform.ts';
import { room, type Subject } from './world.ts';

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
  test.for(Object.entries(SCRIPTS))('%s is understood and said byte for byte', async ([, text]) => {
    const { say, answers, queue, channelId, finished, until, said } = await room(subject, (world, id) =>
      world.addCommand(id, text, `${text} !`),
    );
    say('mira_k', text);
    expect((await answers()).map(bytes)).toEqual([bytes(`${text} !`)]);
    await queue(channelId, text);
    await until(() => expect(said('northpine')).toHaveLength(3));
    expect(bytes((await finished())[2] ?? '')).toBe(bytes(text));
  });

  test('the longest message goes out whole; one more character, and it is cut between characters and says so', async () => {
    const { say, answers, queue, channelId, limits, until, said, fates, addCommand } = await room(subject);
    const longest = filled(limits.message);
    const longer = `${longest}!`;
    await addCommand(channelId, '!longer', longer);
    await queue(channelId, longest, longer);
    await until(() => expect(said('northpine')).toHaveLength(2));
    const [whole = '', cut = ''] = said('northpine');
    expect(whole).toBe(longest);
    expectCut(cut, longer, limits.message);
    await until(async () => {
      for (const fate of await fates(channelId)) expect(fate).toMatchObject({ status: 'sent', attempts: 1 });
    });
    await expect
      .poll(async () => {
        say('mira_k', '!longer');
        return (await answers()).at(-1);
      })
      .toBe(cut);
  });

  test('control characters become spaces: no text can break out of its line', async () => {
    const { queue, channelId, until, said } = await room(subject);
    await queue(channelId, 'one\r\ntwo\tthree\u0007four\u0085five\u2028six', '\u0001ACTION waves\u0001');
    await until(() => expect(said('northpine')).toEqual(['one two three four five six', 'ACTION waves']));
  });

  test('a leading / or . never reaches the platform as a command of its own', async () => {
    const { queue, channelId, until, said } = await room(subject);
    await queue(channelId, '/ban mira_k', '.timeout mira_k', ' / ./me waves');
    await until(() => expect(said('northpine')).toEqual(['ban mira_k', 'timeout mira_k', 'me waves']));
  });
}

function bytes(text: string): string {
  return Buffer.from(text).toString('hex');
}

function lengthIn({ unit }: PlatformLimits['message'], text: string): number {
  return unit === 'utf16' ? text.length : Array.from(text).length;
}

/** As long as the platform takes, with a character of two units at the very end. */
function filled(limit: PlatformLimits['message']): string {
  const words = 'word '.repeat(limit.max).slice(0, limit.max - lengthIn(limit, WIDE) - 1);
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
