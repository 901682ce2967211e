/** Google's OAuth: consent, code exchange, refresh, introspection, revocation. */
import { createHash } from 'node:crypto';
import type { Token } from '../world/grants.ts';
import type { Answer, Call } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import { bearerOf, channelOf } from './callers.ts';
import type { Channel } from './channels.ts';
import { consentPage, scopesOf } from './consent-page.ts';
import { IdTokens } from './id-tokens.ts';
import { APPLICATION, type YouTubeState } from './state.ts';

/** What a code carries besides what every platform's codes do. */
interface CodeTerms {
  readonly challenge: string | null;
  readonly method: string;
  readonly channelId: string | null;
  readonly givesRefreshToken: boolean;
}

/** What Google calls the short names of OpenID when it lists what was granted. */
const FULL_NAMES: Readonly<Record<string, string>> = {
  email: 'https://www.googleapis.com/auth/userinfo.email',
  profile: 'https://www.googleapis.com/auth/userinfo.profile',
};
const REFRESH_TOKENS_MAX = 100;
const DEAD = 'Token has been expired or revoked.';

export class OAuth {
  /** Who consents without being asked; null shows the page. */
  autoConsent: Channel | null = null;
  readonly #state: YouTubeState;
  readonly #idTokens: IdTokens;
  readonly #codes = new Map<string, CodeTerms>();
  /** Living refresh tokens of an account, oldest first: the 101st costs the first its life (docs/platforms/youtube.md#token-lifetimes-and-failures). */
  readonly #refreshTokens = new Map<string, string[]>();

  constructor(state: YouTubeState) {
    this.#state = state;
    this.#idTokens = new IdTokens(state.clock);
  }

  async answer(call: Call): Promise<Answer | null> {
    const given = new URLSearchParams([...call.query, ...formOf(call)]);
    switch (`${call.method} ${call.path}`) {
      case 'GET /o/oauth2/v2/auth':
        return this.#authorize(given);
      case 'POST /token':
        return this.#token(given);
      case 'GET /tokeninfo':
      case 'POST /tokeninfo':
        return this.#tokenInfo(given.get('access_token') ?? bearerOf(call.headers.authorization));
      case 'POST /revoke':
        return this.#revoke(given.get('token') ?? '');
      case 'GET /v1/userinfo':
      case 'GET /oauth2/v3/userinfo':
        return this.#userInfo(bearerOf(call.headers.authorization));
      case 'GET /oauth2/v3/certs':
        return { status: 200, body: await this.#idTokens.keys() };
      default:
        return null;
    }
  }

  /** A grant without the consent page, as the script hands it out. */
  issue(person: Person, scopes: readonly string[], channel: Channel | null, seconds?: number): Token {
    const { grants } = this.#state;
    const { userTokenSeconds } = grants.rules;
    const token = grants.issue(APPLICATION.id, person.id, scopes, seconds ?? userTokenSeconds);
    this.#register(token, channel?.id ?? null);
    return token;
  }

  /**
   * Google's parameters, and for scripts and the page's own links: `as` (a channel's or a person's name, consents at
   * once), `deny=1`, and `grant` (repeated: only these of the scopes asked for).
   */
  #authorize(given: URLSearchParams): Answer {
    const { grants, people, channels } = this.#state;
    const application = grants.application(given.get('client_id'));
    if (!application) return { status: 401, body: 'Error 401: invalid_client' };
    const redirectUri = given.get('redirect_uri');
    if (!redirectUri || !URL.canParse(redirectUri)) return { status: 400, body: 'Error 400: redirect_uri_mismatch' };
    if (given.get('response_type') !== 'code') return { status: 400, body: 'Error 400: unsupported_response_type' };
    const method = given.get('code_challenge_method') ?? 'plain';
    if (method !== 'plain' && method !== 'S256') return { status: 400, body: 'Error 400: invalid_request' };
    const target = new URL(redirectUri);
    const state = given.get('state');
    if (state !== null) target.searchParams.set('state', state);
    if (given.get('deny') === '1') {
      target.searchParams.set('error', 'access_denied');
      return { status: 302, headers: { location: target.href } };
    }
    const name = given.get('as');
    const channel = name === null ? this.autoConsent : (channels.byName(name) ?? null);
    const person = channel ? people.byId(channel.ownerId) : people.byLogin(name);
    if (!person) return consentPage(given, channels.all());
    const asked = scopesOf(given);
    const allowed = given.has('grant') ? asked.filter((scope) => given.getAll('grant').includes(scope)) : asked;
    const before = grants.granted(application.id, person.id);
    const kept = given.get('include_granted_scopes') === 'true' ? before : [];
    const scopes = [...new Set([...kept, ...allowed.map((scope) => FULL_NAMES[scope] ?? scope)])];
    const isRepeated = before.size > 0;
    const prompts = (given.get('prompt') ?? '').split(' ').includes('consent');
    const code = grants.createCode({ clientId: application.id, personId: person.id, scopes, redirectUri });
    this.#codes.set(code, {
      challenge: given.get('code_challenge'),
      method,
      channelId: channel?.id ?? null,
      // Only whoever asks for it, and again only after a new consent (docs/platforms/youtube.md#endpoints-and-parameters).
      givesRefreshToken: given.get('access_type') === 'offline' && (prompts || !isRepeated),
    });
    target.searchParams.set('code', code);
    target.searchParams.set('scope', scopes.join(' '));
    return { status: 302, headers: { location: target.href } };
  }

  async #token(given: URLSearchParams): Promise<Answer> {
    const clientId = given.get('client_id');
    if (clientId === null) return failure(400, 'invalid_request', 'Could not determine client ID from request.');
    const application = this.#state.grants.application(clientId);
    if (!application) return failure(401, 'invalid_client', 'The OAuth client was not found.');
    if (given.get('client_secret') !== application.secret) return failure(401, 'invalid_client', 'Unauthorized');
    switch (given.get('grant_type')) {
      case 'authorization_code':
        return this.#exchange(given, application.id);
      case 'refresh_token':
        return this.#refresh(given.get('refresh_token'), application.id);
      case null:
        return failure(400, 'invalid_request', 'Required parameter is missing: grant_type');
      default:
        return failure(400, 'unsupported_grant_type', 'Invalid grant_type');
    }
  }

  async #exchange(given: URLSearchParams, clientId: string): Promise<Answer> {
    const code = given.get('code') ?? '';
    const terms = this.#codes.get(code);
    this.#codes.delete(code);
    const token = this.#state.grants.redeemCode(code, clientId, given.get('redirect_uri') ?? '');
    if (!terms || !token) return failure(400, 'invalid_grant', 'Bad Request');
    if (!isProven(terms, given.get('code_verifier'))) {
      this.#state.grants.revokeRefresh(token.refresh ?? '');
      this.#state.grants.revoke(token.access);
      return failure(400, 'invalid_grant', 'Missing or invalid code verifier.');
    }
    this.#register(token, terms.channelId);
    return this.#described(token, terms.givesRefreshToken);
  }

  async #refresh(refreshToken: string | null, clientId: string): Promise<Answer> {
    if (refreshToken === null) return failure(400, 'invalid_request', 'Missing required parameter: refresh_token');
    const token = this.#state.grants.refresh(refreshToken, clientId);
    // Google keeps the refresh token and does not repeat it (docs/platforms/youtube.md#endpoints-and-parameters).
    return token ? this.#described(token, false) : failure(400, 'invalid_grant', DEAD);
  }

  async #described(token: Token, givesRefreshToken: boolean): Promise<Answer> {
    const { grantSeconds } = this.#state.grants.rules;
    const person = this.#state.people.byId(token.personId);
    const body = {
      access_token: token.access,
      // One second has always passed already.
      expires_in: this.#secondsLeft(token.expiresAtMs) - 1,
      ...(givesRefreshToken ? { refresh_token: token.refresh } : {}),
      scope: token.scopes.join(' '),
      token_type: 'Bearer',
      ...(token.scopes.includes('openid') && person
        ? { id_token: await this.#idTokens.sign(token.clientId, profile(person, token.scopes)) }
        : {}),
      // Only of an application in testing (docs/platforms/youtube.md#endpoints-and-parameters).
      ...(grantSeconds === undefined
        ? {}
        : { refresh_token_expires_in: this.#secondsLeft(token.grantedAtMs + grantSeconds * 1000) - 1 }),
    };
    return { status: 200, body };
  }

  #register(token: Token, channelId: string | null): void {
    const refresh = token.refresh ?? '';
    if (channelId !== null) this.#state.pickedChannels.set(refresh, channelId);
    const key = `${token.clientId} ${token.personId}`;
    const living = [...(this.#refreshTokens.get(key) ?? []), refresh];
    for (const oldest of living.splice(0, living.length - REFRESH_TOKENS_MAX)) {
      this.#state.grants.revokeRefresh(oldest);
    }
    this.#refreshTokens.set(key, living);
  }

  /** Every value is text. */
  #tokenInfo(access: string | null): Answer {
    const token = this.#state.grants.find(access);
    if (!token) return failure(400, 'invalid_token', 'Invalid Value');
    const person = this.#state.people.byId(token.personId);
    const body = {
      azp: token.clientId,
      aud: token.clientId,
      ...(person && token.scopes.includes('openid') ? profile(person, token.scopes) : {}),
      scope: token.scopes.join(' '),
      exp: String(Math.floor(token.expiresAtMs / 1000)),
      expires_in: String(this.#secondsLeft(token.expiresAtMs)),
      access_type: 'offline',
    };
    return { status: 200, body };
  }

  #userInfo(access: string | null): Answer {
    const token = this.#state.grants.find(access);
    const person = this.#state.people.byId(token?.personId);
    if (!token || !person) return failure(401, 'invalid_request', 'Invalid Credentials');
    const picture = channelOf(this.#state, token)?.id ?? 'nobody';
    return { status: 200, body: { ...profile(person, token.scopes), picture: `https://yt3.ggpht.com/${picture}` } };
  }

  /** Of access and refresh token alike: either ends the whole grant (docs/platforms/youtube.md#endpoints-and-parameters). */
  #revoke(secret: string): Answer {
    const { grants } = this.#state;
    const token = grants.find(secret) ?? grants.findByRefreshToken(secret);
    if (!token?.personId) return failure(400, 'invalid_token', 'Token expired or revoked');
    grants.disconnect(token.clientId, token.personId);
    return { status: 200, body: {} };
  }

  #secondsLeft(untilMs: number): number {
    return Math.max(0, Math.ceil((untilMs - this.#state.clock.now().getTime()) / 1000));
  }
}

function profile({ id, login, displayName }: Person, scopes: readonly string[]): Record<string, string> {
  return {
    sub: id,
    ...(scopes.some((scope) => /(^|userinfo\.)email$/.test(scope)) ? { email: `${login}@example.com` } : {}),
    ...(scopes.some((scope) => /(^|userinfo\.)profile$/.test(scope)) ? { name: displayName } : {}),
  };
}

function isProven({ challenge, method }: CodeTerms, verifier: string | null): boolean {
  if (challenge === null) return true;
  if (verifier === null) return false;
  const proof = method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  return proof === challenge;
}

function formOf({ headers, body }: Call): URLSearchParams {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return new URLSearchParams(isForm ? body.toString('utf8') : '');
}

function failure(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}
