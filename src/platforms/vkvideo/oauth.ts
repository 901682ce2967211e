/** Linking, refreshing and revoking VK Video Live accounts (docs/platforms/vkvideo.md#oauth). */
import type { PlatformUserId } from '../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { GrantedTokens, PlatformOAuth, RefreshOutcome } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { channelUrl } from './channel-url.ts';
import { currentUserAnswer, refusalAnswer, tokenAnswer } from './oauth.external.ts';
import { apiBaseOf, type VkVideoSettings, vkvideoSettings } from './settings.ts';

/** What VK asks of a token that sends (docs/platforms/vkvideo.md#scopes). */
const SENDING_SCOPE = 'chat:message:send';
const NEEDED = [
  'VKVIDEO_CLIENT_ID',
  'VKVIDEO_CLIENT_SECRET',
  'VKVIDEO_AUTHORIZE_URL',
  'VKVIDEO_TOKEN_URL',
  'VKVIDEO_CALLBACK_URL',
] as const;

export function createOAuth(deps: CommonDeps): PlatformOAuth {
  const settings = vkvideoSettings(deps.settings);
  const post = createPost(deps, settings);
  const redirect = { redirect_uri: settings.VKVIDEO_CALLBACK_URL ?? '' };
  return {
    usesPkce: true,
    scopes: scopesOf(settings),
    missingSettings: () => NEEDED.filter((name) => settings[name] === null),
    authorizeUrl({ state, scopes, codeChallenge }) {
      const url = new URL(settings.VKVIDEO_AUTHORIZE_URL ?? '');
      const query = { response_type: 'code', client_id: settings.VKVIDEO_CLIENT_ID ?? '', ...redirect, state };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      // Commas, where the RFC has spaces (docs/platforms/vkvideo.md#code-flow).
      if (scopes.length > 0) url.searchParams.set('scope', scopes.join(','));
      if (codeChallenge !== null) {
        url.searchParams.set('code_challenge', codeChallenge);
        url.searchParams.set('code_challenge_method', 'S256');
      }
      return url.href;
    },
    async exchangeCode(code, codeVerifier) {
      const verifier = codeVerifier === null ? {} : { code_verifier: codeVerifier };
      const answer = await post('token', { grant_type: 'authorization_code', code, ...redirect, ...verifier });
      const tokens = grantedTokens(answer);
      if (tokens !== null) return tokens;
      const sentence = `VK Video Live refused the authorization code (${answer.status})`;
      if (answer.status >= 500 || answer.status === 429) throw new PlatformUnreachable(sentence);
      throw new PlatformRefused(sentence, { status: answer.status });
    },
    async refresh(refreshToken) {
      if (settings.VKVIDEO_TOKEN_URL === null) return { kind: 'unavailable', reason: 'token_url_not_configured' };
      // Without the address of the redirect some refreshes are refused (docs/platforms/vkvideo.md#code-flow).
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken, ...redirect };
      return post('token', form).then(refreshOutcome, () => ({ kind: 'unavailable', reason: 'unreachable' }));
    },
    async revoke(token) {
      await post('revoke', { token, token_type_hint: 'access_token' }).catch(() => {});
    },
    identify: (accessToken) => identify(deps, settings, accessToken),
  };
}

function scopesOf(settings: VkVideoSettings): PlatformOAuth['scopes'] {
  const { VKVIDEO_SCOPES: streamer, VKVIDEO_BOT_SCOPES: own } = settings;
  return { streamer, bot: [...new Set([...(own.length > 0 ? own : streamer), SENDING_SCOPE])] };
}

/** The application is named by the header alone: VK wants nothing of it in the body. */
function createPost({ http }: CommonDeps, settings: VkVideoSettings) {
  const credentials = `${settings.VKVIDEO_CLIENT_ID ?? ''}:${settings.VKVIDEO_CLIENT_SECRET ?? ''}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return async (endpoint: 'token' | 'revoke', form: Record<string, string>): Promise<HttpAnswer> => {
    if (settings.VKVIDEO_TOKEN_URL === null) throw new PlatformUnreachable('VKVIDEO_TOKEN_URL is not configured');
    // Revoking is the neighbour of the token endpoint (docs/platforms/vkvideo.md#decisions-in-short).
    const url = endpoint === 'token' ? settings.VKVIDEO_TOKEN_URL : new URL('revoke', settings.VKVIDEO_TOKEN_URL).href;
    return http(url, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) });
  };
}

async function identify({ http }: CommonDeps, settings: VkVideoSettings, accessToken: string) {
  const url = settings.VKVIDEO_USERINFO_URL ?? `${apiBaseOf(settings) ?? ''}/v1/current_user`;
  if (!url.startsWith('http')) throw new PlatformRefused('VKVIDEO_API_BASE_URL is not configured');
  const answer = await http(url, { headers: { authorization: `Bearer ${accessToken}` } });
  if (answer.status >= 500 || answer.status === 429) {
    throw new PlatformUnreachable(`VK Video Live did not return the profile (${answer.status})`);
  }
  const parsed = currentUserAnswer.safeParse(answer.json());
  if (answer.status !== 200 || !parsed.success) {
    throw new PlatformRefused(`VK Video Live did not return the profile (${answer.status})`, { status: answer.status });
  }
  const { user, channelUrls } = parsed.data;
  const [ownUrl] = channelUrls;
  return {
    platformUserId: user.id as PlatformUserId,
    // One name for both: VK has no separate login (docs/platforms/vkvideo.md#chat-message).
    login: user.nick || null,
    displayName: user.nick || null,
    avatarUrl: user.avatar_url || null,
    profileUrl: ownUrl === undefined ? null : (channelUrl(ownUrl)?.url ?? null),
  };
}

function refreshOutcome(answer: HttpAnswer): RefreshOutcome {
  const tokens = grantedTokens(answer);
  if (tokens !== null) return { kind: 'refreshed', tokens };
  if (answer.status === 400 && refusalAnswer.parse(answer.json()).error === 'invalid_grant') {
    return { kind: 'dead', reason: 'invalid_grant' };
  }
  // A wrong client id or secret is the operator's to mend: no account may be declared dead for it.
  if (answer.status === 401 || answer.status === 403) return { kind: 'unavailable', reason: 'client_refused' };
  return { kind: 'unavailable', reason: `token_endpoint_${answer.status}` };
}

function grantedTokens(answer: HttpAnswer): GrantedTokens | null {
  const parsed = tokenAnswer.safeParse(answer.json());
  if (answer.status !== 200 || !parsed.success) return null;
  const { access_token: accessToken, refresh_token: refreshToken, expires_in, expire_time, scope } = parsed.data;
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    expiresInSeconds: expires_in || expire_time || null,
    scopes: scope ?? null,
  };
}
