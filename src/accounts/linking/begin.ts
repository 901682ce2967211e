/** Begins a sign-in, a link or a bot's link: stores the state, and names the consent page to go to (docs/contract/http-api.md#flow). */
import type { Db } from '../../db/pool.ts';
import type { ProviderId, UserId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { PlatformOAuth } from '../../platforms/account-side.ts';
import {
  type BotTarget,
  createBrowserSecret,
  createOAuthState,
  createPkcePair,
  defaultBotSentinel,
  type OAuthState,
} from './oauth-state.ts';

/** A platform whose accounts can be linked. */
export interface LinkablePlatform {
  readonly id: ProviderId;
  readonly oauth: PlatformOAuth;
}

export interface Beginning {
  readonly db: Db;
  readonly now: Date;
  /** What the browser carries from an earlier start; null when it carries nothing. */
  readonly browserSecret: string | null;
  /** Public address of this instance; null where it has none. */
  readonly instanceOrigin: string | null;
}

/** Where the browser goes after the consent page. The caller has checked both values. */
export interface Destination {
  readonly redirectTo: string | null;
  readonly origin: string | null;
}

export interface Begun {
  /** The platform's consent page. */
  readonly authorizeUrl: string;
  /** Goes into a cookie that lives as long as the state. Only a browser that has the cookie can finish the flow. */
  readonly browserSecret: string;
}

/** @throws BadInput `BOT_NOT_CONFIGURED` */
export function beginBotLink(
  beginning: Beginning,
  platform: LinkablePlatform,
  { userId, target, ...destination }: Destination & { readonly userId: UserId; readonly target: BotTarget },
): Promise<Begun> {
  const missing = platform.oauth.missingSettings();
  if (missing.length > 0) {
    throw new BadInput('BOT_NOT_CONFIGURED', '', { details: { provider: platform.id, missing } });
  }
  const channelId = target === 'default' ? defaultBotSentinel(platform.id) : target.channelId;
  return begin(beginning, platform, { ...destination, kind: 'bot_link', userId, channelId });
}

/** The caller has checked that the settings for linking are present. */
export function beginLink(
  beginning: Beginning,
  platform: LinkablePlatform,
  given: Destination & { readonly userId: UserId },
): Promise<Begun> {
  return begin(beginning, platform, { ...given, kind: 'link', channelId: null });
}

/** The caller has checked that the settings for signing in are present. */
export function beginLogin(beginning: Beginning, platform: LinkablePlatform, given: Destination): Promise<Begun> {
  return begin(beginning, platform, { ...given, kind: 'login', userId: null, channelId: null });
}

/** Starts the flow of `state` again and asks for `extraScopes` too. */
export function beginAgain(
  beginning: Beginning,
  platform: LinkablePlatform,
  { state, extraScopes }: { readonly state: OAuthState; readonly extraScopes: readonly string[] },
): Promise<Begun> {
  return begin(beginning, platform, { ...state, extraScopes });
}

type Flow = Pick<OAuthState, 'kind' | 'userId' | 'channelId' | 'redirectTo' | 'origin'> &
  Partial<Pick<OAuthState, 'extraScopes'>>;

async function begin(
  { db, now, instanceOrigin, ...given }: Beginning,
  { id, oauth }: LinkablePlatform,
  flow: Flow,
): Promise<Begun> {
  const browserSecret = given.browserSecret ?? createBrowserSecret();
  const pkce = oauth.usesPkce ? createPkcePair() : null;
  const { extraScopes = [] } = flow;
  const stored = { ...flow, extraScopes, provider: id, codeVerifier: pkce?.verifier ?? null };
  const state = await createOAuthState(db, stored, { browserSecret, instanceOrigin }, now);
  const scopes = askedScopes(oauth, { ...flow, extraScopes });
  const codeChallenge = pkce?.challenge ?? null;
  // Whoever links a bot is mostly signed in there with another account: every link asks which account is meant.
  const asksAnew = flow.kind !== 'login';
  return { authorizeUrl: oauth.authorizeUrl({ state, scopes, codeChallenge, asksAnew }), browserSecret };
}

/** The rights a consent page asks for. */
export function askedScopes(
  { scopes }: Pick<PlatformOAuth, 'scopes'>,
  { kind, extraScopes }: Pick<OAuthState, 'kind' | 'extraScopes'>,
): readonly string[] {
  return [...new Set([...(kind === 'bot_link' ? scopes.bot : scopes.streamer), ...extraScopes])];
}
