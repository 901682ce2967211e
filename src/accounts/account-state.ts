/** Whether linked accounts can be used, in the words status endpoints and health reports share. */
import { sql } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { ExternalAccountId } from '../lib/brand.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { Reason } from '../platforms/platform.ts';
import { isAlive } from './token-vault.ts';

export interface AccountState {
  /** `relink`: only the person can help. `unreadable`: no key of ours opens the tokens; the operator can help too. */
  readonly state: 'ok' | 'relink' | 'unreadable';
  /** Null in the state `ok`. Otherwise the platform's word (`invalid_grant`) or one of ours. */
  readonly reason: Reason | null;
  /** When the grant ends, where the platform tells. Linking again renews it. */
  readonly grantEndsAt: Date | null;
}

export interface StoredState {
  readonly id: ExternalAccountId;
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
  readonly tokenExpiresAt: Date | null;
  readonly brokenAt: Date | null;
  readonly brokenReason: string | null;
  readonly grantEndsAt: Date | null;
}

interface AccountStateDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly now: Date;
}

/** A linked account, and how it is. */
export interface BotAccount extends AccountState {
  readonly login: string | null;
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
}

/** Asks no platform. Null when it is not linked (any more). */
export async function readBotAccount(
  { db, seal, now }: AccountStateDeps,
  accountId: ExternalAccountId,
): Promise<BotAccount | null> {
  const { rows } = await sql<StoredState & Omit<BotAccount, keyof AccountState>>`
    select id, "accessToken", "refreshToken", "tokenExpiresAt", "brokenAt", "brokenReason", "grantEndsAt",
      login, "displayName", "avatarUrl"
    from "ExternalAccount" where id = ${accountId}
  `.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  const { login, displayName, avatarUrl } = row;
  return { login, displayName, avatarUrl, ...stateOf(row, seal, now) };
}

/** Without asking anybody. */
export function stateOf(row: StoredState, seal: TokenSeal, now: Date): AccountState {
  const { grantEndsAt, accessToken, refreshToken } = row;
  if (row.brokenAt !== null) return { state: 'relink', reason: row.brokenReason, grantEndsAt };
  const isReadable = [accessToken, refreshToken].every((stored) => stored === null || opens(stored, seal));
  if (!isReadable) return { state: 'unreadable', reason: 'no_key_opens_it', grantEndsAt };
  // The vault finds out at the next use.
  if (refreshToken === null && !isAlive({ accessToken, expiresAt: row.tokenExpiresAt }, now)) {
    return { state: 'relink', reason: 'no_refresh_token', grantEndsAt };
  }
  return { state: 'ok', reason: null, grantEndsAt };
}

function opens(stored: string, seal: TokenSeal): boolean {
  try {
    seal.open(stored);
    return true;
  } catch {
    return false;
  }
}
