/** Twitch's OAuth: consent page, tokens, validation, revocation. */
import type { Token } from '../world/grants.ts';
import type { Answer, Call } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import { consentPage, scopesOf } from './consent-page.ts';
import type { TwitchState } from './state.ts';

export class OAuth {
  readonly #state: TwitchState;
  /** Who consents without being asked; null shows the page. */
  autoConsent: Person | null = null;

  constructor(state: TwitchState) {
    this.#state = state;
  }

  /** @param path what follows `/oauth2/` */
  answer(path: string, call: Call): Answer {
    const given = new URLSearchParams([...call.query, ...formOf(call)]);
    if (path === 'authorize' && call.method === 'GET') return this.#authorize(given);
    if (path === 'token' && call.method === 'POST') return this.#token(given);
    if (path === 'validate' && call.method === 'GET') return this.#validate(call);
    if (path === 'revoke' && call.method === 'POST') return this.#revoke(given);
    return failure(404, 'not found');
  }

  /**
   * Twitch's parameters, and for scripts and the page's own links: `as` (a login, consents at once), `deny=1`,
   * and `grant` (repeated: only these of the scopes asked for).
   */
  #authorize(given: URLSearchParams): Answer {
    const redirectUri = given.get('redirect_uri');
    const application = this.#state.grants.application(given.get('client_id'));
    if (!application) return failure(400, 'invalid client');
    if (!redirectUri || !URL.canParse(redirectUri)) return failure(400, 'redirect_mismatch');
    const target = new URL(redirectUri);
    const state = given.get('state');
    if (state !== null) target.searchParams.set('state', state);
    if (given.get('response_type') !== 'code') return failure(400, 'unsupported response_type');
    if (given.get('deny') === '1') {
      target.searchParams.set('error', 'access_denied');
      target.searchParams.set('error_description', 'The user denied you access');
      return { status: 302, headers: { location: target.href } };
    }
    const person = given.has('as') ? this.#state.people.byLogin(given.get('as')) : this.autoConsent;
    if (!person) return consentPage(given, this.#state.people.all());
    const asked = scopesOf(given);
    const scopes = given.has('grant') ? asked.filter((scope) => given.getAll('grant').includes(scope)) : asked;
    const code = this.#state.grants.createCode({ clientId: application.id, personId: person.id, scopes, redirectUri });
    target.searchParams.set('code', code);
    target.searchParams.set('scope', scopes.join(' '));
    return { status: 302, headers: { location: target.href } };
  }

  #token(given: URLSearchParams): Answer {
    const { grants } = this.#state;
    const clientId = given.get('client_id');
    if (clientId === null) return failure(400, 'missing client id');
    const application = grants.application(clientId);
    if (!application) return failure(400, 'invalid client');
    if (given.get('client_secret') !== application.secret) return failure(403, 'invalid client secret');
    switch (given.get('grant_type')) {
      case 'client_credentials': {
        const token = grants.issueForApplication(application.id);
        return { status: 200, body: this.#described(token) };
      }
      case 'authorization_code': {
        const token = grants.redeemCode(given.get('code') ?? '', application.id, given.get('redirect_uri') ?? '');
        return token ? { status: 200, body: this.#described(token) } : failure(400, 'Invalid authorization code');
      }
      case 'refresh_token': {
        const token = grants.refresh(given.get('refresh_token') ?? '', application.id);
        if (token) return { status: 200, body: this.#described(token) };
        return { status: 400, body: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' } };
      }
      default:
        return failure(400, 'invalid grant type');
    }
  }

  #described({ access, refresh, scopes, expiresAtMs }: Token): Record<string, unknown> {
    const described = { access_token: access, expires_in: this.#secondsLeft(expiresAtMs), token_type: 'bearer' };
    return refresh === null ? described : { ...described, refresh_token: refresh, scope: scopes };
  }

  #validate({ headers }: Call): Answer {
    const [scheme, access = null] = (headers.authorization ?? '').split(' ');
    const token = /^(oauth|bearer)$/i.test(scheme ?? '') ? this.#state.grants.find(access) : undefined;
    if (!token) return failure(401, 'invalid access token');
    const person = this.#state.people.byId(token.personId);
    const body = {
      client_id: token.clientId,
      scopes: token.scopes,
      expires_in: this.#secondsLeft(token.expiresAtMs),
      ...(person ? { login: person.login, user_id: person.id } : {}),
    };
    return { status: 200, body };
  }

  #revoke(given: URLSearchParams): Answer {
    if (!this.#state.grants.application(given.get('client_id'))) return failure(404, 'client does not exist');
    return this.#state.grants.revoke(given.get('token') ?? '') ? { status: 200 } : failure(400, 'Invalid token');
  }

  #secondsLeft(expiresAtMs: number): number {
    return Math.max(0, Math.floor((expiresAtMs - this.#state.clock.now().getTime()) / 1000));
  }
}

/** Parameters may come in the query or as a form: twurple does the one, the documentation shows the other. */
function formOf({ headers, body }: Call): URLSearchParams {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return new URLSearchParams(isForm ? body.toString('utf8') : '');
}

function failure(status: number, message: string): Answer {
  return { status, body: { status, message } };
}
