/** Linked accounts' tokens in memory: never longer than they live, and the last known ones while the database is away. */
import type { ExternalAccountId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { type Grant, isAlive, type TokenVault } from './token-vault.ts';

export type UsableGrant = Grant & { readonly accessToken: string };

interface GrantDeps {
  readonly vault: TokenVault;
  readonly platform: Pick<PlatformDescription, 'logPrefix'>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Entry {
  grant: Grant | null;
  isStale: boolean;
  /** Until then neither the database nor the token endpoint is asked again. */
  restsUntilMs: number;
}

const REST_MS = 5000;

export class AccountGrants {
  readonly #deps: GrantDeps;
  readonly #entries = new Map<ExternalAccountId, Entry>();
  readonly #reading = new Map<ExternalAccountId, Promise<UsableGrant | null>>();

  constructor(deps: GrantDeps) {
    this.#deps = deps;
  }

  /** @returns null when there is no account, its grant is dead, or no living token can be had now */
  async usable(accountId: ExternalAccountId): Promise<UsableGrant | null> {
    const running = this.#reading.get(accountId);
    if (running) return running;
    const entry = this.#entries.get(accountId);
    if (entry && !entry.isStale) {
      if (entry.grant === null || entry.grant.isBroken) return null;
      if (isUsable(entry.grant, this.#deps.clock.now())) return entry.grant;
      if (this.#deps.clock.monotonicMs() < entry.restsUntilMs) return null;
    }
    const reading = this.#read(accountId, entry).finally(() => this.#reading.delete(accountId));
    this.#reading.set(accountId, reading);
    return reading;
  }

  /** @returns null when the platform ended the grant, or when no other token can be had now */
  async renewed(accountId: ExternalAccountId, refusedToken: string | null): Promise<UsableGrant | null> {
    const renewal = await this.#deps.vault.renew(accountId, refusedToken);
    const known = this.#entries.get(accountId)?.grant ?? null;
    const now = this.#deps.clock.now();
    if (renewal.kind === 'fresh') {
      this.#entries.set(accountId, { grant: renewal.grant, isStale: false, restsUntilMs: 0 });
      return isUsable(renewal.grant, now) ? renewal.grant : null;
    }
    const grant = renewal.kind === 'dead' && known !== null ? { ...known, isBroken: true } : known;
    const restsUntilMs = this.#deps.clock.monotonicMs() + REST_MS;
    this.#entries.set(accountId, { grant, isStale: renewal.kind === 'dead' && known === null, restsUntilMs });
    return null;
  }

  invalidate(): void {
    for (const entry of this.#entries.values()) entry.isStale = true;
  }

  async #read(accountId: ExternalAccountId, known: Entry | undefined): Promise<UsableGrant | null> {
    const { vault, clock, log, platform } = this.#deps;
    const entry: Entry = { grant: null, isStale: false, restsUntilMs: 0 };
    // Put in place before reading: a hint that comes meanwhile marks it stale again.
    this.#entries.set(accountId, entry);
    try {
      entry.grant = await vault.read(accountId);
    } catch (error) {
      if (known) this.#entries.set(accountId, { ...known, isStale: true });
      else this.#entries.delete(accountId);
      if (!known?.grant || known.grant.isBroken || !isUsable(known.grant, clock.now())) throw error;
      log.debug(`${platform.logPrefix}sender_lookup_failed`, { externalAccountId: accountId, error });
      return known.grant;
    }
    if (entry.grant === null || entry.grant.isBroken) return null;
    return isUsable(entry.grant, clock.now()) ? entry.grant : this.renewed(accountId, null);
  }
}

function isUsable(grant: Grant, now: Date): grant is UsableGrant {
  return isAlive(grant, now);
}
