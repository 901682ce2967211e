/** Linking, refreshing and revoking Twitch accounts (docs/platforms/twitch.md#oauth). */
import type { PlatformUserId } from '../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { GrantedTokens, PlatformOAuth, RefreshOutcome } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { createHelix } from './helix/client.ts';
import { ownUser } from './helix/users.ts';
import { refusalAnswer, tokenAnswer } from './oauth.external.ts';
import { twitchSettings } from './settings.ts';

const BOT_SCOPES = ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'];
// Other MemAlerts services use the same grant: a link made here must not take their rights away.
const SHARED_SCOPES = ['user:read:email', 'channel:read:redemptions', 'channel:manage:redemptions'];
const STREAMER_SCOPES = [...SHARED_SCOPES, ...BOT_SCOPES, 'moderator:read:followers', 'channel:bot'];

export function createOAuth(deps: CommonDeps): PlatformOAuth {
  const settings = twitchSettings(deps.settings);
  const helix = createHelix(deps, settings);
  const post = (endpoint: string, form: Record<string, string>) =>
    deps.http(`${settings.TWITCH_AUTH_BASE_URL}/${endpoint}`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: settings.TWITCH_CLIENT_ID ?? '', ...form }),
    });
  const secret = () => ({ client_secret: settings.TWITCH_CLIENT_SECRET ?? '' });

  return {
    usesPkce: false,
    scopes: { streamer: STREAMER_SCOPES, bot: BOT_SCOPES },
    missingSettings() {
      const needed = ['TWITCH_CLIENT_ID', 'TWITCH_CLIENT_SECRET', 'TWITCH_CALLBACK_URL'] as const;
      return needed.filter((name) => settings[name] === null);
    },
    authorizeUrl({ state, scopes, asksAnew = false }) {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: settings.TWITCH_CLIENT_ID ?? '',
        redirect_uri: settings.TWITCH_CALLBACK_URL ?? '',
        scope: scopes.join(' '),
        state,
        ...(asksAnew ? { force_verify: 'true' } : {}),
      });
      return `${settings.TWITCH_AUTH_BASE_URL}/authorize?${query}`;
    },
    async exchangeCode(code) {
      const redirect = settings.TWITCH_CALLBACK_URL ?? '';
      const form = { ...secret(), code, grant_type: 'authorization_code', redirect_uri: redirect };
      const answer = await post('token', form);
      const tokens = grantedTokens(answer);
      if (tokens !== null) return tokens;
      if (isOutage(answer))
        throw new PlatformUnreachable(`Twitch did not accept the authorization code (${answer.status})`);
      throw new PlatformRefused(`Twitch refused the authorization code (${answer.status})`, { status: answer.status });
    },
    refresh: (refreshToken) =>
      post('token', { ...secret(), grant_type: 'refresh_token', refresh_token: refreshToken }).then(
        refreshOutcome,
        (): RefreshOutcome => ({ kind: 'unavailable', reason: 'unreachable' }),
      ),
    async revoke(token) {
      await post('revoke', { token }).catch(() => {});
    },
    async identify(accessToken) {
      const user = await ownUser(helix, accessToken);
      return {
        platformUserId: user.id as PlatformUserId,
        login: user.login,
        displayName: user.displayName,
        avatarUrl: user.avatarUrl,
        profileUrl: `https://www.twitch.tv/${user.login}`,
      };
    },
    async validate(accessToken) {
      const headers = { authorization: `OAuth ${accessToken}` };
      const answer = await deps.http(`${settings.TWITCH_AUTH_BASE_URL}/validate`, { headers }).catch(() => null);
      if (answer?.status === 200) return 'valid';
      return answer?.status === 401 ? 'dead' : 'unknown';
    },
  };
}

function refreshOutcome(answer: HttpAnswer): RefreshOutcome {
  const tokens = grantedTokens(answer);
  if (tokens !== null) return { kind: 'refreshed', tokens };
  // A wrong client id or secret is the operator's to mend: no account may be declared dead for it.
  const isOurFault = answer.status === 403 || /client/i.test(refusalAnswer.parse(answer.json()).message);
  if (isOurFault) return { kind: 'unavailable', reason: 'client_refused' };
  if (answer.status === 400 || answer.status === 401) return { kind: 'dead', reason: 'invalid_grant' };
  return { kind: 'unavailable', reason: `token_endpoint_${answer.status}` };
}

function grantedTokens(answer: HttpAnswer): GrantedTokens | null {
  const parsed = tokenAnswer.safeParse(answer.json());
  if (answer.status !== 200 || !parsed.success) return null;
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = parsed.data;
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    // 0 is what tokens without an end are described by.
    expiresInSeconds: seconds || null,
    scopes: scope ?? null,
  };
}

function isOutage(answer: HttpAnswer): boolean {
  return answer.status >= 500 || answer.status === 429;
}
