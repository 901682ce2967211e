/** Turns whatever a handler throws into the error envelope (http-api §1.2). */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isMissingSchema, isUnavailable, isUnstorableText } from '../../db/pool.ts';
import { BadInput, PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { codeOfStatus, describeCode } from '../error-codes.ts';

interface Failure {
  readonly code: string;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly extras?: Readonly<Record<string, unknown>>;
}

export function registerErrors(app: FastifyInstance, log: Logger): void {
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
  if (describeCode(failure.code).status >= 500) {
    log.error('api.request_failed', {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      errorCode: failure.code,
      error,
    });
  }
  return sendFailure(request, reply, failure);
}

function sendFailure(request: FastifyRequest, reply: FastifyReply, failure: Failure): FastifyReply {
  const known = describeCode(failure.code);
  const details = known.hint === undefined ? failure.details : { hint: known.hint, ...failure.details };
  return reply
    .code(known.status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({
      ...failure.extras,
      errorCode: failure.code,
      error: failure.message || known.message,
      requestId: request.id,
      ...(details === undefined ? {} : { details }),
    });
}

function classify(error: FastifyError): Failure {
  if (error instanceof BadInput) return withoutUndefined(error);
  if (error instanceof PlatformUnreachable || error instanceof PlatformRefused) return { code: 'UPSTREAM_UNAVAILABLE' };
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT') return { code: 'TIMEOUT' };
  if (isMissingSchema(error)) return { code: 'FEATURE_NOT_AVAILABLE' };
  if (isUnstorableText(error))
    return { code: 'BAD_REQUEST', message: 'The text has a character that cannot be stored' };
  if (isUnavailable(error)) return { code: 'DATABASE_UNAVAILABLE' };
  if (hasZodFastifySchemaValidationErrors(error)) return invalidField(error);
  if (error.statusCode !== undefined && error.statusCode < 500) return { code: codeOfStatus(error.statusCode) };
  return { code: 'INTERNAL_ERROR' };
}

/** The first field that is wrong, and what would be right: one sentence a client can show. */
function invalidField(error: FastifyError): Failure {
  const issue = error.validation?.[0];
  const field = issue?.instancePath.split('/').filter(Boolean).join('.') ?? '';
  const sentence = issue?.message ?? 'is not valid';
  return {
    code: 'BAD_REQUEST',
    message: field === '' ? sentence : `${field}: ${sentence}`,
    ...(field === '' ? {} : { details: { field } }),
  };
}

function withoutUndefined(error: BadInput): Failure {
  return {
    code: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.extras === undefined ? {} : { extras: error.extras }),
  };
}
