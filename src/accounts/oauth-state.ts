/** The single-use state that ties a consent page to the request that opened it (http-api §9.1). */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Db } from '../db/pool.ts';
import type { ChannelId, ProviderId, UserId } from '../lib/brand.ts';

export type OAuthKind = 'login' | 'link' | 'bot_link';

export interface OAuthState {
  readonly provider: ProviderId;
  readonly kind: OAuthKind;
  readonly userId: UserId | null;
  readonly channelId: ChannelId | null;
  /** A path of the web app, already checked. */
  readonly redirectTo: string | null;
  /** An allowed origin, already checked. */
  readonly origin: string | null;
  readonly codeVerifier: string | null;
}

export type ConsumedState =
  | { kind: 'fresh'; state: OAuthState }
  | { kind: 'state_not_found' | 'state_already_used' | 'state_expired' };

const LIFE_MS = 10 * 60 * 1000;

const rowSchema = z.object({
  provider: z.string(),
  kind: z.enum(['login', 'link', 'bot_link']),
  userId: z.string().nullable(),
  channelId: z.string().nullable(),
  redirectTo: z.string().nullable(),
  origin: z.string().nullable(),
  codeVerifier: z.string().nullable(),
});

/** @returns the state text for the consent page */
export async function createOAuthState(db: Db, state: OAuthState, now: Date): Promise<string> {
  const text = randomBytes(32).toString('base64url');
  await sql`
    insert into "OAuthState"
      (state, provider, kind, "userId", "channelId", "redirectTo", origin, "codeVerifier", "expiresAt")
    values (${text}, ${state.provider}, ${state.kind}, ${state.userId}, ${state.channelId}, ${state.redirectTo},
      ${state.origin}, ${state.codeVerifier}, ${new Date(now.getTime() + LIFE_MS)})
  `.execute(db);
  return text;
}

/** Uses a state up in one conditional update, so that of two parallel callbacks only one passes. */
export async function consumeOAuthState(db: Db, text: string, now: Date): Promise<ConsumedState> {
  const consumed = await sql`
    update "OAuthState" set "consumedAt" = ${now}
    where state = ${text} and "consumedAt" is null and "expiresAt" > ${now}
    returning provider, kind, "userId", "channelId", "redirectTo", origin, "codeVerifier"
  `.execute(db);
  if (consumed.rows[0] !== undefined) {
    return { kind: 'fresh', state: rowSchema.parse(consumed.rows[0]) as OAuthState };
  }
  const known = await sql<{ isUsed: boolean }>`
    select "consumedAt" is not null as "isUsed" from "OAuthState" where state = ${text}
  `.execute(db);
  if (known.rows[0] === undefined) return { kind: 'state_not_found' };
  return { kind: known.rows[0].isUsed ? 'state_already_used' : 'state_expired' };
}

/** A PKCE pair: the verifier is kept with the state, the S256 challenge goes to the platform. */
export function createPkcePair(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}
