/** The template language of the stream-duration command (docs/contract/workers.md#template-language). */

const MINUTE_MS = 60_000;
const PLACEHOLDER = /\{(hours|minutes|totalMinutes)\}/g;

/** @returns the text to send, without white space at its ends; unknown braces stay as they were typed */
export function renderDuration(template: string, onlineMs: number): string {
  const totalMinutes = Math.floor(onlineMs / MINUTE_MS);
  const values: Readonly<Record<string, number>> = {
    hours: Math.floor(totalMinutes / 60),
    minutes: totalMinutes % 60,
    totalMinutes,
  };
  return template.replace(PLACEHOLDER, (_, name: string) => String(values[name])).trim();
}
