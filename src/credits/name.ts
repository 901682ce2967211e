/** Names as the credits show them: on one line, and none without end (http-api §10.1). */
import { plainText } from '../lib/plain-text.ts';

const LONGEST_NAME = 100;

/** Cut between characters; empty when nothing is left. */
export function shownName(raw: string): string {
  return [...plainText(raw).slice(0, 2 * LONGEST_NAME)].slice(0, LONGEST_NAME).join('');
}
