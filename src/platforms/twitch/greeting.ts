/** What a new follower is told. */
import { plainText } from '../../lib/plain-text.ts';

export const DEFAULT_GREETING = 'Спасибо за фоллоу, {user}!';
export const LONGEST_GREETING = 450;

/** @returns the text for one follower; empty when nothing is left to say */
export function renderGreeting(template: string | null, displayName: string): string {
  return plainText((template ?? DEFAULT_GREETING).replaceAll('{user}', () => displayName));
}
