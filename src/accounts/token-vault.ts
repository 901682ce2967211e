/** Linked accounts' tokens: sealed at rest, refreshed by one process at a time, saved before anybody uses them. */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import { type BackoffLimits, backoffMs } from '../lib/backoff.ts';
import type { ExternalAccountId, PlatformUserId, ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import { Turnstile } from '../lib/turnstile.ts';
import type { GrantedTokens, PlatformOAuth } from '../platforms/account-side.ts';
import type { Reason } from '../platforms/platform.ts';
import { GrantEnds, grantEndOf } from './grant-end.ts';
import { allowSlowRefresh } from './refresh-limits.ts';

/** An account's tokens as stored, opened. */
export interface Grant {
  readonly accountId: ExternalAccountId;
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly accessToken: string | null;
  readonly scopes: ReadonlySet<string>;
  /** Null: valid until the platform refuses it. */
  readonly expiresAt: Date | null;
  /** When renewing will end, where the platform tells. */
  readonly grantEndsAt: Date | null;
  /** The platform ended the grant; only a new link helps. */
  readonly isBroken: boolean;
}

export type Renewal =
  | { kind: 'fresh'; grant: Grant }
  | { kind: 'dead' }
  /** No key of ours opens the tokens: a new link helps, or the operator's old key. */
  | { kind: 'unreadable' }
  /** The platform, or the database that has to keep its answer, may say otherwise a moment later. */
  | { kind: 'unavailable' }
  /** The refused token is so new that its age cannot be the reason: the platform was not asked for another. */
  | { kind: 'just_renewed' };

export interface VaultDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly oauth: Pick<PlatformOAuth, 'refresh'>;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** A token this close to its end may end on the way. */
const SAFE_LIFE_MS = 60_000;
/** A token refused right after its refresh is refused for another reason than age. */
const REFRESH_DISTANCE_MS = 30_000;
/** Tries to save while the caller waits; what they do not save is tried again for as long as the process lives. */
const SAVE_TRIES = 3;
const SAVE_RETRY: BackoffLimits = { firstMs: 200, longestMs: 1000 };
const SAVE_LATER_MS = 5000;
/** Each keeps a connection to the database while the platform thinks: the rest of the pool is for everybody else. */
const RENEWALS_AT_ONCE = 3;

/** Whether a token can be used now, as far as we can know. */
export function isAlive({ accessToken, expiresAt }: Pick<Grant, 'accessToken' | 'expiresAt'>, now: Date): boolean {
  return accessToken !== null && (expiresAt === null || expiresAt.getTime() - now.getTime() > SAFE_LIFE_MS);
}

interface StoredRow {
  readonly id: ExternalAccountId;
  readonly providerAccountId: PlatformUserId;
  readonly login: string | null;
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
  readonly scopes: string | null;
  readonly tokenExpiresAt: Date | null;
  readonly brokenAt: Date | null;
  readonly grantEndsAt: Date | null;
}

/** Fetched, and perhaps not stored: the old refresh token may be worth nothing any more. */
interface Unsaved {
  /** The refresh token that was given for them. */
  readonly insteadOf: string;
  readonly tokens: GrantedTokens;
  readonly expiresAt: Date | null;
  /** Null: as before. */
  readonly grantEndsAt: Date | null;
}

interface Fresh extends Pick<Grant, 'accessToken' | 'expiresAt'> {
  readonly atMs: number;
}

export class TokenVault {
  readonly #deps: VaultDeps;
  readonly #renewing = new Map<ExternalAccountId, Promise<Renewal>>();
  readonly #unsaved = new Map<ExternalAccountId, Unsaved>();
  readonly #savingLater = new Set<ExternalAccountId>();
  readonly #fresh = new Map<ExternalAccountId, Fresh>();
  readonly #turnstile = new Turnstile(RENEWALS_AT_ONCE);
  /** Accounts of which it was said that no key opens their tokens. */
  readonly #unreadable = new Set<ExternalAccountId>();
  readonly #grantEnds: GrantEnds;

  constructor(deps: VaultDeps) {
    this.#deps = deps;
    this.#grantEnds = new GrantEnds(deps);
  }

  /** @returns null when the account is not linked any more */
  async read(accountId: ExternalAccountId): Promise<Grant | null> {
    const { rows } = await columns(accountId).execute(this.#deps.db);
    return rows[0] === undefined ? null : this.#open(rows[0]);
  }

  /**
   * A token other than `refusedToken` that lives: another process's, or a refreshed one.
   *
   * @param refusedToken null when there was none to refuse
   */
  async renew(accountId: ExternalAccountId, refusedToken: string | null): Promise<Renewal> {
    const running = this.#renewing.get(accountId);
    if (running) {
      const renewal = await running;
      // Somebody else's question may be answered by the very token that was refused here.
      const isRefused = renewal.kind === 'fresh' && renewal.grant.accessToken === refusedToken;
      return isRefused ? this.renew(accountId, refusedToken) : renewal;
    }
    const renewal = this.#renew(accountId, refusedToken).finally(() => this.#renewing.delete(accountId));
    this.#renewing.set(accountId, renewal);
    return renewal;
  }

  async #renew(accountId: ExternalAccountId, refusedToken: string | null): Promise<Renewal> {
    const { db, clock, random, log, provider } = this.#deps;
    if (this.#isJustRefreshed(accountId, refusedToken)) return { kind: 'just_renewed' };
    for (let tries = 1; ; tries += 1) {
      try {
        const renewal = await this.#turnstile.run(() =>
          db.transaction().execute((tx) => this.#renewLocked(tx, accountId, refusedToken)),
        );
        this.#unsaved.delete(accountId);
        return renewal;
      } catch (error) {
        // A rotated token that is lost costs the user a new link: it is kept here until the database takes it.
        if (!this.#unsaved.has(accountId)) throw error;
        log.error(`${provider}.token.save_failed`, { externalAccountId: accountId, error });
        if (tries === SAVE_TRIES) {
          this.#saveLater(accountId);
          return { kind: 'unavailable' };
        }
        await clock.sleep(backoffMs(tries, SAVE_RETRY, random));
      }
    }
  }

  #isJustRefreshed(accountId: ExternalAccountId, refusedToken: string | null): boolean {
    const { clock } = this.#deps;
    const fresh = this.#fresh.get(accountId);
    if (fresh === undefined || fresh.accessToken !== refusedToken) return false;
    return clock.monotonicMs() - fresh.atMs < REFRESH_DISTANCE_MS && isAlive(fresh, clock.now());
  }

  #saveLater(accountId: ExternalAccountId): void {
    if (this.#savingLater.has(accountId)) return;
    this.#savingLater.add(accountId);
    const save = () => {
      this.#savingLater.delete(accountId);
      if (this.#unsaved.has(accountId)) void this.renew(accountId, null).catch(() => {});
    };
    this.#deps.clock.setTimer(SAVE_LATER_MS, save, { unref: true });
  }

  async #renewLocked(
    tx: Transaction<Database>,
    accountId: ExternalAccountId,
    refusedToken: string | null,
  ): Promise<Renewal> {
    await allowSlowRefresh(tx);
    // Not FOR UPDATE: rows that only refer to the account need not wait for the platform's answer.
    const { rows } = await sql<StoredRow>`${columns(accountId)} for no key update`.execute(tx);
    const row = rows[0];
    if (row === undefined) return { kind: 'dead' };
    const refreshToken = this.#openToken(accountId, row.refreshToken);
    const unsaved = this.#unsaved.get(accountId);
    // Also when another copy found the stored refresh token used up meanwhile, and the account broken.
    if (unsaved?.insteadOf === refreshToken) return { kind: 'fresh', grant: await this.#save(tx, row, unsaved) };
    const stored = this.#open(row);
    if (stored.isBroken) return { kind: 'dead' };
    if (stored.accessToken !== refusedToken && isAlive(stored, this.#deps.clock.now())) {
      return { kind: 'fresh', grant: stored };
    }
    if (row.refreshToken === null) {
      // A process with a wrong key does not know whether the token still works.
      const isUnreadable = row.accessToken !== null && stored.accessToken === null;
      return isUnreadable ? { kind: 'unreadable' } : this.#markBroken(tx, accountId, 'no_refresh_token');
    }
    if (refreshToken === null) return { kind: 'unreadable' };
    const fetched = await this.#fetch(accountId, refreshToken);
    if (fetched === 'unavailable') return { kind: 'unavailable' };
    if ('deadReason' in fetched) return this.#markBroken(tx, accountId, fetched.deadReason);
    return { kind: 'fresh', grant: await this.#save(tx, row, fetched) };
  }

  async #fetch(
    accountId: ExternalAccountId,
    refreshToken: string,
  ): Promise<Unsaved | { deadReason: Reason } | 'unavailable'> {
    const { oauth, provider, clock, log } = this.#deps;
    // Before the question: a token does not live longer because its answer was slow.
    const askedAt = clock.now();
    const outcome = await oauth.refresh(refreshToken);
    if (outcome.kind === 'refreshed') {
      const { tokens } = outcome;
      const ends = { expiresAt: endOf(tokens, askedAt), grantEndsAt: grantEndOf(tokens, askedAt) };
      const fetched = { insteadOf: refreshToken, tokens, ...ends };
      this.#unsaved.set(accountId, fetched);
      return fetched;
    }
    log.warn(`${provider}.token.refresh_failed`, { externalAccountId: accountId, reason: outcome.reason });
    return outcome.kind === 'dead' ? { deadReason: outcome.reason } : 'unavailable';
  }

  /** What the answer does not name stays as it was; a token from before sealing is sealed at this chance. */
  async #save(tx: Transaction<Database>, row: StoredRow, unsaved: Unsaved): Promise<Grant> {
    const { seal, clock } = this.#deps;
    const { insteadOf, tokens, expiresAt } = unsaved;
    const changed: StoredRow = {
      ...row,
      accessToken: seal.seal(tokens.accessToken),
      refreshToken: seal.seal(tokens.refreshToken ?? insteadOf),
      scopes: tokens.scopes?.join(' ') ?? row.scopes,
      tokenExpiresAt: expiresAt,
      grantEndsAt: unsaved.grantEndsAt ?? row.grantEndsAt,
      brokenAt: null,
    };
    const { accessToken, refreshToken, scopes, tokenExpiresAt, grantEndsAt } = changed;
    await tx
      .updateTable('ExternalAccount')
      .set({ accessToken, refreshToken, scopes, tokenExpiresAt, grantEndsAt, brokenAt: null, brokenReason: null })
      .where('id', '=', row.id)
      .execute();
    this.#fresh.set(row.id, { accessToken: tokens.accessToken, expiresAt, atMs: clock.monotonicMs() });
    return this.#open(changed);
  }

  async #markBroken(tx: Transaction<Database>, accountId: ExternalAccountId, reason: Reason): Promise<Renewal> {
    const { clock, provider, log } = this.#deps;
    await tx
      .updateTable('ExternalAccount')
      .set({ brokenAt: clock.now(), brokenReason: reason })
      .where('id', '=', accountId)
      .execute();
    log.warn(`${provider}.token.grant_dead`, { externalAccountId: accountId, reason });
    return { kind: 'dead' };
  }

  #open(row: StoredRow): Grant {
    if (row.brokenAt === null) this.#grantEnds.seen(row.id, row.grantEndsAt);
    return {
      accountId: row.id,
      platformUserId: row.providerAccountId,
      login: row.login,
      accessToken: this.#openToken(row.id, row.accessToken),
      scopes: new Set((row.scopes ?? '').split(/[\s,]+/).filter(Boolean)),
      expiresAt: row.tokenExpiresAt,
      grantEndsAt: row.grantEndsAt,
      isBroken: row.brokenAt !== null,
    };
  }

  /** A token no key of ours opens is as good as none; the operator has to hear of it, once. */
  #openToken(accountId: ExternalAccountId, stored: string | null): string | null {
    if (stored === null) return null;
    try {
      return this.#deps.seal.open(stored);
    } catch (error) {
      const { log, provider } = this.#deps;
      if (!this.#unreadable.has(accountId))
        log.error(`${provider}.token.unreadable`, { externalAccountId: accountId, error });
      this.#unreadable.add(accountId);
      return null;
    }
  }
}

/** @returns null when the platform did not say */
export function endOf({ expiresInSeconds }: GrantedTokens, askedAt: Date): Date | null {
  return expiresInSeconds === null ? null : new Date(askedAt.getTime() + expiresInSeconds * 1000);
}

function columns(accountId: ExternalAccountId) {
  return sql<StoredRow>`
    select id, "providerAccountId", login, "accessToken", "refreshToken", scopes, "tokenExpiresAt", "brokenAt",
      "grantEndsAt"
    from "ExternalAccount" where id = ${accountId}`;
}
