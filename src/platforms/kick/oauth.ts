/** Linking, refreshing and revoking Kick accounts: OAuth 2.1 with PKCE (docs/platforms/kick.md#oauth). */
import type { PlatformUserId } from '../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { GrantedTokens, PlatformOAuth, RefreshOutcome } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { isFromTheEdge } from './api/client.ts';
import { errorAnswer } from './api/kick.external.ts';
import { ownUser } from './api/users.ts';
import { introspection, tokenAnswer } from './oauth.external.ts';
import { kickSettings } from './settings.ts';

/** Subscribing to a channel's events is the streamer's to allow. */
export const EVENTS_SCOPE = 'events:subscribe';
const STREAMER_SCOPES = ['user:read', 'channel:read', EVENTS_SCOPE];
const BOT_SCOPES = ['user:read', 'chat:write'];

/** Reports say about 30 days after the consent, however often it was renewed (docs/platforms/kick.md#ten-facts-that-decide-the-design). */
const GRANT_SECONDS = 30 * 24 * 3600;

export function createOAuth(deps: CommonDeps): PlatformOAuth {
  const settings = kickSettings(deps.settings);
  const client = () => ({
    client_id: settings.KICK_CLIENT_ID ?? '',
    client_secret: settings.KICK_CLIENT_SECRET ?? '',
  });
  // Kick takes credentials in the form only, never in a header.
  const ask = (endpoint: string, form: Record<string, string>) =>
    deps.http(endpoint, { method: 'POST', body: new URLSearchParams({ ...client(), ...form }) });
  const beside = (name: string) => settings.KICK_TOKEN_URL?.replace(/\/token$/, `/${name}`) ?? null;

  return {
    usesPkce: true,
    scopes: {
      streamer: firstGiven(settings.KICK_SCOPES, STREAMER_SCOPES),
      bot: firstGiven(settings.KICK_BOT_SCOPES, settings.KICK_SCOPES, BOT_SCOPES),
    },
    missingSettings: () => LINKING.filter((name) => settings[name] === null),
    authorizeUrl({ state, scopes, codeChallenge }) {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: settings.KICK_CLIENT_ID ?? '',
        redirect_uri: settings.KICK_CALLBACK_URL ?? '',
        scope: scopes.join(' '),
        state,
        code_challenge: codeChallenge ?? '',
        code_challenge_method: 'S256',
      });
      return `${settings.KICK_AUTHORIZE_URL}?${query}`;
    },
    async exchangeCode(code, codeVerifier) {
      const answer = await ask(settings.KICK_TOKEN_URL ?? '', {
        grant_type: 'authorization_code',
        redirect_uri: settings.KICK_CALLBACK_URL ?? '',
        code_verifier: codeVerifier ?? '',
        code,
      });
      const tokens = grantedTokens(answer);
      if (tokens !== null) return { ...tokens, grantEndsInSeconds: GRANT_SECONDS };
      if (isOutage(answer))
        throw new PlatformUnreachable(`Kick did not accept the authorization code (${answer.status})`);
      throw new PlatformRefused(`Kick refused the authorization code (${answer.status})`, { status: answer.status });
    },
    async refresh(refreshToken) {
      const endpoint = settings.KICK_REFRESH_URL ?? settings.KICK_TOKEN_URL;
      if (endpoint === null || settings.KICK_CLIENT_ID === null || settings.KICK_CLIENT_SECRET === null) {
        return { kind: 'unavailable', reason: 'not_configured' };
      }
      return ask(endpoint, { grant_type: 'refresh_token', refresh_token: refreshToken }).then(
        refreshOutcome,
        (): RefreshOutcome => ({ kind: 'unavailable', reason: 'unreachable' }),
      );
    },
    async revoke(token) {
      const endpoint = beside('revoke');
      if (endpoint === null) return;
      // The documentation has both in the query; sent as a form they stay out of addresses (docs/platforms/kick.md#revoke).
      await ask(endpoint, { token, token_hint_type: 'access_token' }).catch(() => {});
    },
    async identify(accessToken) {
      const user = await ownUser(deps.http, settings.KICK_USERINFO_URL ?? '', accessToken);
      return {
        platformUserId: user.id as PlatformUserId,
        login: user.login,
        displayName: user.name,
        avatarUrl: user.avatarUrl,
        profileUrl: `https://kick.com/${user.login.replaceAll('_', '-')}`,
      };
    },
    async validate(accessToken) {
      const endpoint = settings.KICK_TOKEN_URL;
      if (endpoint === null) return 'unknown';
      const headers = { authorization: `Bearer ${accessToken}` };
      const answer = await deps.http(`${endpoint}/introspect`, { method: 'POST', headers }).catch(() => null);
      const parsed = introspection.safeParse(answer?.json());
      if (!parsed.success) return 'unknown';
      return parsed.data.data.active ? 'valid' : 'dead';
    },
  };
}

const LINKING = [
  'KICK_CLIENT_ID',
  'KICK_CLIENT_SECRET',
  'KICK_CALLBACK_URL',
  'KICK_AUTHORIZE_URL',
  'KICK_TOKEN_URL',
  'KICK_REFRESH_URL',
  'KICK_USERINFO_URL',
] as const;

function firstGiven(...lists: readonly (readonly string[])[]): readonly string[] {
  return lists.find((list) => list.length > 0) ?? [];
}

/** Kick's statuses for a dead grant are not known for sure: what it calls the error decides (docs/platforms/kick.md#token-endpoint). */
function refreshOutcome(answer: HttpAnswer): RefreshOutcome {
  const tokens = grantedTokens(answer);
  if (tokens !== null) return { kind: 'refreshed', tokens };
  const { error } = errorAnswer.parse(answer.json());
  if (error === 'invalid_grant') return { kind: 'dead', reason: 'invalid_grant' };
  // A wrong client id or secret is the operator's to mend: no account may be declared dead for it.
  if (/client/.test(error)) return { kind: 'unavailable', reason: 'client_refused' };
  return { kind: 'unavailable', reason: `token_endpoint_${answer.status}` };
}

function grantedTokens(answer: HttpAnswer): GrantedTokens | null {
  const parsed = tokenAnswer.safeParse(answer.json());
  if (answer.status !== 200 || !parsed.success) return null;
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = parsed.data;
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    expiresInSeconds: seconds ?? null,
    scopes: scope ?? null,
  };
}

function isOutage(answer: HttpAnswer): boolean {
  return answer.status >= 500 || answer.status === 429 || isFromTheEdge(answer);
}
