/** Bodies of requests: how large one may be, and which are read before a handler wants them. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readJsonBody, readText } from '../../lib/json-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as received, for signatures over raw bytes; empty when there was none. */
    rawBody: Buffer;
  }
}

const NO_BYTES = Buffer.alloc(0);

/** Longest bodies, in bytes. */
export interface BodyLimits {
  /** For webhooks, the relay and the few routes that ask for it. */
  readonly large: number;
  /** For all other routes. */
  readonly usual: number;
  readonly form: number;
}

/** JSON and form bodies of at most the usual size; a route may set a `bodyLimit` of its own. */
export function registerBodies(app: FastifyInstance, limits: BodyLimits): void {
  app.decorateRequest('rawBody');
  app.addHook('onRequest', async (request) => {
    request.rawBody = NO_BYTES;
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    /^application\/(.+\+)?json/i,
    { parseAs: 'buffer', bodyLimit: limits.usual },
    async (_request: FastifyRequest, body: Buffer) => readJsonBody(body),
  );
  app.addContentTypeParser<Buffer>(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: limits.form },
    async (_request: FastifyRequest, body: Buffer) => Object.fromEntries(new URLSearchParams(readText(body))),
  );
  // Anything else is no body we understand; the handler's schema names the field that is missing.
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer', bodyLimit: limits.usual }, async () => undefined);
}

/**
 * For routes that must not look at a body before they know who sent it: the bytes are kept, `readJsonBody` comes later.
 *
 * @param scope a plugin's own
 */
export function registerRawBodies(scope: FastifyInstance, { large }: BodyLimits): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>(
    '*',
    { parseAs: 'buffer', bodyLimit: large },
    async (request: FastifyRequest, body: Buffer) => {
      request.rawBody = body;
      return undefined;
    },
  );
}
