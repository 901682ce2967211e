/** Sign-in through a platform, and logout (http-api §9.5, §9.7). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type SignInRules, signIn } from '../../accounts/login.ts';
import { consumeOAuthState, createOAuthState, createPkcePair, type OAuthState } from '../../accounts/oauth-state.ts';
import { issueSession, type Session } from '../../accounts/sessions.ts';
import { BadInput, PlatformRefused } from '../../lib/errors.ts';
import type { GrantedTokens, PlatformIdentity, PlatformOAuth } from '../../platforms/platform.ts';
import { platforms } from '../../platforms/registry.ts';
import { type Api, type ApiContext, findPlatform } from '../context.ts';
import { LOGIN_COOKIES } from '../plugins/callers.ts';

export interface AuthRules extends SignInRules {
  readonly jwtSecret: string;
  readonly jwtLifetimeSeconds: number;
  readonly isProduction: boolean;
  readonly isBeta: boolean;
  /** Public host of this instance; the beta's cookie is bound to it. */
  readonly domain: string | null;
  /** Where the web app lives, for every redirect that has no origin of its own. */
  readonly webBaseUrl: string;
}

const LOGIN_SECONDS = 7 * 24 * 60 * 60;
/** Ties the callback to the browser that opened the consent page: nobody can be logged in as somebody else. */
const STATE_COOKIE = 'oauth_state';
const STATE_COOKIE_SECONDS = 600;

const PAGES: ReadonlySet<string> = new Set([
  '/',
  '/dashboard',
  '/settings/accounts',
  '/settings/bot',
  ...platforms.flatMap(({ id, pageAliases = [] }) => [id, ...pageAliases].map((page) => `/settings/bot/${page}`)),
]);

const startQuery = z.object({ redirect_to: z.string().optional() });
const callbackQuery = z.object({
  code: z.string().optional(),
  state: z.string().optional(),
  error: z.string().optional(),
});
const byProvider = z.object({ provider: z.string() });
/** No body: what went wrong is told in the address. */
const redirect: { 302: z.ZodType } = {
  302: z.null().describe('to the next page, or to the panel with `error` and `reason`'),
};

export function registerAuthRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  const tags = ['sign-in'];

  app.get(
    '/auth/:provider',
    {
      schema: {
        tags,
        summary: 'Sends the browser to the platform to sign in',
        params: byProvider,
        querystring: startQuery,
        response: redirect,
      },
    },
    async (request, reply) => {
      const platform = findPlatform(context, request.params.provider);
      // Accounts of other platforms can be linked to a user; only one that users are known by signs them in.
      if (platform?.oauth === undefined || platform.description.userColumns === undefined) {
        return fail(reply, rules.webBaseUrl, { reason: 'unsupported_provider' });
      }
      const missing = platform.oauth.missingSettings()[0];
      if (missing !== undefined) return fail(reply, rules.webBaseUrl, { reason: missingReason(missing) });
      const pkce = platform.oauth.usesPkce ? createPkcePair() : null;
      const state = await createOAuthState(
        context.db,
        {
          provider: platform.description.id,
          kind: 'login',
          userId: null,
          channelId: null,
          redirectTo: ownPage(request.query.redirect_to),
          origin: null,
          codeVerifier: pkce?.verifier ?? null,
        },
        context.clock.now(),
      );
      const scopes = platform.oauth.scopes.streamer;
      return reply
        .setCookie(STATE_COOKIE, state, cookieOptions(rules, STATE_COOKIE_SECONDS))
        .redirect(platform.oauth.authorizeUrl({ state, scopes, codeChallenge: pkce?.challenge ?? null }));
    },
  );

  for (const path of ['/auth/:provider/callback', '/auth/:provider/link/callback']) {
    app.get(
      path,
      {
        schema: {
          tags,
          summary: 'Where the platform sends the browser back to',
          params: byProvider,
          querystring: callbackQuery,
          response: redirect,
        },
      },
      (request, reply) => finish(context, rules, request, reply, request.query),
    );
  }

  app.post(
    '/auth/logout',
    {
      schema: { tags, summary: 'Ends the login of this browser', response: { 200: z.object({ message: z.string() }) } },
    },
    async (_request, reply) => {
      for (const name of Object.values(LOGIN_COOKIES)) {
        reply.clearCookie(name, { path: '/' });
        if (rules.domain !== null) reply.clearCookie(name, { path: '/', domain: rules.domain });
      }
      return { message: 'Logged out' };
    },
  );
}

async function finish(
  context: ApiContext,
  rules: AuthRules,
  request: FastifyRequest,
  reply: FastifyReply,
  query: z.output<typeof callbackQuery>,
): Promise<FastifyReply> {
  const base = rules.webBaseUrl;
  if (query.error) return fail(reply, base, { reason: query.error.slice(0, 100) });
  if (!query.code) return fail(reply, base, { reason: 'no_code' });
  if (!query.state || request.cookies[STATE_COOKIE] !== query.state)
    return fail(reply, base, { reason: 'state_not_found' });
  const consumed = await consumeOAuthState(context.db, query.state, context.clock.now());
  if (consumed.kind !== 'fresh') return fail(reply, base, { reason: consumed.kind });
  const { state } = consumed;
  if (state.kind !== 'login') return fail(reply, base, { reason: 'invalid_state_kind' });
  // The provider stored in the state wins over the one in the path.
  const { provider } = state;
  const platform = findPlatform(context, provider);
  if (platform?.oauth === undefined) return fail(reply, base, { reason: 'login_not_supported', provider });
  reply.clearCookie(STATE_COOKIE, { path: '/' });
  try {
    const granted = await askPlatform(platform.oauth, query.code, state.codeVerifier);
    if ('reason' in granted) return fail(reply, base, { reason: granted.reason });
    const signing = { ...granted, platform: platform.description, now: context.clock.now() };
    const outcome = await signIn(context.db, signing, rules);
    if (outcome.kind === 'signed_in') return await welcome(context, rules, reply, outcome.session, state);
    return refuseForeignAccount(request, reply, base, state, granted.identity.platformUserId);
  } catch (error) {
    if (error instanceof BadInput) throw error;
    context.log.warn('auth.login_failed', { provider, error });
    return fail(reply, base, { reason: 'exception' });
  }
}

type Granted = { tokens: GrantedTokens; identity: PlatformIdentity } | { reason: 'no_token' | 'no_user' };

/** A platform that says no is told apart from one that does not answer, which throws. */
async function askPlatform(oauth: PlatformOAuth, code: string, codeVerifier: string | null): Promise<Granted> {
  let tokens: GrantedTokens | null = null;
  try {
    tokens = await oauth.exchangeCode(code, codeVerifier);
    return { tokens, identity: await oauth.identify(tokens.accessToken) };
  } catch (error) {
    if (error instanceof PlatformRefused) return { reason: tokens === null ? 'no_token' : 'no_user' };
    throw error;
  }
}

async function welcome(
  { clock }: ApiContext,
  rules: AuthRules,
  reply: FastifyReply,
  session: Session,
  { redirectTo }: OAuthState,
): Promise<FastifyReply> {
  const token = await issueSession(session, rules.jwtSecret, rules.jwtLifetimeSeconds, clock.now());
  const name = rules.isBeta ? LOGIN_COOKIES.beta : LOGIN_COOKIES.regular;
  return reply
    .setCookie(name, token, cookieOptions(rules, LOGIN_SECONDS))
    .redirect(`${rules.webBaseUrl}${redirectTo ?? landingPage(session)}`);
}

/** Scripts are told in JSON, people by a page (http-api §9.5, row 11). */
function refuseForeignAccount(
  request: FastifyRequest,
  reply: FastifyReply,
  base: string,
  { provider, redirectTo }: OAuthState,
  providerAccountId: string,
): FastifyReply {
  const accepts = request.headers.accept ?? '';
  if (accepts.includes('application/json') && !accepts.includes('text/html')) {
    throw new BadInput('ACCOUNT_ALREADY_LINKED', '', { details: { provider, providerAccountId } });
  }
  return fail(reply, base, { reason: 'account_already_linked', provider }, redirectTo ?? '/');
}

function fail(reply: FastifyReply, base: string, reasons: Readonly<Record<string, string>>, page = '/'): FastifyReply {
  return reply.redirect(`${base}${page}?${new URLSearchParams({ error: 'auth_failed', ...reasons })}`);
}

function cookieOptions(rules: AuthRules, maxAge: number) {
  return {
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
    maxAge,
    secure: rules.isProduction,
    ...(rules.isBeta && rules.domain !== null ? { domain: rules.domain } : {}),
  } as const;
}

function ownPage(path: string | undefined): string | null {
  const trimmed = path?.trim();
  return trimmed !== undefined && PAGES.has(trimmed) ? trimmed : null;
}

function landingPage(session: Session): string {
  return session.role === 'streamer' && session.channelId !== null ? '/dashboard' : '/';
}

function missingReason(variable: string): string {
  if (variable.endsWith('_CLIENT_ID')) return 'no_client_id';
  return variable.endsWith('_CALLBACK_URL') ? 'no_callback_url' : 'missing_oauth_env';
}
