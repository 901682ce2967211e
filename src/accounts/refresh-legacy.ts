/** The sender an old installation names in its environment, where it has no linked account (workers §9.1). */
import { sql } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { PlatformUserId, ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { LegacySender, PlatformOAuth } from '../platforms/platform.ts';
import { isAlive } from './token-vault.ts';

export interface LegacyDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly oauth: Pick<PlatformOAuth, 'refresh' | 'identify'>;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly log: Logger;
  /** Looks it up again, tokens included. */
  readonly find: () => Promise<LegacySender | null>;
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

export class LegacyTokens {
  readonly #deps: LegacyDeps;
  #identity: Identity | null = null;
  /** The platform said `invalid_grant` to it: not asked again. */
  #deadRefreshToken: string | null = null;
  #renewing: Promise<LegacyGrant | null> | null = null;

  constructor(deps: LegacyDeps) {
    this.#deps = deps;
  }

  /** @returns null when it has no usable token now */
  async current(sender: LegacySender): Promise<LegacyGrant | null> {
    const accessToken = this.#open(sender.accessToken);
    if (accessToken === null || !isAlive({ accessToken, expiresAt: sender.expiresAt }, this.#deps.clock.now())) {
      return this.renew(accessToken);
    }
    return this.#identified(sender, accessToken, sender.expiresAt);
  }

  /** One process refreshes, the others wait and read what it saved. */
  renew(refusedToken: string | null): Promise<LegacyGrant | null> {
    this.#renewing ??= this.#renew(refusedToken).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  #renew(refusedToken: string | null): Promise<LegacyGrant | null> {
    const { db, provider, find } = this.#deps;
    return db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`legacy-sender:${provider}`}, 0))`.execute(tx);
      const sender = await find();
      if (sender === null) return null;
      const accessToken = this.#open(sender.accessToken);
      const isOther = accessToken !== null && accessToken !== refusedToken;
      if (isOther && isAlive({ accessToken, expiresAt: sender.expiresAt }, this.#deps.clock.now())) {
        return this.#identified(sender, accessToken, sender.expiresAt);
      }
      return this.#refresh(sender);
    });
  }

  async #refresh(sender: LegacySender): Promise<LegacyGrant | null> {
    const { oauth, seal, provider, clock, log } = this.#deps;
    const refreshToken = this.#open(sender.refreshToken);
    if (refreshToken === null || refreshToken === this.#deadRefreshToken) return null;
    const outcome = await oauth.refresh(refreshToken);
    if (outcome.kind !== 'refreshed') {
      if (outcome.kind === 'dead') this.#deadRefreshToken = refreshToken;
      log.warn(`${provider}.token.refresh_failed`, { sender: 'legacy', reason: outcome.reason });
      return null;
    }
    const { accessToken, refreshToken: rotated, expiresInSeconds } = outcome.tokens;
    const expiresAt = expiresInSeconds === null ? null : new Date(clock.now().getTime() + expiresInSeconds * 1000);
    await sender.save({
      accessToken: seal.seal(accessToken),
      refreshToken: rotated === null ? null : seal.seal(rotated),
      expiresAt,
    });
    return this.#identified(sender, accessToken, expiresAt);
  }

  /** The environment may not say who it is: the token does. */
  async #identified(sender: LegacySender, accessToken: string, expiresAt: Date | null): Promise<LegacyGrant | null> {
    const { platformUserId, login } = sender;
    if (platformUserId !== null) return { platformUserId, login, accessToken, expiresAt };
    if (this.#identity?.token !== accessToken) {
      try {
        const identity = await this.#deps.oauth.identify(accessToken);
        this.#identity = { token: accessToken, platformUserId: identity.platformUserId, login: identity.login };
      } catch (error) {
        this.#deps.log.warn(`${this.#deps.provider}.token.identify_failed`, { sender: 'legacy', error });
        return null;
      }
    }
    return { ...this.#identity, login: this.#identity.login ?? login, accessToken, expiresAt };
  }

  #open(stored: string | null): string | null {
    if (stored === null) return null;
    try {
      return this.#deps.seal.open(stored);
    } catch (error) {
      this.#deps.log.error(`${this.#deps.provider}.token.unreadable`, { sender: 'legacy', error });
      return null;
    }
  }
}
