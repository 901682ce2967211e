/** Callers that are a streamer's own tools: who they act for, and on which routes (deny by default). */
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
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
  /**
   * Whose token it is, for limits: a token that was good before is not looked up again, so it may have been revoked.
   * @throws BadInput `UNAUTHORIZED`
   */
  userIdOf(request: FastifyRequest): Promise<UserId>;
  /** Whether `userIdOf` has to ask the database. */
  isUnknown(request: FastifyRequest): boolean;
  /** Looks a token up again that was good more than `KNOWN_MS` ago. @throws BadInput `UNAUTHORIZED` */
  refresh(request: FastifyRequest): Promise<void>;
}

const KNOWN_MAX = 10_000;
/** On routes that take no token, a revoked one is counted for its maker for so long. */
const KNOWN_MS = 10_000;

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
  if (isToolCall(request)) throw new BadInput('FORBIDDEN', 'This operation does not accept personal API tokens');
}

export function toolCallers(db: Db, clock: Clock): ToolCallers {
  // Several steps of a request ask who is calling.
  const asked = new WeakMap<FastifyRequest, Promise<ApiTokenHolder>>();
  /** Tokens that were good when they were last looked up, with their makers. */
  const makers = new LRUCache<string, { readonly userId: UserId; readonly askedAtMs: number }>({ max: KNOWN_MAX });
  const lookUp = async (token: string): Promise<ApiTokenHolder> => {
    const holder = await useApiToken(db, token, clock.now());
    if (!holder?.channelId) {
      // Whoever found a revoked token uses up the limit of their own address, not of its maker.
      makers.delete(token);
      throw new BadInput('UNAUTHORIZED', 'This API token does not exist, has expired or was revoked');
    }
    makers.set(token, { userId: holder.userId, askedAtMs: clock.monotonicMs() });
    return holder;
  };
  const identified = (request: FastifyRequest): Promise<ApiTokenHolder> => {
    const known = asked.get(request) ?? lookUp(tokenOf(request));
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
    userIdOf: async (request) => makers.get(tokenOf(request))?.userId ?? (await identified(request)).userId,
    isUnknown: (request) => !makers.has(tokenOf(request)),
    async refresh(request) {
      const known = makers.get(tokenOf(request));
      if (known === undefined || clock.monotonicMs() - known.askedAtMs >= KNOWN_MS) await identified(request);
    },
  };
}

function tokenOf({ headers }: FastifyRequest): string {
  return bearerOf(headers.authorization);
}

function requireScope({ scopes }: ApiTokenHolder, scope: ApiScope): void {
  if (scopes.includes(scope)) return;
  throw new BadInput('FORBIDDEN', `This API token lacks the scope ${scope}`, { details: { missingScope: scope } });
}

function bearerOf(authorization: string | undefined): string {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]?.trim() ?? '';
}
