/** What a platform does for linked accounts: consent, tokens and their refresh, and who may speak (the platform contract, `platform.ts`). */
import type { ChannelId, ExternalAccountId, PlatformUserId } from '../lib/brand.ts';
import type { Reason } from './platform.ts';

/** An account with a usable token, as of now; short-lived, never stored, never logged. */
export interface AccountCredential {
  /** Null for a legacy sender that has no linked account row. */
  readonly accountId: ExternalAccountId | null;
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly accessToken: string;
  readonly scopes: ReadonlySet<string>;
}

export interface SenderCredential extends AccountCredential {
  readonly kind: 'override' | 'default' | 'legacy';
  /** One text per account, equal for the same account over time: the key of windows and connections. */
  readonly key: string;
}

/** A sender found through the environment. Tokens are as stored: sealed or plain. */
export interface LegacySender {
  readonly accountId: ExternalAccountId | null;
  /** Null until the token has been used once to ask. */
  readonly platformUserId: PlatformUserId | null;
  readonly login: string | null;
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
  readonly expiresAt: Date | null;
  /** Writes refreshed tokens (already sealed) back to where they were found. */
  save(tokens: { accessToken: string; refreshToken: string | null; expiresAt: Date | null }): Promise<void>;
}

/**
 * Why there is no credential. `none`: there is no account, or its grant is over; a person has to act.
 * `unavailable`: the grant lives as far as is known, but no token can be had at the moment; ask again
 * (`CREDENTIAL_RETRY_MS` in `no-credential.ts`).
 */
export type NoCredential = 'none' | 'unavailable';

/**
 * Why a channel's owner has no credential. `unlinked`: there is no account at all; `none`: there is one, and its grant is
 * over; `unreadable`: no key of ours opens its tokens.
 */
export type NoOwner = NoCredential | 'unlinked' | 'unreadable';

/** Where the worker side gets tokens. One refresh at a time per account, over all processes. */
export interface CredentialSource {
  /** The sender all channels share: the default bot, else the legacy sender. */
  defaultSender(): Promise<SenderCredential | NoCredential>;
  /** The streamer's own account for reading; bot accounts are never chosen. */
  owner(channelId: ChannelId): Promise<AccountCredential | NoOwner>;
  /** A credential with another token, after the platform refused `refusedToken`. */
  renewed<C extends AccountCredential>(credential: C, refusedToken: string): Promise<C | NoCredential>;
  /** Called when another account became the shared sender or its grant changed. */
  onDefaultSenderChanged(listener: () => void): void;
}

/** The platform's side of linking and keeping an account. Every request goes through the given HTTP client. */
export interface PlatformOAuth {
  /** Names of unset variables that linking needs; empty when it can start. */
  missingSettings(): readonly string[];
  authorizeUrl(request: AuthorizeRequest): string;
  readonly usesPkce: boolean;
  readonly scopes: { readonly streamer: readonly string[]; readonly bot: readonly string[] };
  exchangeCode(code: string, codeVerifier: string | null): Promise<GrantedTokens>;
  refresh(refreshToken: string): Promise<RefreshOutcome>;
  /** Best effort; must not throw. */
  revoke(token: string): Promise<void>;
  identify(accessToken: string): Promise<PlatformIdentity>;
  /** Asks the platform whether a token still works; absent where it has no such call. */
  validate?(accessToken: string): Promise<'valid' | 'dead' | 'unknown'>;
}

export interface AuthorizeRequest {
  readonly state: string;
  readonly scopes: readonly string[];
  readonly codeChallenge: string | null;
  /** Whether to ask even who consented before: they may mean another account than the one they are signed in with. */
  readonly asksAnew?: boolean;
}

export interface GrantedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresInSeconds: number | null;
  readonly scopes: readonly string[] | null;
  /**
   * How long renewing works from now on, where the platform tells or is known to end grants. Left out of a refresh's
   * answer, the end stays where it was; left out of a consent's, none is known.
   */
  readonly grantEndsInSeconds?: number | null;
}

export type RefreshOutcome =
  | { kind: 'refreshed'; tokens: GrantedTokens }
  /** `invalid_grant` and its like: stop and ask the user to link again. */
  | { kind: 'dead'; reason: Reason }
  | { kind: 'unavailable'; reason: Reason };

export interface PlatformIdentity {
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  readonly profileUrl: string | null;
}
