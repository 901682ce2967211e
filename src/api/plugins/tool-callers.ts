/** Callers that are a streamer's own tools: who they act for, and on which routes (deny by default). */
import type { FastifyRequest } from 'fastify';
import { type ApiScope, type ApiTokenHolder, looksLikeApiToken, useApiToken } from '../../accounts/api-tokens.ts';
import type { Db } from '../../db/pool.ts';
import type { UserId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a personal API token has to be good for here; without it the route takes none. */
    scope?: ApiScope;
  }
}

export interface ToolCallers {
  /** Whoever the token acts for, where the route takes it. @throws BadInput `UNAUTHORIZED`, `FORBIDDEN` */
  holder(request: FastifyRequest): Promise<ApiTokenHolder>;
  /** The same, whatever the route takes. @throws BadInput `UNAUTHORIZED` */
  userIdOf(request: FastifyRequest): Promise<UserId>;
}

const LOGIN_COOKIE = /(?:^|;)\s*token(?:_beta)?\s*=/;

/**
 * Whether a request signs in with a personal API token. Somebody's browser never does so by itself: with a login
 * cookie it is that login's request, whatever else it carries.
 */
export function isToolCall({ headers }: FastifyRequest): boolean {
  return looksLikeApiToken(bearerOf(headers.authorization)) && !LOGIN_COOKIE.test(headers.cookie ?? '');
}

/** @throws BadInput `FORBIDDEN` for what only a person may do */
export function refuseTools(request: FastifyRequest): void {
  if (isToolCall(request)) throw new BadInput('FORBIDDEN', 'Personal API tokens are not accepted here');
}

export function toolCallers(db: Db, clock: Clock): ToolCallers {
  // Several steps of a request ask who is calling.
  const asked = new WeakMap<FastifyRequest, Promise<ApiTokenHolder>>();
  const identified = (request: FastifyRequest): Promise<ApiTokenHolder> => {
    const known = asked.get(request) ?? identify(db, bearerOf(request.headers.authorization), clock.now());
    asked.set(request, known);
    return known;
  };
  return {
    async holder(request) {
      const holder = await identified(request);
      const { scope } = request.routeOptions.config;
      if (scope === undefined) refuseTools(request);
      else requireScope(holder, scope);
      return holder;
    },
    userIdOf: async (request) => (await identified(request)).userId,
  };
}

async function identify(db: Db, token: string, now: Date): Promise<ApiTokenHolder> {
  const holder = await useApiToken(db, token, now);
  if (holder?.channelId) return holder;
  throw new BadInput('UNAUTHORIZED', 'This API token is not valid, or no longer');
}

function requireScope({ scopes }: ApiTokenHolder, scope: ApiScope): void {
  if (scopes.includes(scope)) return;
  throw new BadInput('FORBIDDEN', `This API token lacks the scope ${scope}`, { details: { missingScope: scope } });
}

function bearerOf(authorization: string | undefined): string {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]?.trim() ?? '';
}
