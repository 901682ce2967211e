/** Figures of this process for Prometheus. */
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

const LOOP_WATCH_MS = 250;
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
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode };
    durations.observe(labels, reply.elapsedTime / 1000);
  });
  app.addHook('onClose', async () => registry.clear());
  return registry;
}
