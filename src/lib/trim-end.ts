/** Takes characters off the end of a text in one pass: `/x+$/` begins anew at each of them, so 40,000 take seconds. */

/** @param one matches a single character that goes, e.g. `/^\/$/` */
export function trimEndOf(text: string, one: RegExp): string {
  let end = text.length;
  while (end > 0) {
    const isPair = end > 1 && text.slice(end - 2, end).codePointAt(0) !== text.charCodeAt(end - 2);
    const start = end - (isPair ? 2 : 1);
    if (!one.test(text.slice(start, end))) break;
    end = start;
  }
  return text.slice(0, end);
}
