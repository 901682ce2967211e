/** What a cause is: the one reason why something does not work, who mends it, and how both are said (docs/diagnosis.md#causes). */
import type { CoreCause } from './core.ts';

/** `waiting` heals by itself. `broken` needs somebody. `unknown` could not be looked at. */
export const VERDICTS = ['ok', 'waiting', 'broken', 'off', 'unknown'] as const;

export type Verdict = (typeof VERDICTS)[number];

export type Language = 'en' | 'ru';

/** Closed, so that a button can do each of them. */
export const ACTIONS = [
  'link_account',
  'link_default_bot',
  'link_own_bot',
  'grant_scope',
  'unban_bot',
  'make_bot_moderator',
  'choose_channel',
  'name_channel_url',
  'switch_on',
  'start_stream',
  'start_worker',
  'set_variable',
  'run_migrations',
  'fix_webhook_address',
  'raise_quota',
  'correct_clock',
  'contact_owner',
  'wait',
  'none',
] as const;

export type Action = (typeof ACTIONS)[number];

/** `owner` runs the product, `operator` the processes. */
export const PARTIES = ['streamer', 'owner', 'operator'] as const;

/** What is so, then what to do about it; the second is empty where there is nothing to do. `{name}` is a value of `Fact.data`. */
export type Words = readonly [cause: string, cure: string];

export interface Cause {
  readonly verdict: Verdict;
  /** Who can mend it; null where nobody has to. */
  readonly who: (typeof PARTIES)[number] | null;
  readonly action: Action;
  /** What is mended first has the lowest: nothing behind it can be well before. */
  readonly rank: number;
  readonly en: Words;
  readonly ru: Words;
}

/** The causes one owner can have, by code. A text is a reason that means the cause of that code. */
export type CauseTable = Readonly<Record<string, Cause | string>>;

/** Each platform adds the codes of its own table, so that the compiler knows them where a reason is given. */
export interface PlatformCauses {
  readonly none: never;
}

/** A reason that has words. The compiler refuses any other. */
export type CauseCode = CoreCause | PlatformCauses[keyof PlatformCauses];

/** A reason as it is given: `detail` holds words that are shown and never translated. */
export interface Said {
  readonly reason: CauseCode;
  readonly detail?: string;
}
