/** The page on which an account and a channel of the simulation are chosen to consent, or one denies. */
import type { Answer } from '../world/host.ts';
import type { Channel } from './channels.ts';

/** @param given the query of the authorize request; it travels on in hidden fields */
export function consentPage(given: URLSearchParams, channels: readonly Channel[]): Answer {
  const hidden = [...given].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const scopes = scopesOf(given).map((scope) => {
    const text = escapeHtml(scope);
    return `<label><input type="checkbox" name="grant" value="${text}" checked> ${text}</label><br>`;
  });
  // Keeps "none of them" apart from "not asked".
  scopes.push('<input type="hidden" name="grant" value="">');
  const buttons = channels.map(
    ({ name, title }) => `<button name="as" value="${escapeHtml(name)}">${escapeHtml(title)}</button>`,
  );
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Simulated Google</title>
<h1>Simulated Google: which channel?</h1>
<form method="get" action="auth">${hidden.join('')}
<p>The application asks for:</p><p>${scopes.join('\n')}</p>
<p>${buttons.join('\n')}</p>
<p><button name="deny" value="1">Deny</button></p>
</form></html>`;
  return { status: 200, body, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

export function scopesOf(given: URLSearchParams): string[] {
  return (given.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
