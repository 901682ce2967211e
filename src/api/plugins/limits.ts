/** Request limits: per user when signed in, per address otherwise; some routes are exempt. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Callers } from './callers.ts';
import { limitKeyOf, plainAddress } from './proxies.ts';

export interface LimitRules {
  /** 0 switches a limit off. */
  readonly userPerMinute: number;
  readonly anonymousPer15Minutes: number;
  readonly exemptAddresses: ReadonlySet<string>;
}

/** Whoever comes back after so many others begins anew: more than anybody who wants to be forgotten calls from. */
const CALLERS_MAX = 100_000;

const EXEMPT = /^\/(internal|webhooks|health|healthz|ready|readyz|metrics|overlay|docs|openapi\.json|assets)(\/|$|\?)/;

type Check = ReturnType<FastifyInstance['createRateLimit']>;

const ANONYMOUS_WINDOW_SECONDS = 900;

export async function registerLimits(
  app: FastifyInstance,
  rules: LimitRules,
  { callers, clock }: { readonly callers: Callers; readonly clock: Clock },
): Promise<void> {
  await app.register(rateLimit, { global: false });
  const perUser = limiter(app, rules.userPerMinute, 60, async (request) => `user:${await callers.userIdOf(request)}`);
  const perAddress = limiter(
    app,
    rules.anonymousPer15Minutes,
    ANONYMOUS_WINDOW_SECONDS,
    (request) => `ip:${limitKeyOf(request.ip)}`,
  );
  const lookUp = toolLookUps(rules.anonymousPer15Minutes, callers, clock);

  // Before the body is read: whoever is over the limit must not cost more than this.
  app.addHook('onRequest', async (request, reply) => {
    if (isExempt(rules, request)) return;
    // Whose token it is only the database can say. Without a bound of their own, made-up tokens would ask it each time.
    if (callers.isUnknownTool(request)) await lookUp(request, reply);
    const isSignedIn = (await callers.userIdOf(request)) !== null;
    await (isSignedIn ? perUser : perAddress)(request, reply);
  });
}

/** Belongs after everything that refuses without the database: see `Callers.learnStanding`. */
export function registerLearning(app: FastifyInstance, rules: LimitRules, callers: Callers): void {
  if (rules.userPerMinute === 0) return;
  app.addHook('onRequest', async (request) => {
    if (!isExempt(rules, request)) await callers.learnStanding(request);
  });
}

function isExempt({ exemptAddresses }: LimitRules, { url, ip }: FastifyRequest): boolean {
  return EXEMPT.test(url) || exemptAddresses.has(plainAddress(ip));
}

interface LookUps {
  misses: number;
  readonly running: Set<Promise<void>>;
}

/**
 * Looks up tokens that were not met before. Only those that the database does not know use up the bound of their
 * address; requests beyond what is left of it wait for the look-ups in work.
 */
function toolLookUps(max: number, callers: Callers, clock: Clock) {
  // Zero is no time of day to the cache: it would keep what is stored then for ever.
  const perf = { now: () => clock.monotonicMs() + 1 };
  const byAddress = new LRUCache<string, LookUps>({
    max: CALLERS_MAX,
    ttl: ANONYMOUS_WINDOW_SECONDS * 1000,
    ttlResolution: 0,
    perf,
  });
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const address = limitKeyOf(request.ip);
    const known = byAddress.get(address);
    const ofAddress: LookUps = known ?? { misses: 0, running: new Set() };
    if (known === undefined) byAddress.set(address, ofAddress);
    const { running } = ofAddress;
    while (max > 0 && running.size > 0 && ofAddress.misses + running.size >= max) await Promise.race(running);
    if (max > 0 && ofAddress.misses >= max) {
      const ttlInSeconds = Math.ceil(byAddress.getRemainingTTL(address) / 1000);
      refuse(reply, { max, remaining: 0, ttlInSeconds, windowSeconds: ANONYMOUS_WINDOW_SECONDS });
    }
    const asking = callers.isWorthlessTool(request).then((isWorthless) => {
      if (isWorthless) ofAddress.misses += 1;
    });
    const done = asking.then(undefined, () => undefined).finally(() => running.delete(done));
    running.add(done);
    await asking;
  };
}

/** A limit of its own for one route, e.g. per channel and provider. */
export function limiter(
  app: FastifyInstance,
  max: number,
  windowSeconds: number,
  keyGenerator: (request: FastifyRequest) => string | Promise<string>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  if (max === 0) return async () => undefined;
  // `cache` is how many keys it remembers; its types know the option of the plugin alone.
  const options = { max, timeWindow: windowSeconds * 1000, keyGenerator, cache: CALLERS_MAX };
  const check: Check = app.createRateLimit(options);
  return async (request, reply) => {
    const result = await check(request);
    if (result.isAllowed) return;
    const { max, remaining, ttlInSeconds } = result;
    if (result.isExceeded) refuse(reply, { max, remaining, ttlInSeconds, windowSeconds });
    reply.headers(headersOf({ max, remaining, ttlInSeconds, windowSeconds }));
  };
}

export interface LimitState {
  readonly max: number;
  readonly remaining: number;
  readonly ttlInSeconds: number;
  readonly windowSeconds: number;
}

export function headersOf({ max, remaining, ttlInSeconds, windowSeconds }: LimitState) {
  return {
    'RateLimit-Limit': max,
    'RateLimit-Remaining': remaining,
    'RateLimit-Reset': ttlInSeconds,
    'RateLimit-Policy': `${max};w=${windowSeconds}`,
  };
}

/** @throws BadInput `RATE_LIMITED` */
export function refuse(reply: FastifyReply, state: LimitState): never {
  reply.headers({ ...headersOf(state), 'Retry-After': state.ttlInSeconds });
  throw new BadInput('RATE_LIMITED');
}
