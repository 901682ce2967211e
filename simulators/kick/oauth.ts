/** Kick's OAuth 2.1: consent with PKCE, tokens, revocation, introspection (docs/platforms/kick.md#oauth). */
import { createHash } from 'node:crypto';
import type { Token } from '../world/grants.ts';
import type { Answer, Call } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import type { KickState } from './state.ts';

const REQUIRED = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
] as const;
const FORM = 'application/x-www-form-urlencoded';

export class OAuth {
  /** Who consents without being asked; null shows the page. */
  autoConsent: Person | null = null;
  /** How many people deny before one consents again. */
  denials = 0;
  readonly #state: KickState;
  /** PKCE challenges by authorization code. */
  readonly #challenges = new Map<string, string>();

  constructor(state: KickState) {
    this.#state = state;
  }

  /** @param path what follows `/oauth/` */
  answer(path: string, call: Call): Answer {
    if (path === 'authorize' && call.method === 'GET') return this.#authorize(call.query);
    if (path === 'token' && call.method === 'POST') return this.#token(call);
    if (path === 'revoke' && call.method === 'POST') return this.#revoke(call);
    if (path === 'token/introspect' && call.method === 'POST') return this.#introspect(call);
    return { status: 404, body: 'Not Found' };
  }

  /** Kick's parameters, and for scripts and the page's own buttons `as` (a login, consents at once) and `deny=1`. */
  #authorize(query: URLSearchParams): Answer {
    const given = asTheFrontEndReads(query);
    const redirectUri = given.get('redirect_uri') ?? '';
    if (!this.#isAcceptable(given)) return { status: 307, headers: { location: '/' } };
    const target = new URL(redirectUri);
    if (given.get('deny') === '1' || this.#denies()) {
      // Not documented; RFC 6749 says so.
      target.searchParams.set('error', 'access_denied');
      target.searchParams.set('error_description', 'The resource owner denied the request');
    } else {
      const person = given.has('as') ? this.#state.people.byLogin(given.get('as')) : this.autoConsent;
      if (!person) return consentPage(query, this.#state.people.all());
      const clientId = this.#state.application.id;
      const scopes = (given.get('scope') ?? '').split(/[ +]/).filter((scope) => scope !== '');
      const code = this.#state.grants.createCode({ clientId, personId: person.id, scopes, redirectUri });
      this.#challenges.set(code, given.get('code_challenge') ?? '');
      target.searchParams.set('code', code);
    }
    target.searchParams.set('state', given.get('state') ?? '');
    return { status: 302, headers: { location: target.href } };
  }

  #isAcceptable(given: URLSearchParams): boolean {
    const { id, redirectUris } = this.#state.application;
    return (
      REQUIRED.every((name) => (given.get(name) ?? '') !== '') &&
      given.get('response_type') === 'code' &&
      given.get('client_id') === id &&
      redirectUris.includes(given.get('redirect_uri') ?? '') &&
      given.get('code_challenge_method') === 'S256' &&
      /^[\w-]{43}$/.test(given.get('code_challenge') ?? '')
    );
  }

  #denies(): boolean {
    if (this.denials === 0) return false;
    this.denials -= 1;
    return true;
  }

  #token({ headers, body }: Call): Answer {
    if (!headers['content-type']?.startsWith(FORM)) return invalidRequest();
    const given = new URLSearchParams(body.toString('utf8'));
    const { id, secret } = this.#state.application;
    // Credentials in an Authorization header are as good as none (docs/platforms/kick.md#token-endpoint).
    if (!given.has('client_id') || !given.has('client_secret')) return invalidRequest();
    if (given.get('client_id') !== id || given.get('client_secret') !== secret) {
      return { status: 401, body: { error: 'invalid_client', error_description: 'Client authentication failed' } };
    }
    switch (given.get('grant_type')) {
      case 'client_credentials':
        return this.#issued(this.#state.grants.issueForApplication(id));
      case 'authorization_code':
        return this.#redeem(given);
      case 'refresh_token': {
        const token = this.#state.grants.refresh(given.get('refresh_token') ?? '', id);
        return token ? this.#issued(token) : invalidGrant('The provided refresh token is invalid or has expired');
      }
      default:
        return invalidRequest();
    }
  }

  #redeem(given: URLSearchParams): Answer {
    const { grants, application } = this.#state;
    const code = given.get('code') ?? '';
    const challenge = this.#challenges.get(code);
    this.#challenges.delete(code);
    const token = grants.redeemCode(code, application.id, given.get('redirect_uri') ?? '');
    const verifier = given.get('code_verifier') ?? '';
    if (token && challenge === createHash('sha256').update(verifier).digest('base64url')) return this.#issued(token);
    if (token) forget(this.#state, token);
    return invalidGrant('The provided authorization code or verifier is invalid');
  }

  #issued({ access, refresh, scopes, expiresAtMs }: Token): Answer {
    const seconds = Math.round((expiresAtMs - this.#state.clock.now().getTime()) / 1000);
    const described = { access_token: access, token_type: 'Bearer', expires_in: seconds };
    const body = refresh === null ? described : { ...described, refresh_token: refresh, scope: scopes.join(' ') };
    return { status: 200, body };
  }

  /** The documentation has the fields in the query; some clients send them as a form. */
  #revoke({ headers, query, body }: Call): Answer {
    const isForm = headers['content-type']?.startsWith(FORM);
    const given = new URLSearchParams([...query, ...new URLSearchParams(isForm ? body.toString('utf8') : '')]);
    const token = given.get('token') ?? '';
    if (token === '') return invalidRequest();
    if (given.get('token_hint_type') === 'refresh_token') this.#state.grants.revokeRefresh(token);
    else this.#state.grants.revoke(token);
    return { status: 200, body: 'OK' };
  }

  #introspect({ headers }: Call): Answer {
    const [, access = null] = (headers.authorization ?? '').split(' ');
    const token = this.#state.grants.find(access);
    if (!token) return { status: 200, body: { data: { active: false }, message: 'OK' } };
    const { clientId, personId, scopes, expiresAtMs } = token;
    const data = {
      active: true,
      client_id: clientId,
      token_type: personId === null ? 'app' : 'user',
      scope: scopes.join(' '),
      exp: Math.floor(expiresAtMs / 1000),
    };
    return { status: 200, body: { data, message: 'OK' } };
  }
}

/** The consent front end turns the first `127.0.0.1` of the address into `localhost`, whichever parameter has it. */
function asTheFrontEndReads(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams(query.toString().replace('127.0.0.1', 'localhost'));
}

function forget({ grants }: KickState, { access, refresh }: Token): void {
  grants.revoke(access);
  if (refresh !== null) grants.revokeRefresh(refresh);
}

function invalidRequest(): Answer {
  return { status: 400, body: { error: 'Invalid request' } };
}

/** Whether Kick says 400 or 401 is not known. */
function invalidGrant(why: string): Answer {
  return { status: 400, body: { error: 'invalid_grant', error_description: why } };
}

/**
 * The page on which a person of the simulation is chosen to consent, or denies.
 *
 * @param given the query of the authorize request; it travels on in hidden fields
 */
function consentPage(given: URLSearchParams, people: readonly Person[]): Answer {
  const hidden = [...given].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const buttons = people.map(
    ({ login, displayName }) => `<button name="as" value="${escapeHtml(login)}">${escapeHtml(displayName)}</button>`,
  );
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Simulated Kick</title>
<h1>Simulated Kick: who are you?</h1>
<form method="get" action="authorize">${hidden.join('')}
<p>The application asks for: ${escapeHtml(given.get('scope') ?? '')}</p>
<p>${buttons.join('\n')}</p>
<p><button name="deny" value="1">Deny</button></p>
</form></html>`;
  return { status: 200, body, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
