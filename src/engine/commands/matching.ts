/** How a chat line and a trigger are compared: the whole line, without regard to case and edges (docs/contract/workers.md#matching). */
import { trimEndOf } from '../../lib/trim-end.ts';

/** Longest line that can still be a command: 50 characters of trigger, and what clients hang on at the ends. */
export const LONGEST_COMMAND_LINE = 120;

// Some chat clients append these, invisibly.
const INVISIBLE_START = /^[\u034f\s\u200b-\u200d\ufeff\u{e0000}]+/u;
const INVISIBLE = /^[\u034f\s\u200b-\u200d\ufeff\u{e0000}]$/u;
const LAST_PLAIN = 0x7f;

/** @returns the form that is compared; empty for a line of nothing visible */
export function normaliseLine(text: string): string {
  let line = text.trim();
  // Nearly every line begins and ends in a plain or other visible character: the patterns are not free.
  if (line !== '' && (line.charCodeAt(0) > LAST_PLAIN || line.charCodeAt(line.length - 1) > LAST_PLAIN)) {
    line = trimEndOf(line.replace(INVISIBLE_START, ''), INVISIBLE);
  }
  return line.replaceAll('\r\n', '\n').toLowerCase();
}
