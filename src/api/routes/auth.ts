/** Sign-in through a platform, and linking one's own accounts (docs/contract/http-api.md#oauth-providers, docs/contract/http-api.md#login-and-logout). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { beginLink, beginLogin, type LinkablePlatform } from '../../accounts/linking/begin.ts';
import { type Api, type ApiContext, findPlatform } from '../context.ts';
import { byProvider } from '../fields.ts';
import { requireOwnNavigation } from '../plugins/origins.ts';
import { registerAccountRoutes } from './auth-accounts.ts';
import { registerCallbackRoutes } from './auth-callback.ts';
import { type AuthRules, failAt, ownOrigin, ownPage, redirectAnswer, startQuery } from './auth-rules.ts';
import { registerSessionRoutes } from './auth-sessions.ts';
import { beginningOf, linkDestination, sendTo } from './auth-start.ts';

type StartQuery = z.output<typeof startQuery>;

const tags = ['sign-in'];

export function registerAuthRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  registerAccountRoutes(app, context, rules);
  registerCallbackRoutes(app, context, rules);
  // A question for the head of an answer begins nothing, so it has no answer.
  app.get(
    '/auth/:provider',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Start signing in with a platform',
        description: 'Redirects the browser to the consent page of the platform.',
        params: byProvider,
        querystring: startQuery,
        response: redirectAnswer,
      },
    },
    (request, reply) => startLogin(context, rules, request, reply, request.params.provider, request.query),
  );
  app.get(
    '/auth/:provider/link',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Start linking an account of the signed-in user',
        description: 'Redirects the browser to the consent page of the platform.',
        params: byProvider,
        querystring: startQuery,
        response: redirectAnswer,
      },
    },
    (request, reply) => startLink(context, rules, request, reply, request.params.provider, request.query),
  );
  registerSessionRoutes(app, context, rules);
}

async function startLogin(
  context: ApiContext,
  rules: AuthRules,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: string,
  query: StartQuery,
): Promise<FastifyReply> {
  const destination = { redirectTo: ownPage(query.redirect_to), origin: ownOrigin(rules, query.origin) };
  const fail = (reason: string) => failAt(reply, destination.origin ?? rules.webBaseUrl, { reason });
  const platform = linkable(context, provider);
  if (platform === null) return fail('unsupported_provider');
  const [missing] = platform.oauth.missingSettings();
  if (missing !== undefined) return fail(missingReason(missing));
  return sendTo(reply, rules, await beginLogin(beginningOf(context, rules, request), platform, destination));
}

async function startLink(
  context: ApiContext,
  rules: AuthRules,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: string,
  query: StartQuery,
): Promise<FastifyReply> {
  const { userId } = await context.callers.person(request);
  requireOwnNavigation(rules.origins, request);
  const destination = linkDestination(rules, query);
  const fail = (reasons: Record<string, string>) =>
    failAt(reply, destination.origin ?? rules.webBaseUrl, reasons, destination.redirectTo);
  const platform = linkable(context, provider);
  if (platform === null) return fail({ reason: 'provider_not_supported', provider });
  if (platform.oauth.missingSettings().length > 0) {
    return fail({ reason: 'missing_oauth_env', provider: platform.id });
  }
  return sendTo(
    reply,
    rules,
    await beginLink(beginningOf(context, rules, request), platform, { userId, ...destination }),
  );
}

function linkable(context: ApiContext, provider: string): LinkablePlatform | null {
  const platform = findPlatform(context, provider);
  return platform?.oauth === undefined ? null : { id: platform.description.id, oauth: platform.oauth };
}

function missingReason(variable: string): string {
  if (variable.endsWith('_CLIENT_ID')) return 'no_client_id';
  return variable.endsWith('_CALLBACK_URL') ? 'no_callback_url' : 'missing_oauth_env';
}
