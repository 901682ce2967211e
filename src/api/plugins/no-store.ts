/** Keeps answers about people out of every cache: browsers and proxies may not store them. */
import type { FastifyInstance } from 'fastify';

const PRIVATE = /^\/(streamer|owner|auth)(\/|\?|$)/;

/** Register it before any plugin that may answer by itself, such as CORS. */
export function registerNoStore(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ routeOptions, url }, reply) => {
    // The route is asked as well: an address can spell the same path with percent signs.
    if (PRIVATE.test(url) || PRIVATE.test(routeOptions.url ?? '')) reply.header('cache-control', 'no-store');
  });
}
