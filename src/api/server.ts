/** Builds the HTTP server: plugins in the contract's order, then the routes of the core and of every platform. */

import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api, ApiContext } from './context.ts';
import { type BodyLimits, registerBodies } from './plugins/body.ts';
import type { Callers } from './plugins/callers.ts';
import { type CallerRules, registerCallers } from './plugins/callers.ts';
import { registerErrors } from './plugins/errors.ts';
import { type LimitRules, registerLimits } from './plugins/limits.ts';
import { registerOpenApi } from './plugins/openapi.ts';
import { type OriginRules, registerOrigins } from './plugins/origins.ts';
import { registerBotRoutes } from './routes/bots.ts';
import { registerCommandRoutes } from './routes/commands.ts';
import { type BuildFacts, registerHealthRoutes } from './routes/health.ts';
import { registerSayRoutes, type SayRules } from './routes/say.ts';
import { registerStreamDurationRoutes } from './routes/stream-duration.ts';

export interface ServerRules {
  readonly origins: OriginRules;
  readonly callers: CallerRules;
  readonly limits: LimitRules;
  readonly bodies: BodyLimits;
  readonly say: SayRules;
  readonly build: BuildFacts;
}

/** Requests that take longer are answered 408 (http-api §1.1). */
const REQUEST_TIMEOUT_MS = 5 * 60 * 1000;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * @param connect gets the callers and returns the context the routes run in: platforms need callers, routes need platforms
 */
export async function buildServer(
  rules: ServerRules,
  log: ApiContext['log'],
  connect: (callers: Callers) => ApiContext,
): Promise<{ app: Api; context: ApiContext }> {
  const app = Fastify({
    // A forwarded address counts only when a proxy on this host or network wrote it: anybody else could be lying.
    trustProxy: ['loopback', 'linklocal', 'uniquelocal'],
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: Math.max(rules.bodies.jsonBytes, rules.bodies.formBytes),
    genReqId: (request) => {
      const given = request.headers['x-request-id'] ?? request.headers['x-correlation-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
  });

  registerErrors(app, log);
  await app.register(helmet, { contentSecurityPolicy: false });
  await registerOrigins(app, rules.origins);
  registerBodies(app, rules.bodies);
  const callers = await registerCallers(app, rules.callers);
  await registerLimits(app, rules.limits, callers);
  await registerOpenApi(app, rules.build.version ?? '0');

  const context = connect(callers);
  await app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypeProvider>();
    registerHealthRoutes(api, context, rules.build);
    for (const { side } of context.platforms) side.routes?.(api);
    registerBotRoutes(api, context);
    registerCommandRoutes(api, context);
    registerSayRoutes(api, context, rules.say);
    registerStreamDurationRoutes(api, context);
  });
  return { app, context };
}
