/** A browser's login: given at a sign-in, ended at a logout, everywhere when its person says so (docs/contract/http-api.md#login-and-logout). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { endSession, endSessionsOf } from '../../accounts/session-ends.ts';
import { issueSession, type Session } from '../../accounts/sessions.ts';
import { isMissingSchema } from '../../db/failures.ts';
import { inTransaction } from '../../db/transaction.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { okAnswer } from '../fields.ts';
import { LOGIN_COOKIES } from '../plugins/callers.ts';
import { type AuthRules, cookieOptions } from './auth-rules.ts';

/** Longest life of a cookie; a token in it may end sooner. */
const COOKIE_SECONDS = 7 * 24 * 60 * 60;

export function registerSessionRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  const tags = ['sign-in'];
  const { callers, db } = context;
  app.post(
    '/auth/logout',
    {
      schema: {
        tags,
        summary: 'Sign out in this browser',
        response: { 200: z.object({ message: z.string().describe('Confirmation in words.') }) },
      },
    },
    async (request, reply) => {
      await endLogins(context, request);
      clearCookies(reply, rules);
      return { message: 'Logged out' };
    },
  );

  app.post(
    '/auth/logout/everywhere',
    { schema: { tags, summary: 'Sign out in every browser', response: { 200: okAnswer } } },
    async (request, reply) => {
      const { userId } = await callers.person(request);
      await inTransaction(db, async (tx) => {
        await endSessionsOf(tx, userId);
        await recordAudit(tx, { userId, channelId: null }, 'auth.logout.everywhere', { userId });
      });
      callers.forget(userId);
      clearCookies(reply, rules);
      return { ok: true as const };
    },
  );
}

/** Sets the cookie of a new login. @param sessionsFrom `User.sessionsFrom` */
export async function giveLogin(
  reply: FastifyReply,
  rules: AuthRules,
  session: Session,
  { now, seconds, sessionsFrom }: { readonly now: Date; readonly seconds: number; readonly sessionsFrom: Date | null },
): Promise<void> {
  const token = await issueSession(session, rules.jwtSecret, seconds, now, sessionsFrom);
  const name = rules.isBeta ? LOGIN_COOKIES.beta : LOGIN_COOKIES.regular;
  reply.setCookie(name, token, cookieOptions(rules, COOKIE_SECONDS));
}

/**
 * After all logins of the caller were ended: the browser that asked for it stays signed in, for no longer than it would
 * have. A script with a bearer token has no cookie to be renewed, and signs in again.
 */
export async function keepThisBrowser(
  { callers, clock }: ApiContext,
  rules: AuthRules,
  request: FastifyRequest,
  reply: FastifyReply,
  sessionsFrom: Date | null,
): Promise<void> {
  if (Object.values(LOGIN_COOKIES).every((name) => request.cookies[name] === undefined)) return;
  const now = clock.now();
  const session = await callers.login(request);
  const seconds = Math.max(1, Math.floor((session.expiresAt.getTime() - now.getTime()) / 1000));
  await giveLogin(reply, rules, session, { now, seconds, sessionsFrom });
}

/** A database that is away is an error: nobody is told that a login ended which still counts. */
async function endLogins({ callers, db }: ApiContext, request: FastifyRequest): Promise<void> {
  for (const login of await callers.allLogins(request)) {
    try {
      await endSession(db, login);
    } catch (error) {
      // Without the table no login can be ended, and the cookies go all the same.
      if (!isMissingSchema(error)) throw error;
    }
    callers.forget(login.userId);
  }
}

function clearCookies(reply: FastifyReply, { domain }: AuthRules): void {
  for (const name of Object.values(LOGIN_COOKIES)) {
    reply.clearCookie(name, { path: '/' });
    if (domain !== null) reply.clearCookie(name, { path: '/', domain });
  }
}
