/** Linked accounts' tokens in memory: never longer than they live, and the last known ones while the database is away. */
import type { ExternalAccountId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { NoCredential } from '../platforms/account-side.ts';
import { CREDENTIAL_RETRY_MS, isMissing } from '../platforms/no-credential.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { type Grant, isAlive, type Renewal, type TokenVault } from './token-vault.ts';

export type UsableGrant = Grant & { readonly accessToken: string };
/** `unreadable`: no key of ours opens its tokens. */
export type NoGrant = NoCredential | 'unreadable';

interface GrantDeps {
  readonly vault: TokenVault;
  readonly platform: Pick<PlatformDescription, 'logPrefix'>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Entry {
  readonly grant: Grant | null;
  isStale: boolean;
  /** Null: a token in the place of this one may be asked for at any time. */
  readonly rest: Rest | null;
  /** Refused by the platform while no other could be had: not handed out again. Null when there is none. */
  readonly refusedToken: string | null;
}

/** The platform gave no token in the place of this one: whoever asks before the time is told so again. */
interface Rest {
  readonly missing: NoGrant;
  readonly untilMs: number;
}

export class AccountGrants {
  readonly #deps: GrantDeps;
  readonly #entries = new Map<ExternalAccountId, Entry>();
  readonly #reading = new Map<ExternalAccountId, Promise<Grant | null>>();
  /** Counts the hints: what was read before the last one is stale. */
  #version = 0;

  constructor(deps: GrantDeps) {
    this.#deps = deps;
  }

  /** The account with a living token, renewed if need be. */
  async usable(accountId: ExternalAccountId): Promise<UsableGrant | NoGrant> {
    const grant = await this.stored(accountId);
    if (grant === null || grant.isBroken) return 'none';
    const isRefused = grant.accessToken === this.#entries.get(accountId)?.refusedToken;
    if (!isRefused && isUsable(grant, this.#deps.clock.now())) return grant;
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

  /** The account with another token than `refusedToken`. */
  async renewed(accountId: ExternalAccountId, refusedToken: string | null): Promise<UsableGrant | NoGrant> {
    const { vault, clock } = this.#deps;
    const resting = this.#restOf(this.#entries.get(accountId), refusedToken);
    if (resting !== null) return resting.missing;
    const version = this.#version;
    const renewal = await vault.renew(accountId, refusedToken);
    const known = this.#entries.get(accountId)?.grant ?? null;
    const grant = renewal.kind === 'fresh' ? renewal.grant : known;
    const answer = answerOf(renewal, clock.now());
    this.#entries.set(accountId, {
      grant,
      // Whether a grant is dead is for the database to say: it may have been linked again meanwhile.
      isStale: version !== this.#version || grant === null || renewal.kind === 'dead',
      rest: isMissing(answer) ? { missing: answer, untilMs: clock.monotonicMs() + CREDENTIAL_RETRY_MS } : null,
      refusedToken: renewal.kind === 'unavailable' ? refusedToken : null,
    });
    return answer;
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
      const token = grant?.accessToken ?? null;
      const refusedToken = known?.refusedToken === token ? token : null;
      this.#entries.set(accountId, { grant, isStale: false, rest: this.#restOf(known, token), refusedToken });
    }
    return grant;
  }

  #restOf(entry: Entry | undefined, token: string | null): Rest | null {
    if (!entry?.grant || !entry.rest || entry.grant.accessToken !== token) return null;
    return this.#deps.clock.monotonicMs() < entry.rest.untilMs ? entry.rest : null;
  }
}

function answerOf(renewal: Renewal, now: Date): UsableGrant | NoGrant {
  switch (renewal.kind) {
    case 'fresh':
      return isUsable(renewal.grant, now) ? renewal.grant : 'unavailable';
    case 'dead':
      return 'none';
    case 'unreadable':
      return 'unreadable';
    // The platform refuses a token it just gave: the grant may be good for another one later.
    case 'just_renewed':
    case 'unavailable':
      return 'unavailable';
  }
}

function isUsable(grant: Grant, now: Date): grant is UsableGrant {
  return isAlive(grant, now);
}
