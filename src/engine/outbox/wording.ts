/** Makes a text fit for a chat. */
import { isBlank, plainText } from '../../lib/plain-text.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';

type LengthLimit = PlatformLimits['message'];

const ELLIPSIS = '…';
/** Platforms read a text that begins with one of these as a command to the chat itself. */
const LEADING_COMMAND_SIGNS = /^[\s/.]+/;

/**
 * The text as a chat shows it: control characters are spaces, leading `/` and `.` are gone, and it is no longer than the
 * platform takes. Applied where a text enters a row of ours and where one is claimed that anybody may have written;
 * senders rely on it.
 *
 * @returns an empty text when nothing is left that anybody would see
 */
export function chatText(text: string, limit: LengthLimit): string {
  const shown = plainText(text).replace(LEADING_COMMAND_SIGNS, '');
  return isBlank(shown) ? '' : cutToLimit(shown, limit);
}

export function lengthOf(text: string, unit: LengthLimit['unit']): number {
  return unit === 'utf16' ? text.length : [...text].length;
}

/** Cuts between code points, never inside one, and says so with `…`. A message is never split. */
function cutToLimit(text: string, { max, unit }: LengthLimit): string {
  if (lengthOf(text, unit) <= max) return text;
  let room = max - ELLIPSIS.length;
  let kept = '';
  for (const character of text) {
    room -= unit === 'utf16' ? character.length : 1;
    if (room < 0) break;
    kept += character;
  }
  return kept.trimEnd() + ELLIPSIS;
}
