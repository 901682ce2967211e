/** The tag `emotes`: `id:from-to,from-to/id:…`, zero-based and inclusive, counted in code points (docs/platforms/twitch.md#privmsg). */
import type { Emote } from '../../worker-side.ts';

const PLACE = /^(\d+)-(\d+)$/;
const BEYOND_ONE_UNIT = /[\ud800-\udfff]/;

/** @returns undefined without any; a place that the text does not have is left out */
export function emotesIn(tag: string, text: string): readonly Emote[] | undefined {
  if (tag === '') return undefined;
  const units = BEYOND_ONE_UNIT.test(text) ? unitsOf(text) : null;
  const found = tag.split('/').flatMap((emote) =>
    emote
      .slice(emote.indexOf(':') + 1)
      .split(',')
      .flatMap((place) => {
        const [, from, to] = PLACE.exec(place) ?? [];
        const start = unitAt(Number(from), text, units);
        const end = unitAt(Number(to) + 1, text, units);
        return start !== undefined && end !== undefined && start < end ? [{ start, end }] : [];
      }),
  );
  return found.length === 0 ? undefined : found;
}

function unitAt(codePoint: number, text: string, units: readonly number[] | null): number | undefined {
  if (units !== null) return units[codePoint];
  return codePoint <= text.length ? codePoint : undefined;
}

/** Where each code point begins, and where the text ends. */
function unitsOf(text: string): readonly number[] {
  const units = [0];
  let at = 0;
  for (const character of text) {
    at += character.length;
    units.push(at);
  }
  return units;
}
