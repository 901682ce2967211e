/** Names as the credits show them: on one line, and none without end (docs/contract/http-api.md#relay-a-chatter). */
import { plainText } from '../lib/plain-text.ts';

const LONGEST_NAME = 100;

/** Cut between characters; empty when nothing is left. */
export function shownName(raw: string): string {
  const name = plainText(raw);
  if (name.length <= LONGEST_NAME) return name;
  return [...name.slice(0, 2 * LONGEST_NAME)].slice(0, LONGEST_NAME).join('');
}
