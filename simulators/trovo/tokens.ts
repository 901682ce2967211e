/** What people allowed which application on Trovo, and the tokens that follow from it (docs/platforms/trovo.md#oauth). */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/lib/clock.ts';
import { Refusal } from './errors.ts';

export interface Application {
  readonly id: string;
  readonly secret: string;
}

export interface AccessToken {
  readonly access: string;
  readonly refresh: string;
  readonly clientId: string;
  readonly personId: string;
  readonly scopes: readonly string[];
  expiresAtMs: number;
}

/** Any number of access tokens may have come from one. */
interface RefreshToken {
  readonly clientId: string;
  readonly personId: string;
  readonly scopes: readonly string[];
  expiresAtMs: number;
  readonly renewedInto: AccessToken[];
}

interface Code {
  readonly clientId: string;
  readonly personId: string;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly expiresAtMs: number;
  isUsed: boolean;
}

const REFRESH_DAYS = 30;
const LIVE_ACCESS_TOKENS_MAX = 50;
/** Not documented. */
const CODE_SECONDS = 600;

export class TokenBook {
  /** How many access tokens were renewed. */
  refreshed = 0;
  /** Life of access tokens handed out from now on. */
  accessSeconds = 14_400;
  readonly #clock: Clock;
  readonly #applications = new Map<string, Application>();
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, RefreshToken>();
  readonly #codes = new Map<string, Code>();
  readonly #granted = new Map<string, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  addApplication(application: Application): void {
    this.#applications.set(application.id, application);
  }

  application(id: unknown): Application | undefined {
    return typeof id === 'string' ? this.#applications.get(id) : undefined;
  }

  /** Every scope the person gave this application and did not take back. */
  granted(clientId: string, personId: string): ReadonlySet<string> {
    return this.#granted.get(grantKey(clientId, personId)) ?? new Set();
  }

  createCode(code: Omit<Code, 'expiresAtMs' | 'isUsed'>): string {
    const name = secret();
    this.#codes.set(name, { ...code, expiresAtMs: this.#nowMs() + CODE_SECONDS * 1000, isUsed: false });
    return name;
  }

  /** @throws Refusal for a code that is missing, unknown, expired, used, or another application's */
  redeemCode(name: unknown, clientId: string, redirectUri: unknown): AccessToken {
    if (typeof name !== 'string' || name === '') throw new Refusal(10710);
    const code = this.#codes.get(name);
    if (!code || code.clientId !== clientId || code.expiresAtMs <= this.#nowMs()) throw new Refusal(11710);
    if (code.isUsed) throw new Refusal(11711);
    if (code.redirectUri !== redirectUri) throw new Refusal(11716);
    code.isUsed = true;
    return this.issue(clientId, code.personId, code.scopes);
  }

  /** A new pair, as after a consent. */
  issue(clientId: string, personId: string, scopes: readonly string[], seconds = this.accessSeconds): AccessToken {
    const key = grantKey(clientId, personId);
    this.#granted.set(key, new Set([...this.granted(clientId, personId), ...scopes]));
    return this.#keep(clientId, personId, scopes, seconds);
  }

  /** The used refresh token keeps working until its own end. @throws Refusal */
  refresh(name: unknown, clientId: string): AccessToken {
    const old = typeof name === 'string' ? this.#refresh.get(name) : undefined;
    if (!old || old.clientId !== clientId) throw new Refusal(11713);
    const nowMs = this.#nowMs();
    if (old.expiresAtMs <= nowMs) throw new Refusal(11712);
    const live = old.renewedInto.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    if (live.length >= LIVE_ACCESS_TOKENS_MAX) throw new Refusal(11718);
    this.refreshed += 1;
    const token = this.#keep(old.clientId, old.personId, old.scopes, this.accessSeconds);
    old.renewedInto.splice(0, old.renewedInto.length, ...live, token);
    return token;
  }

  /** @throws Refusal for a token that is unknown, revoked or expired */
  find(access: string): AccessToken {
    const token = this.#access.get(access);
    if (!token) throw new Refusal(11704);
    if (token.expiresAtMs <= this.#nowMs()) throw new Refusal(11714);
    return token;
  }

  /** @throws Refusal for a token this application does not have */
  revoke(access: unknown, clientId: string): void {
    const token = typeof access === 'string' ? this.#access.get(access) : undefined;
    if (token?.clientId !== clientId) throw new Refusal(11704);
    this.#access.delete(token.access);
  }

  /** Lets every access token of the person run out now; refreshing still works. */
  expire(personId: string): void {
    for (const token of this.#access.values()) {
      if (token.personId === personId) token.expiresAtMs = Math.min(token.expiresAtMs, this.#nowMs());
    }
  }

  /** Lets every refresh token of the person run out now. */
  expireRefresh(personId: string): void {
    for (const token of this.#refresh.values()) {
      if (token.personId === personId) token.expiresAtMs = Math.min(token.expiresAtMs, this.#nowMs());
    }
  }

  /** The person disconnects the application: the grant and every token are gone. */
  disconnect(clientId: string, personId: string): void {
    this.#granted.delete(grantKey(clientId, personId));
    for (const tokens of [this.#access, this.#refresh]) {
      for (const [name, token] of tokens) {
        if (token.personId === personId && token.clientId === clientId) tokens.delete(name);
      }
    }
  }

  #keep(clientId: string, personId: string, scopes: readonly string[], seconds: number): AccessToken {
    const nowMs = this.#nowMs();
    const refresh = secret();
    const refreshEndMs = nowMs + REFRESH_DAYS * 86_400_000;
    this.#refresh.set(refresh, { clientId, personId, scopes, expiresAtMs: refreshEndMs, renewedInto: [] });
    const token = { access: secret(), refresh, clientId, personId, scopes, expiresAtMs: nowMs + seconds * 1000 };
    this.#access.set(token.access, token);
    return token;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

function grantKey(clientId: string, personId: string): string {
  return `${clientId} ${personId}`;
}

function secret(): string {
  return randomBytes(16).toString('hex');
}
