/** Linking, refreshing and revoking Google accounts (docs/platforms/youtube.md#oauth). */
import type { OAuth2Client } from 'google-auth-library';
import type { PlatformUserId } from '../../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { GrantedTokens, PlatformIdentity, PlatformOAuth, RefreshOutcome } from '../../account-side.ts';
import type { CommonDeps } from '../../platform.ts';
import { createApi } from '../api/client.ts';
import type { ChannelProfile } from '../api/youtube.external.ts';
import { auth } from '../libraries.ts';
import { type YouTubeSettings, youtubeSettings } from '../settings.ts';
import { refusalAnswer, tokenAnswer, tokenInfo } from './oauth.external.ts';
import { scopes, splitScopes } from './scopes.ts';
import { plainTransport, refusalIn } from './transport.ts';

/** Why a refresh token is worth nothing any more; the operator's own mistakes say otherwise. */
const DEAD_GRANT = 'invalid_grant';

export interface GoogleOAuth extends PlatformOAuth {
  /** What Google says a token may do, and whose it is. @throws PlatformRefused, PlatformUnreachable */
  inspect(accessToken: string): Promise<{ scopes: readonly string[]; subject: string | null }>;
}

export function createOAuth(deps: CommonDeps): GoogleOAuth {
  const settings = youtubeSettings(deps.settings);
  const client = () => oauthClient(deps, settings);
  const inspect = (accessToken: string) => inspectToken(client(), accessToken);

  return {
    usesPkce: true,
    scopes,
    inspect,
    missingSettings() {
      const needed = ['YOUTUBE_CLIENT_ID', 'YOUTUBE_CLIENT_SECRET', 'YOUTUBE_CALLBACK_URL'] as const;
      return needed.filter((name) => settings[name] === null);
    },
    authorizeUrl({ state, scopes: asked, codeChallenge, asksAnew = false }) {
      return client().generateAuthUrl({
        // Without these two a repeated consent brings no refresh token (docs/platforms/youtube.md#endpoints-and-parameters).
        access_type: 'offline',
        prompt: asksAnew ? 'select_account consent' : 'consent',
        include_granted_scopes: true,
        scope: [...asked],
        state,
        ...(codeChallenge === null
          ? {}
          : { code_challenge: codeChallenge, code_challenge_method: auth().CodeChallengeMethod.S256 }),
      });
    },
    async exchangeCode(code, codeVerifier) {
      const answer = await tokensOf(deps, (http) =>
        oauthClient({ http }, settings).getToken({ code, ...(codeVerifier === null ? {} : { codeVerifier }) }),
      );
      if (answer.tokens !== null) return answer.tokens;
      const { status } = answer;
      if (isOutage(status)) throw new PlatformUnreachable(`Google did not accept the authorization code (${status})`);
      throw new PlatformRefused(`Google refused the authorization code (${status})`, { status, code: answer.error });
    },
    refresh: (refreshToken) => refresh(deps, settings, refreshToken),
    async revoke(token) {
      await client()
        .revokeToken(token)
        .catch(() => {});
    },
    async identify(accessToken) {
      const { subject } = await inspect(accessToken);
      const channel = await ownChannel(deps, accessToken);
      return identityOf(subject, channel);
    },
  };
}

function oauthClient({ http }: Pick<CommonDeps, 'http'>, settings: YouTubeSettings): OAuth2Client {
  const beside = (name: string) => new URL(name, settings.YOUTUBE_TOKEN_URL).href;
  return new (auth().OAuth2Client)({
    clientId: settings.YOUTUBE_CLIENT_ID ?? '',
    clientSecret: settings.YOUTUBE_CLIENT_SECRET ?? '',
    redirectUri: settings.YOUTUBE_CALLBACK_URL ?? '',
    endpoints: {
      oauth2AuthBaseUrl: settings.YOUTUBE_AUTHORIZE_URL,
      oauth2TokenUrl: settings.YOUTUBE_TOKEN_URL,
      oauth2RevokeUrl: beside('revoke'),
      tokenInfoUrl: beside('tokeninfo'),
    },
    transporter: plainTransport(http),
  });
}

type TokenAnswer = { tokens: GrantedTokens } | { tokens: null; status: number; error: string };

/** The answer as Google wrote it: the library would count the token's life from the machine's clock. */
async function tokensOf(deps: CommonDeps, ask: (http: CommonDeps['http']) => Promise<unknown>): Promise<TokenAnswer> {
  let raw: unknown = null;
  const listening: CommonDeps['http'] = async (address, request) => {
    const answer = await deps.http(address, request);
    raw = answer.json();
    return answer;
  };
  try {
    await ask(listening);
  } catch (error) {
    return { tokens: null, status: refusalIn(error).status, error: refusalAnswer.parse(raw).error };
  }
  const parsed = tokenAnswer.safeParse(raw);
  if (!parsed.success) return { tokens: null, status: 502, error: '' };
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = parsed.data;
  const { refresh_token_expires_in: grantSeconds } = parsed.data;
  return {
    tokens: {
      accessToken,
      refreshToken: refreshToken ?? null,
      expiresInSeconds: seconds || null,
      scopes: scope == null ? null : splitScopes(scope),
      grantEndsInSeconds: grantSeconds ?? null,
    },
  };
}

async function refresh(deps: CommonDeps, settings: YouTubeSettings, refreshToken: string): Promise<RefreshOutcome> {
  try {
    const answer = await tokensOf(deps, (http) => {
      const client = oauthClient({ http }, settings);
      client.setCredentials({ refresh_token: refreshToken });
      return client.refreshAccessToken();
    });
    if (answer.tokens !== null) return { kind: 'refreshed', tokens: { ...answer.tokens, refreshToken: null } };
    if (answer.error === DEAD_GRANT) return { kind: 'dead', reason: DEAD_GRANT };
    const isOurFault = answer.status === 401 || /client/i.test(answer.error);
    return { kind: 'unavailable', reason: isOurFault ? 'client_refused' : `token_endpoint_${answer.status}` };
  } catch (error) {
    if (!(error instanceof PlatformUnreachable)) throw error;
    return { kind: 'unavailable', reason: 'unreachable' };
  }
}

async function inspectToken(client: OAuth2Client, accessToken: string) {
  try {
    const { scopes: granted, ...info } = await client.getTokenInfo(accessToken);
    const { sub, user_id: userId } = tokenInfo.parse(info);
    return { scopes: granted, subject: sub ?? userId ?? null };
  } catch (error) {
    const { status, word } = refusalIn(error);
    const sentence = `Google did not recognise the token (${status})`;
    if (isOutage(status)) throw new PlatformUnreachable(sentence);
    throw new PlatformRefused(sentence, { status, code: word });
  }
}

/** A Google account may have no channel; that is for whoever needs one to say. */
async function ownChannel(deps: CommonDeps, accessToken: string): Promise<ChannelProfile | null> {
  try {
    const [channel] = await createApi(deps).ownChannels(accessToken);
    return channel ?? null;
  } catch (error) {
    deps.log.warn('youtube.channels.mine_failed', { error });
    return null;
  }
}

/** People are told apart by the Google account; a chat line names its author by the channel id, kept as the login. */
function identityOf(subject: string | null, channel: ChannelProfile | null): PlatformIdentity {
  const id = subject ?? channel?.id;
  if (id === undefined) throw new PlatformRefused('Google did not recognise the token');
  return {
    platformUserId: id as PlatformUserId,
    login: channel?.id ?? null,
    displayName: channel?.title ?? null,
    avatarUrl: channel?.avatarUrl ?? null,
    profileUrl: channel === null ? null : `https://www.youtube.com/channel/${channel.id}`,
  };
}

function isOutage(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}
