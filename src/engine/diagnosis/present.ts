/** Facts in words, with what a button needs: what people and their tools read (docs/diagnosis.md#findings). */
import type { Action, Cause, CauseCode, Language, Verdict } from '../../platforms/causes/cause.ts';
import { causeOf } from '../../platforms/causes/reasons.ts';
import { type Check, causesOf, type Fact, type Scope, verdictOf } from './fact.ts';
import type { FactData, Snapshot } from './snapshot.ts';

export interface Finding {
  readonly check: Check;
  readonly scope: Scope;
  readonly verdict: Verdict;
  readonly cause: CauseCode;
  readonly who: Cause['who'];
  readonly action: Action;
  /** Where the action begins, as a path of this API. */
  readonly url?: string;
  /** What an operator types. */
  readonly command?: string;
  /** What is so and what to do, as sentences. */
  readonly text: string;
  readonly since: Date | null;
  readonly data: FactData;
}

type Platforms = Pick<Snapshot, 'platforms'>;

export function present(snapshot: Platforms, fact: Fact, language: Language): Finding {
  const { check, scope, cause, since, data } = fact;
  const row = causeOf(causesOf(snapshot.platforms, scope.provider), cause);
  return {
    check,
    scope,
    verdict: verdictOf(snapshot, fact),
    cause,
    who: row.who,
    action: row.action,
    ...placeOf(row, scope),
    text: wordsOf(snapshot, fact, language).filter(Boolean).join(' '),
    since,
    data,
  };
}

/** What is so, then what to do about it. */
export function wordsOf(
  { platforms }: Platforms,
  { cause, scope, data }: Pick<Fact, 'cause' | 'scope' | 'data'>,
  language: Language,
): readonly [string, string] {
  const title = platforms.find(({ id }) => id === scope.provider)?.title ?? '–';
  const [is, cure] = causeOf(causesOf(platforms, scope.provider), cause)[language];
  const filled = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'platform' ? title : String(data[name] ?? '–')));
  return [filled(is), filled(cure)];
}

function placeOf({ action, who }: Cause, { provider }: Scope): { url?: string; command?: string } {
  switch (action) {
    case 'run_migrations':
      return { command: 'pnpm memalerts migrate' };
    case 'start_worker':
      return { command: 'pnpm start:all' };
    case 'correct_clock':
      return { command: 'timedatectl' };
    case 'link_account':
      return provider === null ? {} : { url: `/auth/${provider}/link` };
    case 'grant_scope':
      if (provider === null) return {};
      return { url: who === 'streamer' ? `/auth/${provider}/link` : `/owner/bots/${provider}/default/link` };
    case 'link_default_bot':
      return provider === null ? {} : { url: `/owner/bots/${provider}/default/link` };
    case 'link_own_bot':
      return provider === null ? {} : { url: `/streamer/bots/${provider}/bot/link` };
    case 'unban_bot':
    case 'make_bot_moderator':
    case 'choose_channel':
    case 'name_channel_url':
    case 'switch_on':
    case 'start_stream':
    case 'set_variable':
    case 'fix_webhook_address':
    case 'raise_quota':
    case 'contact_owner':
    case 'wait':
    case 'none':
      return {};
  }
}
