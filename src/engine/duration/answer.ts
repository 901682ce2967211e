/** What the stream-duration command answers (docs/contract/workers.md#reply-rules). */
import { type LiveSnapshot, onlineMsAt } from '../live/live-view.ts';
import { DEFAULT_DURATION_TEMPLATE, type DurationSettings } from './settings.ts';
import { renderDuration } from './template.ts';

export type DurationAnswer = { kind: 'reply'; text: string } | { kind: 'silent' };

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
