/** What the stream-duration command answers (docs/contract/workers.md#reply-rules). */
import { type LiveSnapshot, onlineMsAt } from '../live/live-view.ts';
import { DEFAULT_DURATION_TEMPLATE, type DurationSettings } from './settings.ts';

export type DurationAnswer = { kind: 'reply'; text: string } | { kind: 'silent' };

const MINUTE_MS = 60_000;
const PLACEHOLDER = /\{(hours|minutes|totalMinutes)\}/g;
const SILENT: DurationAnswer = { kind: 'silent' };

/**
 * For a line that is the command's trigger. Nobody is restricted from using it.
 *
 * @param live null while nobody knows: "0 minutes" would be a lie
 */
export function answerDuration(settings: DurationSettings, live: LiveSnapshot | null, now: Date): DurationAnswer {
  if (!settings.enabled || live === null) return SILENT;
  if (settings.onlyWhenLive && !live.isLive) return SILENT;
  const template = settings.responseTemplate?.trim() || DEFAULT_DURATION_TEMPLATE;
  const text = renderDuration(template, onlineMsAt(live, now));
  return text === '' ? SILENT : { kind: 'reply', text };
}

/**
 * Renders the template of the command (docs/contract/workers.md#template-language).
 *
 * @returns the text to send, without white space at its ends; unknown braces stay as they were typed
 */
export function renderDuration(template: string, onlineMs: number): string {
  const totalMinutes = Math.floor(onlineMs / MINUTE_MS);
  const values: Readonly<Record<string, number>> = {
    hours: Math.floor(totalMinutes / 60),
    minutes: totalMinutes % 60,
    totalMinutes,
  };
  return template.replace(PLACEHOLDER, (_, name: string) => String(values[name])).trim();
}
