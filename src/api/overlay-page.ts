/** The credits page that OBS shows, as it is sent. Nothing of the request is written into it: the script reads its own address. */
import { readFileSync } from 'node:fs';

const FOLDER = new URL('../overlay/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** What the page loads, by name. */
export const overlayFiles: ReadonlyMap<string, { readonly type: string; readonly text: string }> = new Map(
  ['page.css', 'page.js', 'avatars.js', 'feed.js', 'model.js', 'roll.js', 'rows.js', 'style.js'].map((name) => [
    name,
    { type: TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain', text: read(name) },
  ]),
);

const PAGE = read('page.html');

/**
 * @param nonce of this answer's content security policy
 * @param platforms titles by id, for credits that are listed by platform
 */
export function overlayPage(nonce: string, platforms: Readonly<Record<string, string>>): string {
  const titles = JSON.stringify(platforms).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return PAGE.replaceAll('{nonce}', nonce).replace('{platforms}', () => titles);
}

/** @param frameAncestors origins that may show the page in a frame */
export function overlayPolicy(nonce: string, frameAncestors: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    // Avatars live at the platforms' image hosts, which change without notice.
    'img-src https: http:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${["'self'", ...frameAncestors].join(' ')}`,
  ].join('; ');
}

function read(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}
