/** When a grant can be renewed no more, as far as its platform tells, and the word of it in time. */
import type { ExternalAccountId, ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { GrantedTokens } from '../platforms/account-side.ts';

interface GrantEndDeps {
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Time enough to reach a person who has to consent again; the shortest grants known live a week. */
const WARNED_BEFORE_MS = 3 * 24 * 3_600_000;

/** @returns null when the answer says nothing of it */
export function grantEndOf({ grantEndsInSeconds }: GrantedTokens, askedAt: Date): Date | null {
  return grantEndsInSeconds == null ? null : new Date(askedAt.getTime() + grantEndsInSeconds * 1000);
}

/** Tells the operator of grants that are about to end, each end once. */
export class GrantEnds {
  readonly #deps: GrantEndDeps;
  readonly #told = new Map<ExternalAccountId, number>();

  constructor(deps: GrantEndDeps) {
    this.#deps = deps;
  }

  seen(accountId: ExternalAccountId, grantEndsAt: Date | null): void {
    const { clock, log, provider } = this.#deps;
    if (grantEndsAt === null || grantEndsAt.getTime() - clock.now().getTime() > WARNED_BEFORE_MS) return;
    if (this.#told.get(accountId) === grantEndsAt.getTime()) return;
    this.#told.set(accountId, grantEndsAt.getTime());
    log.warn(`${provider}.token.grant_ends_soon`, { externalAccountId: accountId, grantEndsAt });
  }
}
