/** Where platforms send browsers back to, and where those go from there (docs/contract/http-api.md#callback-outcomes). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CallbackDeps, type CallbackOutcome, consumeState, finish } from '../../accounts/linking/callback.ts';
import type { OAuthState } from '../../accounts/linking/oauth-state.ts';
import type { Session } from '../../accounts/sessions.ts';
import { isMissingSchema, isUnavailable } from '../../db/failures.ts';
import type { UserId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { type Api, type ApiContext, findPlatform } from '../context.ts';
import { byProvider } from '../fields.ts';
import {
  ACCOUNTS_PAGE,
  type AuthRules,
  browserSecretOf,
  failAt,
  instanceOriginOf,
  ownOrigin,
  ownPage,
  redirectAnswer,
} from './auth-rules.ts';
import { giveLogin } from './auth-sessions.ts';
import { sendTo } from './auth-start.ts';

/** Words of the platform: enough to recognise them. */
const REASON_MAX_CHARS = 100;
const DETAILS_MAX_CHARS = 240;
/** The panel's page for these is the one the link began at; for everything else it is the first one. */
const TOLD_AT_PAGE: ReadonlySet<string> = new Set([
  'account_already_linked',
  'subscription_required',
  'bot_account_in_use',
]);
const ALWAYS_NAME_PROVIDER: ReadonlySet<string> = new Set([
  ...TOLD_AT_PAGE,
  'login_not_supported',
  'provider_not_supported',
]);
const SOME_NAME_PROVIDER: ReadonlySet<string> = new Set(['missing_oauth_env', 'no_token', 'no_user']);

const callbackQuery = z.object({
  code: z.string().optional().describe('Authorization code of the platform.'),
  state: z.string().optional().describe('State that this API gave the platform at the start.'),
  error: z.string().optional().describe('Error code of the platform, when it gave no authorization code.'),
  error_description: z.string().optional().describe('Explanation of the platform for `error`.'),
});
type CallbackQuery = z.output<typeof callbackQuery>;

interface Returning {
  readonly context: ApiContext;
  readonly rules: AuthRules;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export function registerCallbackRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  for (const [path, summary] of [...CALLBACKS, [COMPLETE, COMPLETE_SUMMARY]] as const) {
    app.get(
      path,
      {
        exposeHeadRoute: false,
        schema: {
          tags: ['sign-in'],
          summary,
          description: 'The platform, or another instance, redirects the browser to this address.',
          params: byProvider,
          querystring: callbackQuery,
          response: redirectAnswer,
        },
      },
      (request, reply) => comeBack({ context, rules, request, reply }, request.params.provider, request.query),
    );
  }
}

const CALLBACK_SUMMARY = 'Finish a sign-in or a link after the consent page of the platform';
const CALLBACKS = [
  ['/auth/:provider/callback', CALLBACK_SUMMARY],
  ['/auth/:provider/link/callback', `${CALLBACK_SUMMARY} (same as GET /auth/{provider}/callback)`],
] as const;
const COMPLETE = '/auth/:provider/complete';
const COMPLETE_SUMMARY = 'Finish a sign-in or a link whose callback reached another instance';

async function comeBack(returning: Returning, pathProvider: string, query: CallbackQuery): Promise<FastifyReply> {
  const { context, rules, request, reply } = returning;
  const browserSecret = browserSecretOf(request);
  // Before anything else: whatever comes of it, a state is good for one attempt.
  const consumed = await consumeState(depsOf(returning), query.state, browserSecret);
  // One hop: what was sent on is not sent on again.
  if (consumed.kind === 'begun_elsewhere' && request.routeOptions.url !== COMPLETE) {
    return handOver(reply, consumed.instanceOrigin, pathProvider, query);
  }
  const state = consumed.kind === 'fresh' ? consumed.state : null;
  const base = baseOf(rules, state);
  if (query.error) return failAt(reply, base, deniedReasons(context, state?.provider ?? pathProvider, query));
  if (!query.code) return failAt(reply, base, { reason: 'no_code' });
  if (consumed.kind === 'fresh') return end(returning, consumed.state, query.code, browserSecret);
  const reason = consumed.kind === 'begun_elsewhere' ? 'state_not_found' : consumed.kind;
  // Without the cookie it is mostly a callback address with another host than the one people open.
  const carriesCookie = browserSecret !== null;
  context.log.info('auth.callback_refused', { provider: pathProvider, reason, carriesCookie });
  return failAt(reply, base, { reason });
}

async function end(
  returning: Returning,
  state: OAuthState,
  code: string,
  browserSecret: string | null,
): Promise<FastifyReply> {
  const { context, rules, request, reply } = returning;
  const callerId = state.kind === 'login' ? null : await signedIn(context, request);
  try {
    return await answer(returning, state, await finish(depsOf(returning), { code, state, callerId, browserSecret }));
  } catch (error) {
    if (error instanceof BadInput || isMissingSchema(error) || isUnavailable(error)) throw error;
    context.log.warn('auth.callback_failed', { provider: state.provider, kind: state.kind, error });
    return failAt(reply, baseOf(rules, state), { reason: 'exception' });
  }
}

function depsOf({ context, rules }: Returning): CallbackDeps {
  const { db, clock, platforms } = context;
  return { db, clock, platforms, rules, instanceOrigin: instanceOriginOf(rules) };
}

/**
 * To the instance that began, with the platform's code, which is good for one use: there the browser can prove that it
 * was the one, and nothing that signs anybody in is in the address (docs/contract/http-api.md#login-and-logout).
 */
function handOver(reply: FastifyReply, origin: string, provider: string, query: CallbackQuery): FastifyReply {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return reply.redirect(`${origin}/auth/${encodeURIComponent(provider)}/complete?${new URLSearchParams(given)}`);
}

async function signedIn({ callers }: ApiContext, request: FastifyRequest): Promise<UserId | null> {
  try {
    return (await callers.person(request)).userId;
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}

async function answer(returning: Returning, state: OAuthState, outcome: CallbackOutcome): Promise<FastifyReply> {
  const { rules, reply } = returning;
  const base = baseOf(rules, state);
  switch (outcome.kind) {
    case 'signed_in':
      return welcome(returning, state, outcome);
    case 'linked':
      returning.context.log.info('auth.linked', { provider: state.provider, kind: state.kind, userId: state.userId });
      return reply.redirect(`${base}${ownPage(state.redirectTo) ?? ACCOUNTS_PAGE}`);
    case 'ask_again':
      return sendTo(reply, rules, outcome.begun);
    case 'refused':
      return refuse(returning, state, outcome);
  }
}

async function welcome(
  { context: { clock, log }, rules, reply }: Returning,
  state: OAuthState,
  { session, sessionsFrom, hasOwnersName, becameOwner }: Extract<CallbackOutcome, { kind: 'signed_in' }>,
): Promise<FastifyReply> {
  const { userId, role } = session;
  const { provider } = state;
  log.info('auth.signed_in', { provider, userId, role });
  if (becameOwner) log.warn('auth.owner_made', { provider, userId });
  if (hasOwnersName) log.warn('auth.owner_name_of_another', { provider, userId });
  await giveLogin(reply, rules, session, { now: clock.now(), seconds: rules.jwtLifetimeSeconds, sessionsFrom });
  return reply.redirect(`${baseOf(rules, state)}${ownPage(state.redirectTo) ?? landingPage(session)}`);
}

/** Scripts are told of a taken account in JSON, people by a page (docs/contract/http-api.md#callback-outcomes, row 11). */
function refuse(
  { context, rules, request, reply }: Returning,
  state: OAuthState,
  { reason, platformUserId }: Extract<CallbackOutcome, { kind: 'refused' }>,
): FastifyReply {
  const { provider, kind } = state;
  context.log.info('auth.callback_refused', { provider, kind, reason });
  if (reason === 'account_already_linked' && wantsJson(request)) {
    throw new BadInput('ACCOUNT_ALREADY_LINKED', '', { details: { provider, providerAccountId: platformUserId } });
  }
  const namesProvider =
    ALWAYS_NAME_PROVIDER.has(reason) ||
    (SOME_NAME_PROVIDER.has(reason) &&
      findPlatform(context, provider)?.description.linkFailures?.namesProvider === true);
  const page = TOLD_AT_PAGE.has(reason) ? (ownPage(state.redirectTo) ?? '/') : '/';
  return failAt(reply, baseOf(rules, state), { reason, ...(namesProvider ? { provider } : {}) }, page);
}

/** The platform's own word for it, or the one the panel knows. */
function deniedReasons(
  context: ApiContext,
  provider: string,
  { error = '', error_description: description }: CallbackQuery,
): Record<string, string> {
  const platform = findPlatform(context, provider);
  const reason = platform?.description.linkFailures?.deniedReason;
  if (platform === undefined || reason === undefined) return { reason: error.slice(0, REASON_MAX_CHARS) };
  return { reason, provider: platform.description.id, details: (description ?? error).slice(0, DETAILS_MAX_CHARS) };
}

/** Checks the origin again, because another program may have written the state without a check. */
function baseOf(rules: AuthRules, state: Pick<OAuthState, 'origin'> | null): string {
  return ownOrigin(rules, state?.origin) ?? rules.webBaseUrl;
}

function landingPage(session: Session): string {
  return session.role === 'streamer' && session.channelId !== null ? '/dashboard' : '/';
}

function wantsJson({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.includes('application/json') && !accept.includes('text/html');
}
