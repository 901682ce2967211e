/** What people allowed which application, and the tokens that follow from it. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/lib/clock.ts';

export interface Application {
  readonly id: string;
  readonly secret: string;
}

export interface Token {
  readonly access: string;
  /** Null for an application's own token. */
  readonly refresh: string | null;
  readonly clientId: string;
  /** Null for an application's own token. */
  readonly personId: string | null;
  readonly scopes: readonly string[];
  /** When the person consented; renewing does not move it. */
  readonly grantedAtMs: number;
  expiresAtMs: number;
}

interface Code {
  clientId: string;
  personId: string;
  scopes: readonly string[];
  redirectUri: string;
}

export interface GrantRules {
  userTokenSeconds: number;
  appTokenSeconds: number;
  /** A refresh answers with a new refresh token and the used one dies. */
  rotateRefreshTokens: boolean;
  /** With rotation: the used refresh token goes on working beside the new one. */
  keepUsedRefreshTokens?: boolean;
  /** How long after the consent renewing works, however often it was done; for ever when absent. */
  grantSeconds?: number | undefined;
}

export class Grants {
  readonly rules: GrantRules;
  /** How many tokens were renewed. */
  refreshed = 0;
  readonly #clock: Clock;
  readonly #applications = new Map<string, Application>();
  readonly #tokens = new Map<string, Token>();
  readonly #byRefresh = new Map<string, Token>();
  readonly #codes = new Map<string, Code>();
  readonly #granted = new Map<string, Set<string>>();

  constructor(clock: Clock, rules: GrantRules) {
    this.#clock = clock;
    this.rules = rules;
  }

  addApplication(application: Application): void {
    this.#applications.set(application.id, application);
  }

  application(id: string | null): Application | undefined {
    return id === null ? undefined : this.#applications.get(id);
  }

  /** Every scope the person ever gave this application and did not take back. */
  granted(clientId: string, personId: string): ReadonlySet<string> {
    return this.#granted.get(`${clientId} ${personId}`) ?? new Set();
  }

  grant(clientId: string, personId: string, scopes: readonly string[]): void {
    this.#granted.set(`${clientId} ${personId}`, new Set([...this.granted(clientId, personId), ...scopes]));
  }

  createCode(code: Code): string {
    this.grant(code.clientId, code.personId, code.scopes);
    const name = randomBytes(15).toString('hex');
    this.#codes.set(name, code);
    return name;
  }

  /** A code works once. */
  redeemCode(name: string, clientId: string, redirectUri: string): Token | null {
    const code = this.#codes.get(name);
    this.#codes.delete(name);
    if (!code || code.clientId !== clientId || code.redirectUri !== redirectUri) return null;
    return this.issue(clientId, code.personId, code.scopes);
  }

  issue(clientId: string, personId: string, scopes: readonly string[], seconds = this.rules.userTokenSeconds): Token {
    this.grant(clientId, personId, scopes);
    return this.#keep({ clientId, personId, scopes, refresh: secret(), grantedAtMs: this.#nowMs() }, seconds);
  }

  issueForApplication(clientId: string): Token {
    const what = { clientId, personId: null, scopes: [], refresh: null, grantedAtMs: this.#nowMs() };
    return this.#keep(what, this.rules.appTokenSeconds);
  }

  /** @returns null for a refresh token that is unknown, used up, too old or another application's */
  refresh(refreshToken: string, clientId: string): Token | null {
    const old = this.#byRefresh.get(refreshToken);
    if (!old || old.clientId !== clientId) return null;
    const { grantSeconds = Number.POSITIVE_INFINITY } = this.rules;
    if (this.#nowMs() - old.grantedAtMs > grantSeconds * 1000) return null;
    this.refreshed += 1;
    if (!this.rules.rotateRefreshTokens) return this.#keep(old, this.rules.userTokenSeconds);
    if (!this.rules.keepUsedRefreshTokens) this.#byRefresh.delete(refreshToken);
    return this.#keep({ ...old, refresh: secret() }, this.rules.userTokenSeconds);
  }

  /** @returns undefined for a token that is unknown, revoked or expired */
  find(access: string | null): Token | undefined {
    const token = access === null ? undefined : this.#tokens.get(access);
    return token && token.expiresAtMs > this.#nowMs() ? token : undefined;
  }

  findByRefreshToken(refreshToken: string): Token | undefined {
    return this.#byRefresh.get(refreshToken);
  }

  revoke(access: string): boolean {
    return this.#tokens.delete(access);
  }

  revokeRefresh(refreshToken: string): boolean {
    return this.#byRefresh.delete(refreshToken);
  }

  /** Lets every access token of the person run out now; refreshing still works. */
  expire(personId: string): void {
    for (const token of this.#tokens.values()) {
      if (token.personId === personId) token.expiresAtMs = this.#nowMs();
    }
  }

  /** The person disconnects the application, or changes the password: every grant and token is gone. */
  disconnect(clientId: string, personId: string): void {
    this.#granted.delete(`${clientId} ${personId}`);
    for (const tokens of [this.#tokens, this.#byRefresh]) {
      for (const [name, token] of tokens) {
        if (token.personId === personId && token.clientId === clientId) tokens.delete(name);
      }
    }
  }

  #keep(what: Omit<Token, 'access' | 'expiresAtMs'>, seconds: number): Token {
    const token: Token = { ...what, access: secret(), expiresAtMs: this.#nowMs() + seconds * 1000 };
    this.#tokens.set(token.access, token);
    if (token.refresh !== null) this.#byRefresh.set(token.refresh, token);
    return token;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

function secret(): string {
  return randomBytes(15).toString('hex');
}
