/** How a chat line and a trigger are compared: the whole text, without regard to case, edges and spelling (docs/contract/workers.md#matching). */
import { trimEndOf } from '../../lib/trim-end.ts';

/** Longest line that can still be a command: 50 characters of trigger in their longest spelling, and what clients hang on at the ends. */
export const LONGEST_COMMAND_LINE = 300;

/**
 * Whatever is not Latin-1, Cyrillic, kana, Han, Hangul, usual punctuation or a plain emoji. None of those is ever composed with
 * another of them or left out, so that nearly every line is done without asking more.
 */
const UNUSUAL =
  /[^ -\u00ac\u00ae-\u00ff\u0400-\u0482\u048a-\u052f\u2013-\u201f\u2026\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3\ud83c-\ud83e\udc00-\udfff]/;
/** What chat clients append, and what else nobody sees. */
const UNSEEN_START = /^[\s\p{Default_Ignorable_Code_Point}\u2800]+/u;
/** Matches one character that does not count at the ends. */
export const UNSEEN = /^[\s\p{Default_Ignorable_Code_Point}\u2800]$/u;
/** Keyboards set them inside an emoji, or leave them out, as they like. */
const EMOJI_SELECTORS = /[\ufe0e\ufe0f\u200d]/g;
/** The lower case of `İ` is an `i` with a dot of its own, which other marks may have come before. */
const MARKED_I = /i(?:(?!\p{Default_Ignorable_Code_Point})\p{M})+/gu;
const DOT = '\u0307';

/**
 * The one form in which a trigger is compared, saved or typed. What it returns is its own form.
 *
 * @returns empty for a text of nothing visible
 */
export function comparable(text: string): string {
  if (!UNUSUAL.test(text)) return lowered(text.trim());
  const composed = text.replace(EMOJI_SELECTORS, '').normalize('NFC');
  const seen = trimEndOf(composed.replace(UNSEEN_START, ''), UNSEEN);
  return lowered(seen)
    .replace(MARKED_I, (marked) => marked.replaceAll(DOT, ''))
    .normalize('NFC');
}

function lowered(text: string): string {
  return text.replaceAll('\r\n', '\n').toLowerCase();
}
