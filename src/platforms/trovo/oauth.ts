/** Linking, refreshing and revoking Trovo accounts (docs/platforms/trovo.md#oauth). */
import type { PlatformUserId } from '../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { GrantedTokens, PlatformOAuth, RefreshOutcome } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { createRest, type Rest } from './rest/client.ts';
import { refusalOf } from './rest/refusal.ts';
import { tokenAnswer, userInfoAnswer, validateAnswer } from './rest/rest.external.ts';
import { type TrovoSettings, trovoSettings, trovoUrls } from './settings.ts';

/** Reading its chat, letting the bot write there, and knowing whose account it is. */
const STREAMER_SCOPES = ['user_details_self', 'chat_connect', 'send_to_my_channel'];
const BOT_SCOPES = ['user_details_self', 'chat_send_self'];

/** Each refresh token lives 30 days, and every refresh brings a new one (docs/platforms/trovo.md#oauth). */
const REFRESH_TOKEN_SECONDS = 30 * 24 * 3600;

export function createOAuth(deps: CommonDeps): PlatformOAuth {
  const settings = trovoSettings(deps.settings);
  const urls = trovoUrls(settings);
  const rest = createRest(deps, settings);
  const redirect = settings.TROVO_CALLBACK_URL;

  return {
    // Not documented (docs/platforms/trovo.md#authorize).
    usesPkce: false,
    scopes: {
      streamer: settings.TROVO_SCOPES ?? STREAMER_SCOPES,
      bot: settings.TROVO_BOT_SCOPES ?? settings.TROVO_SCOPES ?? BOT_SCOPES,
    },
    missingSettings() {
      const needed = ['TROVO_CLIENT_ID', 'TROVO_CLIENT_SECRET', 'TROVO_CALLBACK_URL'] as const;
      return needed.filter((name) => settings[name] === null);
    },
    authorizeUrl({ state, scopes }) {
      const query = new URLSearchParams({
        client_id: settings.TROVO_CLIENT_ID ?? '',
        response_type: 'code',
        // A form-encoded space is the plus that Trovo wants between scopes (docs/platforms/trovo.md#authorize).
        scope: scopes.join(' '),
        redirect_uri: redirect ?? '',
        state,
      });
      return `${settings.TROVO_AUTHORIZE_URL}?${query}`;
    },
    async exchangeCode(code) {
      const body = { grant_type: 'authorization_code', code, redirect_uri: redirect ?? '' };
      const answer = await rest.call(withSecret(settings, urls.exchange, body));
      const tokens = grantedTokens(answer);
      if (tokens === null) throw exchangeRefused(answer);
      // The answer need not name what was granted (docs/platforms/trovo.md#exchange).
      return { ...tokens, scopes: tokens.scopes ?? (await grantedScopes(rest, urls.validate, tokens.accessToken)) };
    },
    refresh(refreshToken) {
      const body = {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        ...(redirect === null ? {} : { redirect_uri: redirect }),
      };
      return rest
        .call(withSecret(settings, urls.refresh, body))
        .then(refreshOutcome, (): RefreshOutcome => ({ kind: 'unavailable', reason: 'unreachable' }));
    },
    async revoke(token) {
      await rest.call({ url: urls.revoke, body: { access_token: token }, accessToken: token }).catch(() => {});
    },
    async identify(accessToken) {
      const parsed = userInfoAnswer.safeParse(await rest.ask({ url: urls.userInfo, accessToken }));
      if (!parsed.success || parsed.data.userId === '') {
        throw new PlatformRefused('Trovo does not recognise the token');
      }
      const { userId, userName, nickName, profilePic } = parsed.data;
      return {
        platformUserId: userId as PlatformUserId,
        login: userName?.toLowerCase() ?? null,
        displayName: nickName ?? userName,
        avatarUrl: profilePic,
        profileUrl: null,
      };
    },
    async validate(accessToken) {
      const answer = await rest.call({ url: urls.validate, accessToken }).catch(() => null);
      if (answer === null) return 'unknown';
      const refusal = refusalOf(answer);
      if (refusal === null) return 'valid';
      return refusal.kind === 'token' || refusal.kind === 'grant' ? 'dead' : 'unknown';
    },
  };
}

/** The secret is documented in the body and was taken from the header (docs/contract/workers.md#tokens): either is found. */
function withSecret(settings: TrovoSettings, url: string, body: Record<string, string>) {
  const secret = settings.TROVO_CLIENT_SECRET ?? '';
  return { url, headers: { 'client-secret': secret }, body: { client_secret: secret, ...body } };
}

function exchangeRefused(answer: HttpAnswer): Error {
  const kind = refusalOf(answer)?.kind;
  const isOutage = kind === 'outage' || kind === 'internal' || kind === 'rate_limited';
  if (isOutage) return new PlatformUnreachable(`Trovo did not accept the authorization code (${answer.status})`);
  return new PlatformRefused(`Trovo refused the authorization code (${answer.status})`, { status: answer.status });
}

function refreshOutcome(answer: HttpAnswer): RefreshOutcome {
  const tokens = grantedTokens(answer);
  if (tokens !== null) return { kind: 'refreshed', tokens };
  const refusal = refusalOf(answer);
  switch (refusal?.kind) {
    case 'grant':
      return { kind: 'dead', reason: 'invalid_grant' };
    // A wrong client id or secret is the operator's to mend: no account may be declared dead for it.
    case 'client':
      return { kind: 'unavailable', reason: 'client_refused' };
    case 'rate_limited':
      return { kind: 'unavailable', reason: refusal.status === 11718 ? 'too_many_tokens' : 'rate_limited' };
    default:
      return { kind: 'unavailable', reason: `token_endpoint_${refusal?.status || answer.status}` };
  }
}

function grantedTokens(answer: HttpAnswer): GrantedTokens | null {
  const parsed = tokenAnswer.safeParse(answer.json());
  if (refusalOf(answer) !== null || !parsed.success) return null;
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = parsed.data;
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    expiresInSeconds: seconds || null,
    scopes: scope ?? null,
    grantEndsInSeconds: refreshToken ? REFRESH_TOKEN_SECONDS : null,
  };
}

/** Best effort: without it the platform's refusals tell what is missing. */
async function grantedScopes(rest: Rest, url: string, accessToken: string): Promise<readonly string[] | null> {
  const json = await rest.ask({ url, accessToken }).catch(() => null);
  return validateAnswer.safeParse(json).data?.scopes ?? null;
}
