/** Text as every chat, page and column takes it. */

// Line breaks are control characters too: written raw, they would start a protocol line of their own.
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]+/gu;
const VISIBLE = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** @returns one line without control characters and halves of surrogate pairs; empty when nothing is left */
export function plainText(text: string): string {
  return text.toWellFormed().replace(CONTROL_CHARACTERS, ' ').trim();
}

/** Whether people would see nothing of it: white space, invisible marks, the empty braille pattern. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}
