/** The page for people: what this is, whether it is well, where to sign in, and what comes next for who has. */
import { createHash } from 'node:crypto';
import type { Language } from '../../platforms/causes/cause.ts';
import { failureText, troubleText, WORDS } from './words.ts';

interface Named {
  readonly id: string;
  readonly title: string;
}

export interface SignedIn {
  readonly name: string;
  readonly isOwner: boolean;
  /** The channel's name and slug; null without one. */
  readonly channel: { readonly name: string; readonly slug: string } | null;
  /** An account they sign in with, as the operator's command names it. */
  readonly account: { readonly provider: string; readonly login: string } | null;
  /** Platforms where an account of theirs is linked. */
  readonly linked: ReadonlySet<string>;
}

export interface FrontPage {
  readonly language: Language;
  /** Codes of `/readyz`; empty when it is well. */
  readonly troubles: readonly string[];
  /** Why a sign-in or a link came to nothing. */
  readonly failure: { readonly reason: string } | null;
  readonly deniedReasons: ReadonlySet<string>;
  /** Platforms whose application is set up here. */
  readonly platforms: readonly Named[];
  readonly person: SignedIn | null;
}

const STYLE = `
body { margin: 3rem auto; max-width: 44rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.failure { border-left: 0.25rem solid #c33; padding-left: 0.75rem; }
code { overflow-wrap: anywhere; }
`;

/** No script, no picture, no form, in nobody's frame. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function renderFrontPage(page: FrontPage): string {
  const { language } = page;
  const parts = [
    heading('h1', WORDS.title[language]),
    ...failure(page),
    paragraph(WORDS.what[language]),
    ...health(page),
    ...(page.person === null ? signIn(page) : nextSteps(page, page.person)),
  ];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(WORDS.title[language])}</title>
<style>${STYLE}</style>
</head>
<body>
${parts.join('\n')}
</body>
</html>
`;
}

function failure({ failure: given, deniedReasons, language }: FrontPage): string[] {
  if (given === null) return [];
  const text = failureText(given.reason, deniedReasons, language);
  const sentence = text ?? `${WORDS.reason[language]}: ${given.reason}`;
  return [`<p class="failure" role="alert">${escaped(`${WORDS.failed[language]} ${sentence}`)}</p>`];
}

function health({ troubles, language }: FrontPage): string[] {
  if (troubles.length === 0) return [paragraph(WORDS.isWell[language])];
  const words = troubles.map((code) => troubleText(code, language));
  return [paragraph([WORDS.isIll[language], ...words].join(' '))];
}

function signIn({ platforms, language }: FrontPage): string[] {
  if (platforms.length === 0) return [paragraph(WORDS.cannotSignIn[language])];
  const links = platforms.map(({ id, title }) => link(`/auth/${id}`, title));
  return [heading('h2', WORDS.signIn[language]), list(links)];
}

function nextSteps(page: FrontPage, person: SignedIn): string[] {
  const { language } = page;
  const { name, channel } = person;
  const parts = [paragraph(`${WORDS.signedInAs[language]} ${name}.`)];
  if (channel !== null) parts.push(paragraph(`${WORDS.channel[language]}: ${channel.name} (${channel.slug}).`));
  parts.push(heading('h2', WORDS.next[language]));
  if (person.isOwner) parts.push(...ownersSteps(page));
  if (channel === null) parts.push(...stepsToChannel(person, language));
  else parts.push(...streamersSteps(page, person));
  return parts;
}

function ownersSteps({ platforms, language }: FrontPage): string[] {
  const links = platforms.map(({ id, title }) => link(`/owner/bots/${id}/default/link`, title));
  return [paragraph(WORDS.linkDefaultBot[language]), list(links)];
}

function stepsToChannel({ account, isOwner }: SignedIn, language: Language): string[] {
  const { login, provider } = account ?? { login: 'LOGIN', provider: 'PLATFORM' };
  const command = (name: string) => code(`pnpm memalerts ${name} --login ${login} --provider ${provider}`);
  const first = isOwner ? [] : [paragraph(WORDS.firstOwner[language]), command('grant-admin')];
  return [...first, paragraph(WORDS.noChannel[language]), command('create-channel')];
}

function streamersSteps({ platforms, language }: FrontPage, { linked }: SignedIn): string[] {
  const open = platforms.filter(({ id }) => !linked.has(id));
  const links = open.map(({ id, title }) => link(`/auth/${id}/link`, title));
  return [
    ...(links.length === 0 ? [] : [paragraph(WORDS.linkAccount[language]), list(links)]),
    paragraph(WORDS.switchOn[language]),
    code('PATCH /streamer/bots/PLATFORM {"enabled": true}'),
    `<p>${escaped(WORDS.tryIt[language])} ${link('/docs', '/docs')}</p>`,
  ];
}

function heading(tag: 'h1' | 'h2', text: string): string {
  return `<${tag}>${escaped(text)}</${tag}>`;
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

function code(text: string): string {
  return `<p><code>${escaped(text)}</code></p>`;
}

function link(path: string, text: string): string {
  return `<a href="${escaped(path)}">${escaped(text)}</a>`;
}

/** @param items markup */
function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
