/** One thing that a diagnosis found, and the order in which people should look at many. */
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { CauseCode, CauseTable, Verdict } from '../../platforms/causes/cause.ts';
import { causeOf } from '../../platforms/causes/reasons.ts';
import type { FactData, Snapshot } from './snapshot.ts';

/** What was looked at. */
export const CHECKS = [
  'database',
  'keys',
  'worker',
  'clock',
  'relay',
  'webhook',
  'quota',
  'switch',
  'sender',
  'reader',
  'stream',
  'events',
  'messages',
  'process',
  'variables',
  'account',
  'port',
  'network',
] as const;

export type Check = (typeof CHECKS)[number];

export interface Scope {
  /** Null for what concerns the whole installation. */
  readonly provider: ProviderId | null;
  readonly channelId: ChannelId | null;
  readonly slug: string | null;
}

export interface Fact {
  readonly check: Check;
  readonly cause: CauseCode;
  /** Where it is another than that of the cause: what could not be looked at is `unknown`, with the cause of that. */
  readonly verdict?: Verdict;
  readonly scope: Scope;
  readonly since: Date | null;
  readonly data: FactData;
}

const ORDER: Readonly<Record<Verdict, number>> = { broken: 0, unknown: 1, waiting: 2, off: 3, ok: 4 };

export const INSTALLATION: Scope = { provider: null, channelId: null, slug: null };

export function verdictOf({ platforms }: Pick<Snapshot, 'platforms'>, fact: Fact): Verdict {
  return fact.verdict ?? causeOf(causesOf(platforms, fact.scope.provider), fact.cause).verdict;
}

/** What is broken first, then by rank: as it should be mended. */
export function inOrderOfCure(snapshot: Pick<Snapshot, 'platforms'>, facts: readonly Fact[]): readonly Fact[] {
  const keyOf = (fact: Fact) => {
    const { rank } = causeOf(causesOf(snapshot.platforms, fact.scope.provider), fact.cause);
    return ORDER[verdictOf(snapshot, fact)] * 1000 + rank;
  };
  return facts.toSorted((a, b) => keyOf(a) - keyOf(b));
}

export function causesOf(platforms: Snapshot['platforms'], provider: ProviderId | null): CauseTable {
  return platforms.find(({ id }) => id === provider)?.causes ?? {};
}

/** @param scope with the platform whose worker is missing */
export function missingWorker({ workers }: Pick<Snapshot, 'workers'>, scope: Scope): Fact {
  const beats = workers.filter(({ provider }) => provider === scope.provider).map(({ heartbeatAt }) => heartbeatAt);
  const last = beats.toSorted((a, b) => b.getTime() - a.getTime())[0];
  return last === undefined
    ? { check: 'worker', cause: 'no_worker', scope, since: null, data: {} }
    : { check: 'worker', cause: 'worker_gone', scope, since: last, data: {} };
}
