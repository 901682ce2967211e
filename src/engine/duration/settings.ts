/** The settings of the smart command that tells how long the stream has been running (docs/contract/workers.md#duration-configuration). */

export interface DurationSettings {
  readonly enabled: boolean;
  readonly trigger: string;
  readonly responseTemplate: string | null;
  /** 0 to 1440. */
  readonly breakCreditMinutes: number;
  readonly onlyWhenLive: boolean;
}

export const DEFAULT_DURATION_TEMPLATE = 'Время стрима: {hours}ч {minutes}м ({totalMinutes}м)';

const DEFAULT_TRIGGER = '!time';
const DEFAULT_BREAK_MINUTES = 60;
const LONGEST_BREAK_MINUTES = 1440;

/**
 * @param json `Channel.streamDurationCommandJson` as stored, by us or by an older API; anything unreadable is the default
 */
export function readDurationSettings(json: string | null): DurationSettings {
  const stored = parseObject(json);
  const trigger = textOf(stored.trigger) || textOf(stored.triggerNormalized);
  // An older writer may have stored an empty trigger: such a command is off, it does not answer to the default.
  const isTriggerUnset = stored.trigger === undefined && stored.triggerNormalized === undefined;
  return {
    enabled: stored.enabled === true && (trigger !== '' || isTriggerUnset),
    trigger: trigger || DEFAULT_TRIGGER,
    responseTemplate: textOf(stored.responseTemplate) || DEFAULT_DURATION_TEMPLATE,
    breakCreditMinutes: breakMinutes(stored.breakCreditMinutes),
    onlyWhenLive: stored.onlyWhenLive === true,
  };
}

function breakMinutes(value: unknown): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return DEFAULT_BREAK_MINUTES;
  return Math.min(Math.max(Math.floor(value), 0), LONGEST_BREAK_MINUTES);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function parseObject(json: string | null): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(json ?? '');
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
