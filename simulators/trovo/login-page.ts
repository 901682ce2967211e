/** Trovo's login page: a person of the simulation is chosen to consent, or denies (docs/platforms/trovo.md#authorize). */
import type { Answer } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import { Refusal } from './errors.ts';
import type { TrovoState } from './state.ts';

const SCOPES = [
  'user_details_self',
  'channel_details_self',
  'channel_update_self',
  'channel_subscriptions',
  'chat_connect',
  'chat_send_self',
  'send_to_my_channel',
  'manage_messages',
];

export class LoginPage {
  /** Who consents without being asked; null shows the page. */
  autoConsent: Person | null = null;
  readonly #state: TrovoState;

  constructor(state: TrovoState) {
    this.#state = state;
  }

  /**
   * Trovo's parameters, and for scripts and the page's own links: `as` (a login, consents at once), `deny=1`,
   * and `grant` (repeated: only these of the scopes asked for).
   */
  answer(given: URLSearchParams): Answer {
    const { tokens, people } = this.#state;
    const redirectUri = given.get('redirect_uri');
    const application = tokens.application(given.get('client_id'));
    if (!application) throw new Refusal(11701);
    if (!redirectUri || !URL.canParse(redirectUri)) throw new Refusal(11716);
    if (given.get('response_type') !== 'code') throw new Refusal(1002);
    const asked = scopesOf(given);
    if (asked.length === 0 || asked.some((scope) => !SCOPES.includes(scope))) throw new Refusal(11703);
    // How a refusal comes back is not documented; this is what OAuth says.
    if (given.get('deny') === '1') return redirect(redirectUri, { error: 'access_denied', state: given.get('state') });
    const person = given.has('as') ? people.byLogin(given.get('as')) : this.autoConsent;
    if (!person) return page(given, asked, people.all());
    const scopes = given.has('grant') ? asked.filter((scope) => given.getAll('grant').includes(scope)) : asked;
    const code = tokens.createCode({ clientId: application.id, personId: person.id, scopes, redirectUri });
    return redirect(redirectUri, { code, expires_in: '600', state: given.get('state') });
  }
}

/** A plus in the address is a space here; `%2B` stays one, and makes two scopes one that nobody knows. */
function scopesOf(given: URLSearchParams): string[] {
  return (given.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
}

function redirect(to: string, parameters: Record<string, string | null>): Answer {
  const target = new URL(to);
  for (const [name, value] of Object.entries(parameters)) if (value !== null) target.searchParams.set(name, value);
  return { status: 302, headers: { location: target.href } };
}

/** @param given the query of the request; it travels on in hidden fields */
function page(given: URLSearchParams, asked: readonly string[], people: readonly Person[]): Answer {
  const hidden = [...given].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const scopes = asked.map(
    (scope) =>
      `<label><input type="checkbox" name="grant" value="${escapeHtml(scope)}" checked> ${escapeHtml(scope)}</label>`,
  );
  // Keeps "none of them" apart from "not asked".
  scopes.push('<input type="hidden" name="grant" value="">');
  const buttons = people.map(
    ({ login, displayName }) => `<button name="as" value="${escapeHtml(login)}">${escapeHtml(displayName)}</button>`,
  );
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Simulated Trovo</title>
<h1>Simulated Trovo: who are you?</h1>
<form method="get" action="login.html">${hidden.join('')}
<p>The application asks for:</p><p>${scopes.join('<br>\n')}</p>
<p>${buttons.join('\n')}</p>
<p><button name="deny" value="1">Deny</button></p>
</form></html>`;
  return { status: 200, body, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
