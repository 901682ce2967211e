/** What sign-in and linking know of this instance: pages and origins to return to, cookies, reasons in addresses. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SignInRules } from '../../accounts/login.ts';
import { platforms } from '../../platforms/all.ts';
import { isAllowedOrigin, type OriginRules } from '../plugins/origins.ts';

export interface AuthRules extends SignInRules {
  readonly jwtSecret: string;
  readonly jwtLifetimeSeconds: number;
  readonly isProduction: boolean;
  readonly isBeta: boolean;
  /** Public host of this instance; the beta's cookie is bound to it. */
  readonly domain: string | null;
  /** Where the web app lives, for every redirect that has no origin of its own. */
  readonly webBaseUrl: string;
  readonly origins: OriginRules;
}

/** Public address of this instance, where platforms and other instances reach it. */
export function instanceOriginOf({ domain }: Pick<AuthRules, 'domain'>): string | null {
  return domain === null ? null : `https://${domain}`;
}

/** Query of every request that ends at a consent page. */
export const startQuery = z.object({
  redirect_to: z
    .string()
    .optional()
    .describe('Page of the panel that the browser returns to, such as `/settings/accounts`.'),
  origin: z.string().optional().describe('Origin of the panel. It must be one of the allowed origins.'),
});

/** No body: what went wrong is told in the address. */
export const redirectAnswer: { 302: z.ZodType } = {
  302: z
    .null()
    .describe(
      'Redirects to the next page. After a failure the page of the panel gets the query parameters `error` and `reason`.',
    ),
};

const PAGES: ReadonlySet<string> = new Set([
  '/',
  '/dashboard',
  '/settings/accounts',
  '/settings/bot',
  ...platforms.flatMap(({ id, pageAliases = [] }) => [id, ...pageAliases].map((page) => `/settings/bot/${page}`)),
]);

/** Where links end that name no page, or a foreign one. */
export const ACCOUNTS_PAGE = '/settings/accounts';

/** The page, when it is one of ours: one list for every start and every callback. */
export function ownPage(path: string | null | undefined): string | null {
  const trimmed = path?.trim();
  return trimmed !== undefined && PAGES.has(trimmed) ? trimmed : null;
}

/** The origin, when pages of ours live there. */
export function ownOrigin({ origins }: AuthRules, given: string | null | undefined): string | null {
  if (given == null || !URL.canParse(given)) return null;
  const { origin } = new URL(given);
  return isAllowedOrigin(origins, origin) ? origin : null;
}

const STATE_COOKIE = 'oauth_state';
const STATE_COOKIE_SECONDS = 600;
const BROWSER_SECRET = /^[\w-]{43}$/;

/** What this browser carries from a start: proves at the callback that it was the one. */
export function browserSecretOf(request: FastifyRequest): string | null {
  const carried = request.cookies[STATE_COOKIE];
  return carried !== undefined && BROWSER_SECRET.test(carried) ? carried : null;
}

/** Renewed at each start, never taken away at a callback: another tab may still be at its consent page. */
export function rememberBrowser(reply: FastifyReply, rules: AuthRules, browserSecret: string): FastifyReply {
  return reply.setCookie(STATE_COOKIE, browserSecret, cookieOptions(rules, STATE_COOKIE_SECONDS));
}

export function cookieOptions(rules: AuthRules, maxAge: number) {
  return {
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
    maxAge,
    secure: rules.isProduction,
    ...(rules.isBeta && rules.domain !== null ? { domain: rules.domain } : {}),
  } as const;
}

/** Back to the panel, which tells people what the reason means. */
export function failAt(
  reply: FastifyReply,
  base: string,
  reasons: Readonly<Record<string, string>>,
  page = '/',
): FastifyReply {
  return reply.redirect(`${base}${page}?${new URLSearchParams({ error: 'auth_failed', ...reasons })}`);
}
