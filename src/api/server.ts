/** Builds the HTTP server: plugins in the contract's order, then the routes of the core and of every platform. */
import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import Fastify, { type FastifyRequest } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { TrustedProxies } from '../config/trusted-proxies.ts';
import type { Api, ApiContext } from './context.ts';
import { type BodyLimits, registerBodies, registerRawBodies } from './plugins/body.ts';
import { boundedValidatorCompiler } from './plugins/bounds.ts';
import { type CallerRules, type Callers, registerCallers } from './plugins/callers.ts';
import { answerBrokenRequest, answerError, registerErrors } from './plugins/errors.ts';
import { type LimitRules, registerLearning, registerLimits } from './plugins/limits.ts';
import { registerMetrics } from './plugins/metrics.ts';
import { registerNoStore } from './plugins/no-store.ts';
import { registerOpenApi } from './plugins/openapi.ts';
import { type OriginRules, registerCors, registerOriginCheck } from './plugins/origins.ts';
import { trustOf } from './plugins/proxies.ts';
import { registerUnknownFields } from './plugins/unknown-fields.ts';
import { registerApiTokenRoutes } from './routes/api-tokens.ts';
import { registerOwnerAuditRoutes, registerStreamerAuditRoutes } from './routes/audit.ts';
import { registerAuthRoutes } from './routes/auth.ts';
import { registerMeRoutes } from './routes/auth-me.ts';
import type { AuthRules } from './routes/auth-rules.ts';
import { registerBotSenderRoutes } from './routes/bot-senders.ts';
import { registerBotRoutes } from './routes/bots.ts';
import { registerCapabilityRoutes } from './routes/capabilities.ts';
import { registerCommandRoutes } from './routes/commands.ts';
import { registerDiagnosticsRoutes } from './routes/diagnostics.ts';
import { registerEntitlementRoutes } from './routes/entitlements.ts';
import { registerEventRoutes } from './routes/events.ts';
import { type BuildFacts, registerHealthRoutes } from './routes/health.ts';
import { registerInternalCreditsRoutes } from './routes/internal-credits.ts';
import { registerInternalDiagnosticsRoutes } from './routes/internal-diagnostics.ts';
import { registerOutboxHistoryRoutes } from './routes/outbox-history.ts';
import { type OverlayRules, registerOverlayRoutes } from './routes/overlay.ts';
import { registerOwnerBotRoutes } from './routes/owner-bots.ts';
import { registerOwnerDiagnosticsRoutes } from './routes/owner-diagnostics.ts';
import { registerOwnerUserRoutes } from './routes/owner-users.ts';
import { registerPages } from './routes/pages.ts';
import { registerSayRoutes, type SayRules } from './routes/say.ts';
import { registerStreamDurationRoutes } from './routes/stream-duration.ts';
import { registerStreamerCreditsRoutes } from './routes/streamer-credits.ts';

export interface ServerRules {
  readonly origins: OriginRules;
  readonly callers: CallerRules;
  readonly limits: LimitRules;
  /** Null: one on this machine or a private network. */
  readonly proxies: TrustedProxies | null;
  readonly bodies: BodyLimits;
  readonly say: SayRules;
  readonly auth: AuthRules;
  readonly credits: OverlayRules & { readonly relaySecret: string | null; readonly overlayBaseUrl: string | null };
  readonly build: BuildFacts;
}

/** Requests that take longer are answered 408 (docs/contract/http-api.md#transport). */
const REQUEST_TIMEOUT_MS = 5 * 60 * 1000;
const ANSWERS_ARE_NO_PAGES = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** An overlay's address carries a whole token. */
const LONGEST_PATH_PART = 2048;

/**
 * @param connect gets the callers and returns the context the routes run in: platforms need callers, routes need platforms
 */
export async function buildServer(
  rules: ServerRules,
  { clock, log }: Pick<ApiContext, 'clock' | 'log'>,
  connect: (callers: Callers) => ApiContext,
): Promise<{ app: Api; context: ApiContext }> {
  const app = Fastify({
    trustProxy: trustOf(rules.proxies),
    requestTimeout: REQUEST_TIMEOUT_MS,
    handlerTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: LONGEST_PATH_PART },
    // A request that was on its way when the stop began is answered like any other.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => answerError(error, request as FastifyRequest, reply, log),
    genReqId: (request) => {
      const given = request.headers['x-request-id'] ?? request.headers['x-correlation-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(boundedValidatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
  });

  registerNoStore(app);
  letGoOnClose(app);
  registerErrors(app, log);
  const metrics = registerMetrics(app);
  await app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: ANSWERS_ARE_NO_PAGES } });
  // Whatever refuses comes before what costs: limit, origin, login, and only then the body.
  await registerCors(app, rules.origins);
  const callers = await registerCallers(app, rules.callers, { clock, log });
  await registerLimits(app, rules.limits, { callers, clock });
  registerOriginCheck(app, rules.origins);
  registerLearning(app, rules.limits, callers);
  registerBodies(app, rules.bodies);
  registerUnknownFields(app);
  await registerOpenApi(app, rules.build.version ?? '0');

  const context = connect(callers);
  await app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypeProvider>();
    registerHealthRoutes(api, context, rules.build, metrics);
    registerCapabilityRoutes(api, context);
    registerAuthRoutes(api, context, rules.auth);
    registerPages(api, context);
    registerMeRoutes(api, context);
    registerOverlayRoutes(api, context, rules.credits);
    const { relaySecret } = rules.credits;
    await api.register(async (plain) => {
      // Who sent it is proven over the bytes as they came; to everybody else nothing in them counts.
      registerRawBodies(plain, rules.bodies);
      registerInternalCreditsRoutes(plain.withTypeProvider(), context, relaySecret);
      registerInternalDiagnosticsRoutes(plain.withTypeProvider(), context, relaySecret, rules.build.version);
      for (const { side } of context.platforms) side.webhooks?.(plain);
    });
    await api.register(async (plain) => registerStreamerRoutes(plain.withTypeProvider(), context, rules));
    await api.register(async (plain) => registerOwnerRoutes(plain.withTypeProvider(), context, rules));
  });
  return { app, context };
}

/**
 * Connections that are idle when the stop begins are closed by Fastify; one that was in use would keep the process for
 * as long as its client likes.
 */
function letGoOnClose(app: Api): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onResponse', async () => {
    if (isClosing) setImmediate(() => app.server.closeIdleConnections());
  });
}

/** What a platform adds is registered here too: most of it belongs to a streamer. */
function registerStreamerRoutes(api: Api, context: ApiContext, rules: ServerRules): void {
  // Who asks is settled before what they ask is read (docs/contract/http-api.md#order-of-checks).
  api.addHook('onRequest', async (request) => {
    // By the route, not by the address, which can be written in many ways.
    if (request.routeOptions.url?.startsWith('/streamer/')) await context.callers.streamer(request);
  });
  for (const { side } of context.platforms) side.routes?.(api);
  registerBotRoutes(api, context);
  registerDiagnosticsRoutes(api, context);
  registerBotSenderRoutes(api, context, rules.auth);
  registerCommandRoutes(api, context);
  registerSayRoutes(api, context, rules.say);
  registerOutboxHistoryRoutes(api, context);
  registerEventRoutes(api, context);
  registerStreamerAuditRoutes(api, context);
  registerApiTokenRoutes(api, context);
  registerStreamDurationRoutes(api, context);
  registerStreamerCreditsRoutes(api, context, { ...rules.credits, styleBytes: rules.bodies.large });
}

function registerOwnerRoutes(api: Api, context: ApiContext, rules: ServerRules): void {
  api.addHook('onRequest', async (request) => void (await context.callers.owner(request)));
  registerOwnerAuditRoutes(api, context);
  registerOwnerDiagnosticsRoutes(api, context);
  registerOwnerBotRoutes(api, context, rules.auth);
  registerOwnerUserRoutes(api, context);
  registerEntitlementRoutes(api, context, rules.limits);
}
