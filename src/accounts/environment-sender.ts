/** The sender the environment names, as last looked up: the tables it is found through raise no hints (docs/contract/workers.md#resolution-order). */
import type { ExternalAccountId, PlatformUserId } from '../lib/brand.ts';
import type { LegacySender, NoCredential } from '../platforms/account-side.ts';
import { CREDENTIAL_RETRY_MS, isMissing } from '../platforms/no-credential.ts';
import { type LegacyDeps, type LegacyGrant, LegacyTokens } from './refresh-legacy.ts';
import { isAlive } from './token-vault.ts';

/** Either a linked account, whose tokens are the vault's, or tokens of its own. */
type Found = { accountId: ExternalAccountId } | { accountId: null; grant: LegacyGrant | NoCredential };

interface Known {
  readonly found: Found | null;
  readonly version: number;
  readonly lookAgainAtMs: number;
}

const LOOK_MS = 60_000;

export class EnvironmentSender {
  readonly #deps: LegacyDeps;
  readonly #tokens: LegacyTokens;
  #version = 0;
  #known: Known | null = null;
  #looking: { version: number; found: Promise<Found | null> } | null = null;
  #platformUserId: PlatformUserId | null = null;
  #login: string | null = null;

  constructor(deps: LegacyDeps) {
    this.#deps = deps;
    this.#tokens = new LegacyTokens(deps);
  }

  /** Id of the sender that was found last. */
  get platformUserId(): PlatformUserId | null {
    return this.#platformUserId;
  }

  /** Login of the sender that was found last. */
  get login(): string | null {
    return this.#login;
  }

  /** @returns null when the environment names nobody */
  async current(): Promise<Found | null> {
    const known = this.#known;
    if (known?.version === this.#version && this.#isGood(known)) return known.found;
    const version = this.#version;
    if (this.#looking?.version !== version) {
      const looking = { version, found: this.#look(version).finally(() => this.#forget(looking)) };
      this.#looking = looking;
    }
    try {
      return await this.#looking.found;
    } catch (error) {
      if (!known?.found || !this.#isUsable(known.found)) throw error;
      this.#deps.log.debug(`${this.#deps.provider}.sender_lookup_failed`, { sender: 'legacy', error });
      return known.found;
    }
  }

  async renewed(refusedToken: string): Promise<LegacyGrant | NoCredential> {
    const version = this.#version;
    const grant = await this.#tokens.renew(refusedToken);
    this.#remember({ accountId: null, grant }, version);
    return grant;
  }

  /** Called when the sender may have changed: it is looked up again. */
  invalidate(): void {
    this.#version += 1;
  }

  async #look(version: number): Promise<Found | null> {
    const sender = await this.#deps.find(this.#deps.db);
    if (sender === null) return this.#remember(null, version);
    this.#platformUserId = sender.platformUserId ?? this.#platformUserId;
    this.#login = sender.login ?? this.#login;
    return this.#remember(await this.#described(sender), version);
  }

  async #described(sender: LegacySender): Promise<Found> {
    const { accountId } = sender;
    if (accountId !== null) return { accountId };
    return { accountId, grant: await this.#tokens.current(sender) };
  }

  #remember(found: Found | null, version: number): Found | null {
    let keptMs = LOOK_MS;
    if (found?.accountId === null) {
      if (isMissing(found.grant)) keptMs = CREDENTIAL_RETRY_MS;
      else {
        this.#platformUserId = found.grant.platformUserId;
        this.#login = found.grant.login ?? this.#login;
      }
    }
    this.#known = { found, version, lookAgainAtMs: this.#deps.clock.monotonicMs() + keptMs };
    return found;
  }

  #forget(looking: { version: number }): void {
    if (this.#looking === looking) this.#looking = null;
  }

  #isGood({ found, lookAgainAtMs }: Known): boolean {
    if (this.#deps.clock.monotonicMs() >= lookAgainAtMs) return false;
    return found?.accountId !== null || isMissing(found.grant) || this.#isUsable(found);
  }

  #isUsable(found: Found): boolean {
    return found.accountId !== null || (!isMissing(found.grant) && isAlive(found.grant, this.#deps.clock.now()));
  }
}
