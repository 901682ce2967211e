/** Emotes stand in a line as `[emote:<id>:<name>]`; the list beside it may be missing or count otherwise (docs/platforms/kick.md#chatmessagesent). */

const TOKEN = /\[emote:[^:\][\s]+:([^\][]*)\]/gu;

/**
 * The words of a line: an emote beside them is decoration and goes, so that `!cmd` is recognised with one behind it.
 * A line of emotes alone keeps their names, as people would type them.
 */
export function wordsOf(content: string): string {
  if (!content.includes('[emote:')) return content;
  const words = content.replaceAll(TOKEN, ' ').trim().replaceAll(/ {2,}/g, ' ');
  return words === '' ? content.replaceAll(TOKEN, '$1') : words;
}
