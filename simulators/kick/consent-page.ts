/** The page on which a person of the simulation is chosen to consent, or denies. */
import type { Answer } from '../world/host.ts';
import type { Person } from '../world/people.ts';

/** @param given the query of the authorize request; it travels on in hidden fields */
export function consentPage(given: URLSearchParams, people: readonly Person[]): Answer {
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
