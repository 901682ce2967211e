/** The single-use state that ties a consent page to the request and the browser that opened it (docs/contract/http-api.md#flow). */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ProviderId, UserId } from '../../lib/brand.ts';

export type OAuthKind = 'login' | 'link' | 'bot_link';

export interface OAuthState {
  readonly provider: ProviderId;
  readonly kind: OAuthKind;
  /** Who started; null for a sign-in. */
  readonly userId: UserId | null;
  /** Whose bot it becomes: a channel, or the default bot's sentinel. Null for other kinds. */
  readonly channelId: string | null;
  /** A path of the web app, already checked. */
  readonly redirectTo: string | null;
  /** An allowed origin, already checked. */
  readonly origin: string | null;
  readonly codeVerifier: string | null;
  /** Asked for besides the usual ones. */
  readonly extraScopes: readonly string[];
}

export type ConsumedState =
  | { kind: 'fresh'; state: OAuthState }
  /** Another browser began the flow, perhaps at another instance: the state is not used up here. */
  | { kind: 'begun_elsewhere'; instanceOrigin: string }
  | { kind: 'state_not_found' | 'state_already_used' | 'state_expired' | 'invalid_state_kind' };

/** Where a state belongs. */
export interface Belonging {
  readonly browserSecret: string;
  /** Public address of the instance; null where it has none. */
  readonly instanceOrigin: string | null;
}

const LIFE_MS = 10 * 60 * 1000;

const rowSchema = z.object({
  provider: z.string(),
  // A later version may add one.
  kind: z.enum(['login', 'link', 'bot_link']).nullable().catch(null),
  userId: z.string().nullable(),
  channelId: z.string().nullable(),
  redirectTo: z.string().nullable(),
  origin: z.string().nullable(),
  codeVerifier: z.string().nullable(),
  extraScopes: z
    .string()
    .nullable()
    .transform((text) => (text ?? '').split(' ').filter(Boolean)),
});

/** A secret of one browser, kept in a cookie while somebody is at a consent page. */
export function createBrowserSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** @returns the state text for the consent page */
export async function createOAuthState(
  db: Db,
  state: OAuthState,
  { browserSecret, instanceOrigin }: Belonging,
  now: Date,
): Promise<string> {
  const text = randomBytes(32).toString('base64url');
  await sql`
    insert into "OAuthState"
      (state, provider, kind, "userId", "channelId", "redirectTo", origin, "codeVerifier", "extraScopes",
       "browserHash", "instanceOrigin", "expiresAt")
    values (${text}, ${state.provider}, ${state.kind}, ${state.userId}, ${state.channelId}, ${state.redirectTo},
      ${state.origin}, ${state.codeVerifier}, ${state.extraScopes.join(' ') || null},
      ${sha256(browserSecret)}, ${instanceOrigin}, ${new Date(now.getTime() + LIFE_MS)})
  `.execute(db);
  return text;
}

/**
 * Uses a state up in one conditional update, so that of two parallel callbacks only one passes. To a browser that did
 * not start it the state does not exist.
 */
export async function consumeOAuthState(
  db: Db,
  text: string,
  browserSecret: string | null,
  now: Date,
): Promise<ConsumedState> {
  const isTheirs = sql`state = ${text} and "browserHash" = ${sha256(browserSecret ?? '')}`;
  const consumed = await sql`
    update "OAuthState" set "consumedAt" = ${now}
    where ${isTheirs} and "consumedAt" is null and "expiresAt" > ${now}
    returning provider, kind, "userId", "channelId", "redirectTo", origin, "codeVerifier", "extraScopes"
  `.execute(db);
  if (consumed.rows[0] !== undefined) {
    const { kind, ...row } = rowSchema.parse(consumed.rows[0]);
    return kind === null
      ? { kind: 'invalid_state_kind' }
      : { kind: 'fresh', state: { ...row, kind, provider: row.provider as ProviderId, userId: row.userId as UserId } };
  }
  const { rows } = await sql<{ isTheirs: boolean; isUsed: boolean; instanceOrigin: string | null }>`
    select "consumedAt" is not null as "isUsed", (${isTheirs}) is true as "isTheirs", "instanceOrigin"
    from "OAuthState" where state = ${text}
  `.execute(db);
  const [known] = rows;
  if (known?.isTheirs) return { kind: known.isUsed ? 'state_already_used' : 'state_expired' };
  const instanceOrigin = known?.instanceOrigin ?? null;
  return instanceOrigin === null ? { kind: 'state_not_found' } : { kind: 'begun_elsewhere', instanceOrigin };
}

/** A PKCE pair: the verifier is kept with the state, the S256 challenge goes to the platform. */
export function createPkcePair(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** What stands in a state's channel for the default bot of all channels (docs/contract/http-api.md#default-bot). */
export function defaultBotSentinel(provider: ProviderId): string {
  return `__global_${provider}_bot__`;
}

/** Whose bot a state is about. */
export type BotTarget = { readonly channelId: ChannelId } | 'default';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
