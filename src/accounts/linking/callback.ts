/** What a callback from a consent page comes to, by the order of the contract (docs/contract/http-api.md#callback-outcomes). */
import type { Db } from '../../db/pool.ts';
import type { PlatformUserId, ProviderId, UserId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { PlatformRefused } from '../../lib/errors.ts';
import type { PlatformOAuth } from '../../platforms/account-side.ts';
import type { CauseCode } from '../../platforms/causes/cause.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { type SignInOutcome, type SignInRules, signIn } from '../login.ts';
import { type AttachRefusal, attach } from './attach.ts';
import { askedScopes, type Begun, beginAgain, type LinkablePlatform } from './begin.ts';
import { type ConsumedState, consumeOAuthState, type OAuthState } from './oauth-state.ts';
import type { FreshGrant } from './stored-account.ts';
import { forgetFormerBots, revokeTokens } from './unlink.ts';

export interface CallbackDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly platforms: readonly { readonly description: PlatformDescription; readonly oauth?: PlatformOAuth }[];
  readonly rules: SignInRules;
  /** Public address of this instance; null where it has none. */
  readonly instanceOrigin: string | null;
}

export interface Callback {
  readonly code: string;
  readonly state: OAuthState;
  /** Who is signed in there, if anybody. */
  readonly callerId: UserId | null;
  readonly browserSecret: string | null;
}

export type CallbackOutcome =
  | Extract<SignInOutcome, { kind: 'signed_in' }>
  | { kind: 'linked' }
  /** The browser goes to the consent page again, to ask for scopes that an earlier link of the account had. */
  | { kind: 'ask_again'; begun: Begun }
  | { kind: 'refused'; reason: CallbackRefusal; platformUserId: PlatformUserId | null };

export type CallbackRefusal =
  | Extract<
      CauseCode,
      | 'login_not_supported'
      | 'provider_not_supported'
      | 'missing_oauth_env'
      | 'missing_link_user'
      | 'login_required'
      | 'link_user_mismatch'
      | 'no_token'
      | 'no_user'
    >
  | AttachRefusal;

/** Uses up the state that this browser brought. */
export async function consumeState(
  { db, clock, instanceOrigin }: Pick<CallbackDeps, 'db' | 'clock' | 'instanceOrigin'>,
  text: string | undefined,
  browserSecret: string | null,
): Promise<ConsumedState> {
  if (!text) return { kind: 'state_not_found' };
  const consumed = await consumeOAuthState(db, text, browserSecret, clock.now());
  const isHere = consumed.kind === 'begun_elsewhere' && consumed.instanceOrigin === instanceOrigin;
  return isHere ? { kind: 'state_not_found' } : consumed;
}

/** @throws PlatformUnreachable, or what the database throws */
export async function finish(deps: CallbackDeps, callback: Callback): Promise<CallbackOutcome> {
  const { state } = callback;
  // The provider stored in the state wins over the one in the path.
  const platform = deps.platforms.find(({ description }) => description.id === state.provider);
  if (platform?.oauth === undefined) {
    return refused(state.kind === 'login' ? 'login_not_supported' : 'provider_not_supported');
  }
  const { description, oauth } = platform;
  if (oauth.missingSettings().length > 0) return refused('missing_oauth_env');
  const stranger = state.kind === 'login' ? null : strangerOf(callback);
  if (stranger !== null) return refused(stranger);
  const grant = await askPlatform(oauth, description.id, callback, deps.clock);
  if ('reason' in grant) return refused(grant.reason);
  const linkable = { id: description.id, description, oauth };
  return state.kind === 'login' ? login(deps, linkable, callback, grant) : link(deps, linkable, callback, grant);
}

interface Linkable extends LinkablePlatform {
  readonly description: PlatformDescription;
}

function refused(reason: CallbackRefusal, platformUserId: PlatformUserId | null = null): CallbackOutcome {
  return { kind: 'refused', reason, platformUserId };
}

/** Whoever comes back has to be the one who left: an account must not end with somebody else (docs/contract/http-api.md#callback-outcomes). */
function strangerOf({ state, callerId }: Callback): CallbackRefusal | null {
  if (state.userId === null) return 'missing_link_user';
  if (callerId === null) return 'login_required';
  return callerId === state.userId ? null : 'link_user_mismatch';
}

/** A platform that says no is told apart from one that does not answer, which throws. */
async function askPlatform(
  oauth: PlatformOAuth,
  provider: ProviderId,
  { code, state }: Callback,
  clock: Clock,
): Promise<FreshGrant | { reason: 'no_token' | 'no_user' }> {
  // Before the question: a token does not live longer because its answer was slow.
  const now = clock.now();
  let reason: 'no_token' | 'no_user' = 'no_token';
  try {
    const tokens = await oauth.exchangeCode(code, state.codeVerifier);
    reason = 'no_user';
    const identity = await oauth.identify(tokens.accessToken);
    // An answer that names no rights grants those that were asked for (RFC 6749, section 5.1).
    const scopes = tokens.scopes ?? askedScopes(oauth, state);
    return { provider, identity, tokens: { ...tokens, scopes }, now };
  } catch (error) {
    if (error instanceof PlatformRefused) return { reason };
    throw error;
  }
}

async function login(
  deps: CallbackDeps,
  platform: Linkable,
  callback: Callback,
  grant: FreshGrant,
): Promise<CallbackOutcome> {
  const isAskedAgain = callback.state.extraScopes.length > 0;
  const outcome = await signIn(deps.db, { ...grant, platform: platform.description, isAskedAgain }, deps.rules);
  if (outcome.kind === 'signed_in') return outcome;
  if (outcome.kind === 'lacks_scopes') return askAgain(deps, platform, callback, outcome.scopes);
  return refused(outcome.kind, grant.identity.platformUserId);
}

async function link(
  deps: CallbackDeps,
  platform: Linkable,
  callback: Callback,
  grant: FreshGrant,
): Promise<CallbackOutcome> {
  const { state, callerId } = callback;
  const { seal } = deps.rules;
  if (callerId === null) return refused('login_required');
  const outcome = await attach(deps.db, { state, userId: callerId, platform: platform.description, grant }, seal);
  switch (outcome.kind) {
    case 'attached':
      for (const tokens of await forgetFormerBots(deps.db, platform.description, outcome.former)) {
        await revokeTokens(platform.oauth, seal, tokens);
      }
      return { kind: 'linked' };
    case 'lacks_scopes':
      return askAgain(deps, platform, callback, outcome.scopes);
    case 'refused':
      // Nobody keeps what was just granted; of a known account it would end the grant that is in use.
      if (!outcome.isKnown) await platform.oauth.revoke(grant.tokens.accessToken);
      return refused(outcome.reason, grant.identity.platformUserId);
  }
}

async function askAgain(
  { db, clock, instanceOrigin }: CallbackDeps,
  platform: Linkable,
  { state, browserSecret }: Callback,
  extraScopes: readonly string[],
): Promise<CallbackOutcome> {
  const beginning = { db, now: clock.now(), browserSecret, instanceOrigin };
  return { kind: 'ask_again', begun: await beginAgain(beginning, platform, { state, extraScopes }) };
}
