/** Makes a text fit for a chat: no more than the platform takes. */
import type { PlatformLimits } from '../../platforms/platform.ts';

type LengthLimit = PlatformLimits['message'];

const ELLIPSIS = '…';

export function lengthOf(text: string, unit: LengthLimit['unit']): number {
  return unit === 'utf16' ? text.length : [...text].length;
}

/** Cuts between code points, never inside one, and says so with `…`. A message is never split (design §9.12). */
export function cutToLimit(text: string, { max, unit }: LengthLimit): string {
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
