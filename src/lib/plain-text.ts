/** Text as every chat, page and column takes it. */

// Line breaks are control characters too: written raw, they would start a protocol line of their own.
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]+/gu;

/** @returns one line without control characters and halves of surrogate pairs; empty when nothing is left */
export function plainText(text: string): string {
  return text.toWellFormed().replace(CONTROL_CHARACTERS, ' ').trim();
}
