/** What a chat line may mean beside what it says: the same without a mention of the bot in front, and without emotes at its ends (docs/contract/workers.md#matching). */
import { trimEndOf } from '../../lib/trim-end.ts';
import type { ChatMessage } from '../../platforms/worker-side.ts';
import { comparable, UNSEEN } from './matching.ts';

type Line = Pick<ChatMessage, 'text' | 'emotes' | 'addressedEnd'>;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

const AT = '@';
/** Between a mention and what is said. */
const SEPARATORS = /^[\s,:\p{Default_Ignorable_Code_Point}\u2800]*/u;
const SEPARATOR = /[\s,:]/u;

/** Cheap: nearly every line is what it says and nothing else. */
export function hasOtherReadings({ text, emotes, addressedEnd }: Line): boolean {
  return emotes !== undefined || addressedEnd !== undefined || text.includes(AT);
}

/** Texts to look for when the line itself is no command, in this order. Nothing is ever taken from inside a line. */
export function otherReadings(line: Line, names: OwnNames): readonly string[] {
  const whole = { start: 0, end: line.text.length };
  const bare = withoutEmotes(line, whole);
  const found = [bare, ...[whole, bare].flatMap((stretch) => withoutMentions(line, stretch, names))];
  return found.map(({ start, end }) => line.text.slice(start, end));
}

/** Without the mentions in front, and that without emotes at its ends; nothing where none is in front. */
function withoutMentions(line: Line, { start, end }: Stretch, names: OwnNames): readonly Stretch[] {
  const rest = { start: endOfMentions(line, { start, end }, names), end };
  return rest.start === start ? [] : [rest, withoutEmotes(line, rest)];
}

function withoutEmotes({ text, emotes = [] }: Line, stretch: Stretch): Stretch {
  let { start, end } = stretch;
  const inside = emotes.filter((one) => one.start >= start && one.end <= end).sort((a, b) => a.start - b.start);
  for (const emote of inside) {
    if (startOfSeen(text, start, end) !== emote.start) break;
    start = emote.end;
  }
  for (const emote of inside.toReversed()) {
    if (emote.start < start || start + trimEndOf(text.slice(start, end), UNSEEN).length !== emote.end) break;
    end = emote.start;
  }
  return { start, end };
}

function endOfMentions({ text, addressedEnd = 0 }: Line, { start, end }: Stretch, names: OwnNames): number {
  let at = start;
  for (;;) {
    const from = startOfSeen(text, at, end);
    const mentionEnd = from < addressedEnd ? addressedEnd : endOfTyped(text.slice(from, end), names, from);
    if (mentionEnd === null) return at;
    at = mentionEnd + (SEPARATORS.exec(text.slice(mentionEnd, end))?.[0].length ?? 0);
  }
}

function endOfTyped(rest: string, names: OwnNames, from: number): number | null {
  const length = rest.startsWith(AT) ? names.lengthIn(rest.slice(AT.length)) : 0;
  return length === 0 ? null : from + AT.length + length;
}

function startOfSeen(text: string, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (!UNSEEN.test(character)) break;
    at += character.length;
  }
  return at;
}

/** What people call our accounts in a chat. */
export class OwnNames {
  readonly #names: ReadonlySet<string>;
  readonly #longest: number;

  constructor(names: Iterable<string>) {
    this.#names = new Set([...names].map(comparableName).filter((name) => name !== ''));
    // Typed decomposed, a letter takes two units.
    this.#longest = 2 * Math.max(0, ...[...this.#names].map((name) => name.length));
  }

  /** @returns how long the name of ours is that the text begins with and that ends there; 0 where there is none */
  lengthIn(text: string): number {
    for (let end = Math.min(text.length, this.#longest + 1); end > 0; end -= 1) {
      const isEnd = end === text.length || SEPARATOR.test(text.charAt(end));
      if (isEnd && this.#names.has(comparable(text.slice(0, end)))) return end;
    }
    return 0;
  }
}

function comparableName(name: string): string {
  return comparable(name.trim().replace(/^@+/, ''));
}
