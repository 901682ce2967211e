/** The sender an old installation names in its environment, where it has no linked account (docs/contract/workers.md#resolution-order). */
import { sql } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { PlatformUserId, ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import { PlatformRefused } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { LegacySender, NoCredential, PlatformOAuth } from '../platforms/account-side.ts';
import { isMissing } from '../platforms/no-credential.ts';
import { allowSlowRefresh } from './refresh-limits.ts';
import { endOf, isAlive } from './token-vault.ts';

export interface LegacyDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly oauth: Pick<PlatformOAuth, 'refresh' | 'identify'>;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly log: Logger;
  /** Looks it up again, tokens included; what is saved goes the same way. */
  readonly find: (db: Db) => Promise<LegacySender | null>;
}

export interface LegacyGrant {
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly accessToken: string;
  readonly expiresAt: Date | null;
}

interface Identity {
  readonly token: string;
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
}

type Tokens = Pick<LegacyGrant, 'accessToken' | 'expiresAt'>;

/** Fetched, and perhaps not stored. */
interface Unsaved extends Tokens {
  /** The refresh token that was given for them. */
  readonly insteadOf: string;
  readonly refreshToken: string;
}

export class LegacyTokens {
  readonly #deps: LegacyDeps;
  #identity: Identity | null = null;
  /** What the platform refused for good, by its refresh token or, without one, its access token: not used again. */
  #deadToken: string | null = null;
  #unsaved: Unsaved | null = null;
  #isUnreadable = false;
  #renewing: Promise<LegacyGrant | NoCredential> | null = null;

  constructor(deps: LegacyDeps) {
    this.#deps = deps;
  }

  async current(sender: LegacySender): Promise<LegacyGrant | NoCredential> {
    const accessToken = this.#open(sender.accessToken);
    if (this.#deadToken !== null) {
      if (this.#deadToken === (this.#open(sender.refreshToken) ?? accessToken)) return 'none';
      this.#deadToken = null;
    }
    if (accessToken === null || !isAlive({ accessToken, expiresAt: sender.expiresAt }, this.#deps.clock.now())) {
      return this.renew(accessToken);
    }
    return this.#identified(sender, { accessToken, expiresAt: sender.expiresAt });
  }

  /** One process refreshes, the others wait and read what it saved. */
  renew(refusedToken: string | null): Promise<LegacyGrant | NoCredential> {
    this.#renewing ??= this.#renew(refusedToken).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(refusedToken: string | null): Promise<LegacyGrant | NoCredential> {
    const { db, provider, find } = this.#deps;
    const renewed = await db.transaction().execute(async (tx) => {
      await allowSlowRefresh(tx);
      await sql`select pg_advisory_xact_lock(hashtextextended(${`legacy-sender:${provider}`}, 0))`.execute(tx);
      // The pool may have no second connection.
      const sender = await find(tx);
      if (sender === null) return 'none';
      // An account of its own has been linked meanwhile: its tokens are the vault's, for whoever asks again.
      if (sender.accountId !== null) return 'unavailable';
      const tokens = await this.#livingTokens(sender, refusedToken);
      return isMissing(tokens) ? tokens : { sender, tokens };
    });
    this.#unsaved = null;
    return isMissing(renewed) ? renewed : this.#identified(renewed.sender, renewed.tokens);
  }

  async #livingTokens(sender: LegacySender, refusedToken: string | null): Promise<Tokens | NoCredential> {
    const refreshToken = this.#open(sender.refreshToken);
    if (this.#unsaved !== null && this.#unsaved.insteadOf === refreshToken) return this.#save(sender, this.#unsaved);
    const stored = { accessToken: this.#open(sender.accessToken), expiresAt: sender.expiresAt };
    const { accessToken } = stored;
    if (accessToken !== null && accessToken !== refusedToken && isAlive(stored, this.#deps.clock.now())) {
      return { ...stored, accessToken };
    }
    if (refreshToken === null) this.#deadToken = accessToken;
    if (refreshToken === null || refreshToken === this.#deadToken) return 'none';
    return this.#refresh(sender, refreshToken);
  }

  async #refresh(sender: LegacySender, refreshToken: string): Promise<Tokens | NoCredential> {
    const { oauth, provider, clock, log } = this.#deps;
    const askedAt = clock.now();
    const outcome = await oauth.refresh(refreshToken);
    if (outcome.kind !== 'refreshed') {
      if (outcome.kind === 'dead') this.#deadToken = refreshToken;
      log.warn(`${provider}.token.refresh_failed`, { sender: 'legacy', reason: outcome.reason });
      return outcome.kind === 'dead' ? 'none' : 'unavailable';
    }
    const { tokens } = outcome;
    this.#unsaved = {
      insteadOf: refreshToken,
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken ?? refreshToken,
      expiresAt: endOf(tokens, askedAt),
    };
    return this.#save(sender, this.#unsaved);
  }

  /** Tokens that cannot be saved are not used, and are kept for the next try: until the transaction is committed. */
  async #save(sender: LegacySender, { accessToken, refreshToken, expiresAt }: Unsaved): Promise<Tokens> {
    const { seal } = this.#deps;
    await sender.save({ accessToken: seal.seal(accessToken), refreshToken: seal.seal(refreshToken), expiresAt });
    return { accessToken, expiresAt };
  }

  /** The environment may not say who it is, or what name to log in by: the token does. */
  async #identified(sender: LegacySender, tokens: Tokens): Promise<LegacyGrant | NoCredential> {
    const { platformUserId, login } = sender;
    if (platformUserId !== null && login !== null) return { platformUserId, login, ...tokens };
    if (this.#identity?.token !== tokens.accessToken) {
      try {
        const identity = await this.#deps.oauth.identify(tokens.accessToken);
        this.#identity = { ...identity, token: tokens.accessToken };
      } catch (error) {
        this.#deps.log.warn(`${this.#deps.provider}.token.identify_failed`, { sender: 'legacy', error });
        return error instanceof PlatformRefused ? 'none' : 'unavailable';
      }
    }
    return { platformUserId: this.#identity.platformUserId, login: this.#identity.login ?? login, ...tokens };
  }

  #open(stored: string | null): string | null {
    if (stored === null) return null;
    try {
      return this.#deps.seal.open(stored);
    } catch (error) {
      const { log, provider } = this.#deps;
      if (!this.#isUnreadable) log.error(`${provider}.token.unreadable`, { sender: 'legacy', error });
      this.#isUnreadable = true;
      return null;
    }
  }
}
