/** What a new follower is told. */

export const DEFAULT_GREETING = 'Спасибо за фоллоу, {user}!';
export const LONGEST_GREETING = 450;

/** @returns the text for one follower; empty when nothing is left to say */
export function renderGreeting(template: string | null, displayName: string): string {
  return (template ?? DEFAULT_GREETING)
    .replaceAll('{user}', () => displayName)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}
