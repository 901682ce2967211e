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
  readonly grant: Grant | null;
  isStale: boolean;
  /** Until then the platform is not asked for another token in the place of this one. */
  readonly restsUntilMs: number;
}

const REST_MS = 5000;

export class AccountGrants {
  readonly #deps: GrantDeps;
  readonly #entries = new Map<ExternalAccountId, Entry>();
  readonly #reading = new Map<ExternalAccountId, Promise<Grant | null>>();
  /** Counts the hints: what was read before the last one is stale. */
  #version = 0;

  constructor(deps: GrantDeps) {
    this.#deps = deps;
  }

  /** @returns null when there is no account, its grant is dead, or no living token can be had now */
  async usable(accountId: ExternalAccountId): Promise<UsableGrant | null> {
    const grant = await this.stored(accountId);
    if (grant === null || grant.isBroken) return null;
    if (isUsable(grant, this.#deps.clock.now())) return grant;
    return this.renewed(accountId, grant.accessToken);
  }

  /** The account as the database has it, with a living token or without; null when there is none. */
  async stored(accountId: ExternalAccountId): Promise<Grant | null> {
    const entry = this.#entries.get(accountId);
    if (entry && !entry.isStale) return entry.grant;
    const running = this.#reading.get(accountId);
    if (running) return running;
    const reading = this.#read(accountId).finally(() => {
      if (this.#reading.get(accountId) === reading) this.#reading.delete(accountId);
    });
    this.#reading.set(accountId, reading);
    return reading;
  }

  /** @returns null when the platform ended the grant, or when no other token can be had now */
  async renewed(accountId: ExternalAccountId, refusedToken: string | null): Promise<UsableGrant | null> {
    const { vault, clock } = this.#deps;
    if (this.#rests(this.#entries.get(accountId), refusedToken)) return null;
    const version = this.#version;
    const renewal = await vault.renew(accountId, refusedToken);
    const known = this.#entries.get(accountId)?.grant ?? null;
    const grant = renewal.kind === 'fresh' ? renewal.grant : known;
    const isUsableNow = renewal.kind === 'fresh' && isUsable(renewal.grant, clock.now());
    this.#entries.set(accountId, {
      grant,
      // Whether a grant is dead is for the database to say: it may have been linked again meanwhile.
      isStale: version !== this.#version || grant === null || renewal.kind === 'dead',
      restsUntilMs: isUsableNow ? 0 : clock.monotonicMs() + REST_MS,
    });
    return isUsableNow ? (renewal.grant as UsableGrant) : null;
  }

  /** What is being read may be older than the hint: those who ask from now on do not wait for it. */
  invalidate(): void {
    this.#version += 1;
    this.#reading.clear();
    for (const entry of this.#entries.values()) entry.isStale = true;
  }

  async #read(accountId: ExternalAccountId): Promise<Grant | null> {
    const { vault, clock, log, platform } = this.#deps;
    const version = this.#version;
    const known = this.#entries.get(accountId);
    let grant: Grant | null;
    try {
      grant = await vault.read(accountId);
    } catch (error) {
      if (!known?.grant || known.grant.isBroken || !isUsable(known.grant, clock.now())) throw error;
      log.debug(`${platform.logPrefix}sender_lookup_failed`, { externalAccountId: accountId, error });
      return known.grant;
    }
    const current = this.#entries.get(accountId);
    // A renewal that ended meanwhile knows better: it held the row.
    if (current !== known && current?.grant && !current.isStale) return current.grant;
    if (version === this.#version) {
      const restsUntilMs = this.#rests(known, grant?.accessToken ?? null) ? (known?.restsUntilMs ?? 0) : 0;
      this.#entries.set(accountId, { grant, isStale: false, restsUntilMs });
    }
    return grant;
  }

  #rests(entry: Entry | undefined, token: string | null): boolean {
    if (!entry?.grant || entry.grant.accessToken !== token) return false;
    return this.#deps.clock.monotonicMs() < entry.restsUntilMs;
  }
}

function isUsable(grant: Grant, now: Date): grant is UsableGrant {
  return isAlive(grant, now);
}
