/** Request limits: per user when signed in, per address otherwise; some routes are exempt. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BadInput } from '../../lib/errors.ts';
import type { Callers } from './callers.ts';

export interface LimitRules {
  /** 0 switches a limit off. */
  readonly userPerMinute: number;
  readonly anonymousPer15Minutes: number;
  readonly exemptAddresses: readonly string[];
}

const EXEMPT = /^\/(internal|webhooks|health|healthz|ready|readyz|metrics|overlay|docs|openapi\.json|assets)(\/|$|\?)/;

type Check = ReturnType<FastifyInstance['createRateLimit']>;

export async function registerLimits(app: FastifyInstance, rules: LimitRules, callers: Callers): Promise<void> {
  await app.register(rateLimit, { global: false });
  const perUser = limiter(app, rules.userPerMinute, 60, async (request) => `user:${await callers.userIdOf(request)}`);
  const perAddress = limiter(app, rules.anonymousPer15Minutes, 900, (request) => `ip:${request.ip}`);
  const lookUpsPerAddress = limiter(app, rules.anonymousPer15Minutes, 900, (request) => `look-up:${request.ip}`);

  // Before the body is read: whoever is over the limit must not cost more than this.
  app.addHook('onRequest', async (request, reply) => {
    if (EXEMPT.test(request.url) || rules.exemptAddresses.includes(request.ip)) return;
    // Whose token it is only the database can say. Without a bound of their own, made-up tokens would ask it each time.
    if (callers.isUnknownTool(request)) await lookUpsPerAddress(request, reply);
    const isSignedIn = (await callers.userIdOf(request)) !== null;
    await (isSignedIn ? perUser : perAddress)(request, reply);
  });
}

/** A limit of its own for one route, e.g. per channel and provider. */
export function limiter(
  app: FastifyInstance,
  max: number,
  windowSeconds: number,
  keyGenerator: (request: FastifyRequest) => string | Promise<string>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  if (max === 0) return async () => undefined;
  const check: Check = app.createRateLimit({ max, timeWindow: windowSeconds * 1000, keyGenerator });
  return async (request, reply) => {
    const result = await check(request);
    if (result.isAllowed) return;
    reply.headers({
      'RateLimit-Limit': result.max,
      'RateLimit-Remaining': result.remaining,
      'RateLimit-Reset': result.ttlInSeconds,
      'RateLimit-Policy': `${result.max};w=${windowSeconds}`,
    });
    if (!result.isExceeded) return;
    reply.header('Retry-After', result.ttlInSeconds);
    throw new BadInput('RATE_LIMITED');
  };
}
