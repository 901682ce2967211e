/** Sends a browser to a platform's consent page, for whatever it is asked there (docs/contract/http-api.md#flow). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type Beginning, type Begun, beginBotLink } from '../../accounts/linking/begin.ts';
import type { BotTarget } from '../../accounts/linking/oauth-state.ts';
import type { UserId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { ApiContext, HostedPlatform } from '../context.ts';
import { requireOwnNavigation } from '../plugins/origins.ts';
import {
  ACCOUNTS_PAGE,
  type AuthRules,
  browserSecretOf,
  instanceOriginOf,
  ownOrigin,
  ownPage,
  rememberBrowser,
  type startQuery,
} from './auth-rules.ts';

export interface BotLinkStart {
  readonly platform: HostedPlatform;
  readonly userId: UserId;
  readonly target: BotTarget;
  /** The query of the request; the addresses in it are not checked yet. */
  readonly query: z.output<typeof startQuery>;
}

/**
 * Begins bringing a bot, for a channel or for all of them. Whoever calls has checked that the person may; it is checked
 * again when they come back.
 *
 * @throws BadInput `CSRF_INVALID`, `BOT_NOT_CONFIGURED`
 */
export async function startBotLink(
  context: ApiContext,
  rules: AuthRules,
  request: FastifyRequest,
  reply: FastifyReply,
  { platform, userId, target, query }: BotLinkStart,
): Promise<FastifyReply> {
  requireOwnNavigation(rules.origins, request);
  const { id } = platform.description;
  if (platform.oauth === undefined) {
    throw new BadInput('BOT_NOT_CONFIGURED', '', { details: { provider: id, missing: [] } });
  }
  const begun = await beginBotLink(
    beginningOf(context, rules, request),
    { id, oauth: platform.oauth },
    { userId, target, ...linkDestination(rules, query) },
  );
  return sendTo(reply, rules, begun);
}

export function beginningOf({ db, clock }: ApiContext, rules: AuthRules, request: FastifyRequest): Beginning {
  const instanceOrigin = instanceOriginOf(rules);
  return { db, now: clock.now(), browserSecret: browserSecretOf(request), instanceOrigin };
}

/** A link ends at a page that shows what came of it. */
export function linkDestination(rules: AuthRules, query: BotLinkStart['query']) {
  return { redirectTo: ownPage(query.redirect_to) ?? ACCOUNTS_PAGE, origin: ownOrigin(rules, query.origin) };
}

export function sendTo(reply: FastifyReply, rules: AuthRules, { authorizeUrl, browserSecret }: Begun): FastifyReply {
  return rememberBrowser(reply, rules, browserSecret).redirect(authorizeUrl);
}
