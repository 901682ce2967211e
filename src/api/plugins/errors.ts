/** Turns whatever a handler throws into the error envelope (docs/contract/http-api.md#error-envelope). */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { goneParent, isMissingSchema, isUnavailable, isUnstorableText } from '../../db/failures.ts';
import { BadInput, PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Language } from '../../platforms/causes/cause.ts';
import { codeOfStatus, describeCode, hintOf } from '../error-codes.ts';
import { languageOf } from '../language.ts';
import { fieldError, nameFieldErrors } from './field-errors.ts';

interface Failure {
  readonly code: string;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly extras?: Readonly<Record<string, unknown>>;
  /** The code whose hint helps, where it is another. */
  readonly hintOf?: string;
}

export function registerErrors(app: FastifyInstance, log: Logger): void {
  nameFieldErrors();
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => sendFailure(request, reply, { code: 'NOT_FOUND' }));
}

export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const failure = classify(error);
  const { status } = describeCode(failure.code);
  if (status >= 500) {
    // Everything above 500 is foreseen: a missing bot account, a platform or a database that is down.
    log[status === 500 ? 'error' : 'warn']('api.request_failed', {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      errorCode: failure.code,
      error,
    });
  }
  return sendFailure(request, reply, failure);
}

/** For what never becomes a request: malformed, with endless headers, or not sent to its end in time. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const failure = { code: error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'TIMEOUT' : 'BAD_REQUEST' };
  const requestId = randomUUID();
  const body = JSON.stringify(envelope(failure, requestId, 'en'));
  const { status } = describeCode(failure.code);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

const codesAnswered = new WeakMap<FastifyRequest, string>();

/** The code a request was refused with, once it was. */
export function codeAnswered(request: FastifyRequest): string | undefined {
  return codesAnswered.get(request);
}

function sendFailure(request: FastifyRequest, reply: FastifyReply, failure: Failure): FastifyReply {
  codesAnswered.set(request, failure.code);
  return (
    reply
      .code(describeCode(failure.code).status)
      .header('content-type', 'application/json; charset=utf-8')
      // Also for a request that is refused before any hook runs, such as one with a malformed address.
      .header('cache-control', 'no-store')
      .serializer((body: unknown) => JSON.stringify(body))
      .send(envelope(failure, request.id, languageOf(request)))
  );
}

function envelope(failure: Failure, requestId: string, language: Language): Record<string, unknown> {
  const known = describeCode(failure.code);
  const hint = hintOf(failure.hintOf ?? failure.code, language);
  const details = hint === null ? failure.details : { hint, ...failure.details };
  return {
    ...failure.extras,
    errorCode: failure.code,
    error: failure.message || known.message,
    requestId,
    ...(details === undefined ? {} : { details }),
  };
}

function classify(error: FastifyError): Failure {
  if (error instanceof BadInput) return withoutUndefined(error);
  if (error instanceof PlatformUnreachable || error instanceof PlatformRefused) return { code: 'UPSTREAM_UNAVAILABLE' };
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT') return { code: 'TIMEOUT' };
  if (isMissingSchema(error)) return { code: 'FEATURE_NOT_AVAILABLE' };
  if (isUnstorableText(error))
    return { code: 'BAD_REQUEST', message: 'The text contains a character that cannot be stored' };
  if (isUnavailable(error)) return { code: 'DATABASE_UNAVAILABLE' };
  // Rights are remembered for some seconds, and what they were rights to may have been deleted since.
  const gone = goneParent(error);
  if (gone !== null)
    return gone === 'channel' ? { code: 'CHANNEL_NOT_FOUND' } : { code: 'UNAUTHORIZED', message: 'Invalid token' };
  if (hasZodFastifySchemaValidationErrors(error)) return invalidField(error);
  if (error.statusCode !== undefined && error.statusCode < 500) return { code: codeOfStatus(error.statusCode) };
  return { code: 'INTERNAL_ERROR' };
}

const WHOLE: Readonly<Record<string, string>> = { body: 'The request body', querystring: 'The query' };

/** The first field that is wrong, and what would be right: one sentence a client can show. */
function invalidField(error: FastifyError): Failure {
  const issue = error.validation?.[0];
  const field = issue?.instancePath.split('/').filter(Boolean).join('.') ?? '';
  const predicate = issue?.message ?? 'has an invalid format';
  const subject = field === '' ? (WHOLE[error.validationContext ?? 'body'] ?? 'The request') : field;
  return {
    code: 'BAD_REQUEST',
    message: fieldError(subject, predicate),
    ...(field === '' ? {} : { details: { field } }),
  };
}

function withoutUndefined(error: BadInput): Failure {
  return {
    code: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.extras === undefined ? {} : { extras: error.extras }),
    ...(error.hintOf === undefined ? {} : { hintOf: error.hintOf }),
  };
}
