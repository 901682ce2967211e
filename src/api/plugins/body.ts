/** JSON and form bodies with their exact bytes kept: both webhook signatures cover raw bytes (http-api §1.1). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadInput } from '../../lib/errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as received; empty when there was none. */
    rawBody: Buffer;
  }
}

const NO_BYTES = Buffer.alloc(0);

export interface BodyLimits {
  readonly jsonBytes: number;
  readonly formBytes: number;
}

export function registerBodies(app: FastifyInstance, limits: BodyLimits): void {
  app.decorateRequest('rawBody');
  app.addHook('onRequest', async (request) => {
    request.rawBody = NO_BYTES;
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    /^application\/(.+\+)?json/i,
    { parseAs: 'buffer', bodyLimit: limits.jsonBytes },
    async (request: FastifyRequest, body: Buffer) => {
      request.rawBody = body;
      return parseJson(body);
    },
  );
  app.addContentTypeParser<Buffer>(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: limits.formBytes },
    async (request: FastifyRequest, body: Buffer) => {
      request.rawBody = body;
      return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
    },
  );
  // Anything else is no body we understand; the handler's schema names the field that is missing.
  app.addContentTypeParser<Buffer>(
    '*',
    { parseAs: 'buffer', bodyLimit: limits.jsonBytes },
    async (request: FastifyRequest, body: Buffer) => {
      request.rawBody = body;
      return undefined;
    },
  );
}

/**
 * For routes that must not look at a body before they know who sent it: the bytes are kept, `parseJson` comes later.
 *
 * @param scope a plugin's own
 */
export function registerRawBodies(scope: FastifyInstance, bodyLimit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>(
    '*',
    { parseAs: 'buffer', bodyLimit },
    async (request: FastifyRequest, body: Buffer) => {
      request.rawBody = body;
      return undefined;
    },
  );
}

/** @throws BadInput when it is no JSON; nothing at all is no body */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'), harmless);
  } catch {
    throw new BadInput('BAD_REQUEST', 'The body is not valid JSON');
  }
}

/**
 * Keys that could reach an object's prototype are dropped, wherever a handler may merge the body. Halves of surrogate
 * pairs, which no column and no platform takes, become the replacement character.
 */
function harmless(key: string, value: unknown): unknown {
  if (key === '__proto__' || key === 'constructor') return undefined;
  return typeof value === 'string' ? value.toWellFormed() : value;
}
