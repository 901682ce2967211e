/** Linked accounts' tokens: sealed at rest, refreshed by one process at a time, saved before anybody uses them. */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import { type BackoffLimits, backoffMs } from '../lib/backoff.ts';
import type { ExternalAccountId, PlatformUserId, ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { GrantedTokens, PlatformOAuth, Reason } from '../platforms/platform.ts';

/** An account's tokens as stored, opened. */
export interface Grant {
  readonly accountId: ExternalAccountId;
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly accessToken: string | null;
  readonly scopes: ReadonlySet<string>;
  /** Null: valid until the platform refuses it. */
  readonly expiresAt: Date | null;
  /** The platform ended the grant; only a new link helps. */
  readonly isBroken: boolean;
}

export type Renewal = { kind: 'fresh'; grant: Grant } | { kind: 'dead' } | { kind: 'unavailable' };

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
const SAVE_TRIES = 6;
const SAVE_RETRY: BackoffLimits = { firstMs: 200, longestMs: 5000 };

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
}

/** Fetched, and perhaps not stored: the old refresh token may be worth nothing any more. */
interface Unsaved {
  readonly insteadOf: string | null;
  readonly tokens: GrantedTokens;
}

export class TokenVault {
  readonly #deps: VaultDeps;
  readonly #renewing = new Map<ExternalAccountId, Promise<Renewal>>();
  readonly #unsaved = new Map<ExternalAccountId, Unsaved>();
  readonly #fresh = new Map<ExternalAccountId, { token: string; atMs: number }>();

  constructor(deps: VaultDeps) {
    this.#deps = deps;
  }

  /** @returns null when the account is not linked any more */
  async read(accountId: ExternalAccountId): Promise<Grant | null> {
    const { rows } = await columns(accountId).execute(this.#deps.db);
    return rows[0] === undefined ? null : this.#open(rows[0]);
  }

  /**
   * A token other than `refusedToken` that lives: another process's, or a refreshed one.
   *
   * @param refusedToken null when the stored token is only about to end
   */
  renew(accountId: ExternalAccountId, refusedToken: string | null): Promise<Renewal> {
    const running = this.#renewing.get(accountId);
    if (running) return running;
    const renewal = this.#renew(accountId, refusedToken).finally(() => this.#renewing.delete(accountId));
    this.#renewing.set(accountId, renewal);
    return renewal;
  }

  async #renew(accountId: ExternalAccountId, refusedToken: string | null): Promise<Renewal> {
    const { db, clock, random, log, provider } = this.#deps;
    const fresh = this.#fresh.get(accountId);
    const isJustRefreshed = fresh !== undefined && clock.monotonicMs() - fresh.atMs < REFRESH_DISTANCE_MS;
    if (isJustRefreshed && fresh.token === refusedToken) return { kind: 'unavailable' };
    for (let tries = 1; ; tries += 1) {
      try {
        const renewal = await db.transaction().execute((tx) => this.#renewLocked(tx, accountId, refusedToken));
        this.#unsaved.delete(accountId);
        return renewal;
      } catch (error) {
        // A rotated token that is lost costs the user a new link: it is kept here until the database takes it.
        if (!this.#unsaved.has(accountId)) throw error;
        log.error(`${provider}.token.save_failed`, { externalAccountId: accountId, error });
        if (tries === SAVE_TRIES) return { kind: 'unavailable' };
        await clock.sleep(backoffMs(tries, SAVE_RETRY, random));
      }
    }
  }

  async #renewLocked(
    tx: Transaction<Database>,
    accountId: ExternalAccountId,
    refusedToken: string | null,
  ): Promise<Renewal> {
    // Not FOR UPDATE: rows that only refer to the account need not wait for the platform's answer.
    const { rows } = await sql<StoredRow>`${columns(accountId)} for no key update`.execute(tx);
    const row = rows[0];
    if (row === undefined) return { kind: 'dead' };
    const stored = this.#open(row);
    if (stored.isBroken) return { kind: 'dead' };
    if (stored.accessToken !== refusedToken && isAlive(stored, this.#deps.clock.now())) {
      return { kind: 'fresh', grant: stored };
    }
    const tokens = await this.#fetch(row);
    if (tokens === 'unavailable') return { kind: 'unavailable' };
    if ('deadReason' in tokens) return this.#markBroken(tx, accountId, tokens.deadReason);
    return { kind: 'fresh', grant: await this.#save(tx, row, tokens) };
  }

  async #fetch(row: StoredRow): Promise<GrantedTokens | { deadReason: Reason } | 'unavailable'> {
    const unsaved = this.#unsaved.get(row.id);
    if (unsaved && unsaved.insteadOf === row.refreshToken) return unsaved.tokens;
    const refreshToken = this.#openToken(row.id, row.refreshToken);
    if (row.refreshToken === null) return { deadReason: 'no_refresh_token' };
    if (refreshToken === null) return 'unavailable';
    const { oauth, provider, log } = this.#deps;
    const outcome = await oauth.refresh(refreshToken);
    if (outcome.kind === 'refreshed') {
      this.#unsaved.set(row.id, { insteadOf: row.refreshToken, tokens: outcome.tokens });
      return outcome.tokens;
    }
    log.warn(`${provider}.token.refresh_failed`, { externalAccountId: row.id, reason: outcome.reason });
    return outcome.kind === 'dead' ? { deadReason: outcome.reason } : 'unavailable';
  }

  /** What the answer does not name stays as it was. */
  async #save(tx: Transaction<Database>, row: StoredRow, tokens: GrantedTokens): Promise<Grant> {
    const { seal, clock } = this.#deps;
    const expiresAt =
      tokens.expiresInSeconds === null ? null : new Date(clock.now().getTime() + tokens.expiresInSeconds * 1000);
    const changed: StoredRow = {
      ...row,
      accessToken: seal.seal(tokens.accessToken),
      refreshToken: tokens.refreshToken === null ? row.refreshToken : seal.seal(tokens.refreshToken),
      scopes: tokens.scopes?.join(' ') ?? row.scopes,
      tokenExpiresAt: expiresAt,
    };
    const { accessToken, refreshToken, scopes, tokenExpiresAt } = changed;
    await tx
      .updateTable('ExternalAccount')
      .set({ accessToken, refreshToken, scopes, tokenExpiresAt })
      .where('id', '=', row.id)
      .execute();
    this.#fresh.set(row.id, { token: tokens.accessToken, atMs: clock.monotonicMs() });
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
    return {
      accountId: row.id,
      platformUserId: row.providerAccountId,
      login: row.login,
      accessToken: this.#openToken(row.id, row.accessToken),
      scopes: new Set((row.scopes ?? '').split(/[\s,]+/).filter(Boolean)),
      expiresAt: row.tokenExpiresAt,
      isBroken: row.brokenAt !== null,
    };
  }

  /** A token no key of ours opens is as good as none; the operator has to hear of it. */
  #openToken(accountId: ExternalAccountId, stored: string | null): string | null {
    if (stored === null) return null;
    try {
      return this.#deps.seal.open(stored);
    } catch (error) {
      this.#deps.log.error(`${this.#deps.provider}.token.unreadable`, { externalAccountId: accountId, error });
      return null;
    }
  }
}

function columns(accountId: ExternalAccountId) {
  return sql<StoredRow>`
    select id, "providerAccountId", login, "accessToken", "refreshToken", scopes, "tokenExpiresAt", "brokenAt"
    from "ExternalAccount" where id = ${accountId}`;
}
