/** VK Video Live's OAuth: consent, tokens, revocation (docs/platforms/vkvideo.md#oauth). */
import type { Token } from '../world/grants.ts';
import type { Answer, Call } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import { clientOf } from './callers.ts';
import type { VkVideoState } from './state.ts';

/** Every scope there is (docs/platforms/vkvideo.md#scopes). */
export const SCOPES = [
  'chat:message:send',
  'chat:settings',
  'channel:roles',
  'channel:points',
  'channel:points:rewards',
  'channel:points:rewards:demands',
  'channel:credentials',
  'channel:stream:settings',
] as const;

export class OAuth {
  readonly #state: VkVideoState;
  /** Who consents without being asked; null shows the page. */
  autoConsent: Person | null = null;

  constructor(state: VkVideoState) {
    this.#state = state;
  }

  /**
   * VK's parameters, and for scripts and the page's own links: `as` (a login, consents at once), `deny=1`,
   * `wrong_state=1`, and `grant` (repeated: only these of the scopes asked for).
   */
  authorize({ query }: Call): Answer {
    const redirectUri = query.get('redirect_uri') ?? '';
    const application = this.#state.grants.application(query.get('client_id'));
    if (!application) return failure(400, 'invalid_client', 'Unknown client');
    if (redirectUri !== this.#state.redirectUri) return failure(400, 'invalid_request', 'redirect_uri does not match');
    if ((query.get('response_type') ?? 'code') !== 'code') return failure(400, 'unsupported_response_type');
    const asked = (query.get('scope') ?? '').split(',').filter((scope) => scope !== '');
    const unknown = asked.find((scope) => !SCOPES.some((each) => each === scope));
    if (query.get('deny') === '1') return back(query, { error: 'access_denied', error_description: 'Access denied' });
    if (unknown !== undefined) return back(query, { error: 'invalid_scope', error_description: unknown });
    const person = query.has('as') ? this.#state.people.byLogin(query.get('as')) : this.autoConsent;
    if (!person) return this.#page(query);
    const scopes = query.has('grant') ? asked.filter((scope) => query.getAll('grant').includes(scope)) : asked;
    const code = this.#state.grants.createCode({ clientId: application.id, personId: person.id, scopes, redirectUri });
    return back(query, { code });
  }

  token(call: Call): Answer {
    const client = clientOf(this.#state, call);
    if (!client) return failure(401, 'invalid_client', 'Client authentication failed');
    const given = formOf(call);
    const { grants } = this.#state;
    switch (given.get('grant_type')) {
      case 'client_credentials':
        return { status: 200, body: this.#described(grants.issueForApplication(client.id)) };
      case 'authorization_code':
        return this.#granted(
          grants.redeemCode(given.get('code') ?? '', client.id, given.get('redirect_uri') ?? ''),
          'Invalid code',
        );
      case 'refresh_token': {
        const redirectUri = given.get('redirect_uri');
        if (redirectUri !== null && redirectUri !== this.#state.redirectUri)
          return failure(400, 'invalid_grant', 'redirect_uri does not match');
        return this.#granted(grants.refresh(given.get('refresh_token') ?? '', client.id), 'Invalid refresh token');
      }
      default:
        return failure(400, 'unsupported_grant_type');
    }
  }

  /** Says yes to everything from a client it knows. */
  revoke(call: Call): Answer {
    if (!clientOf(this.#state, call)) return failure(401, 'invalid_client', 'Client authentication failed');
    const token = formOf(call).get('token') ?? '';
    this.#state.grants.revoke(token);
    this.#state.grants.revokeRefresh(token);
    return { status: 200, body: {} };
  }

  #granted(token: Token | null, otherwise: string): Answer {
    return token ? { status: 200, body: this.#described(token) } : failure(400, 'invalid_grant', otherwise);
  }

  /** An application's own token tells its life under another name (docs/platforms/vkvideo.md#other-grants). */
  #described({ access, refresh, expiresAtMs }: Token): Record<string, unknown> {
    const seconds = Math.max(0, Math.floor((expiresAtMs - this.#state.clock.now().getTime()) / 1000));
    if (refresh === null) return { access_token: access, state: '', expire_time: seconds, token_type: 'Bearer' };
    return { access_token: access, refresh_token: refresh, expires_in: seconds, token_type: 'Bearer' };
  }

  #page(query: URLSearchParams): Answer {
    const link = (name: string, value: string) => {
      const target = new URLSearchParams(query);
      target.set(name, value);
      return `<li><a href="?${target.toString().replaceAll('&', '&amp;')}">${name} ${value}</a></li>`;
    };
    const links = [...this.#state.people.all().map(({ login }) => link('as', login)), link('deny', '1')];
    const body = `<!doctype html><title>Simulated VK Video Live</title><p>Allow access?</p><ul>${links.join('')}</ul>`;
    return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
  }
}

function back(query: URLSearchParams, what: Record<string, string>): Answer {
  const target = new URL(query.get('redirect_uri') ?? '');
  for (const [name, value] of Object.entries(what)) target.searchParams.set(name, value);
  const state = query.get('state');
  if (state !== null) target.searchParams.set('state', query.get('wrong_state') === '1' ? `${state}x` : state);
  return { status: 302, headers: { location: target.href } };
}

function formOf({ headers, body }: Call): URLSearchParams {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return new URLSearchParams(isForm ? body.toString('utf8') : '');
}

function failure(status: number, error: string, description = error): Answer {
  return { status, body: { error, error_description: description } };
}
