/** Figures of this process for Prometheus. */
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { codeAnswered } from './errors.ts';
import { isToolCall } from './tool-callers.ts';

const LOOP_WATCH_MS = 250;
/** Not signed in, not allowed or from a foreign page, too often. */
const REFUSALS = new Set([401, 403, 429]);
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export function registerMetrics(app: FastifyInstance): Registry {
  const registry = new Registry();
  // Every 10 ms, its default, the watch over the event loop alone would cost an idle process 1 % of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_WATCH_MS });
  const durations = new Histogram({
    name: 'memalerts_api_request_seconds',
    help: 'Answered requests by route and status',
    // The route's pattern, never the address: ids and tokens would be labels for ever.
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'memalerts_api_refused_requests_total',
    help: 'Requests that were refused for who asked, from where or how often, by error code',
    labelNames: ['status', 'code'],
    registers: [registry],
  });
  const toolCalls = new Counter({
    name: 'memalerts_api_tool_requests_total',
    help: 'Requests with a personal API token by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode: status } = reply;
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status };
    durations.observe(labels, reply.elapsedTime / 1000);
    if (isToolCall(request)) toolCalls.inc(labels);
    if (REFUSALS.has(status)) refusals.inc({ status, code: codeAnswered(request) ?? 'none' });
  });
  app.addHook('onClose', async () => registry.clear());
  return registry;
}
