/** Fields of a body that nobody knows: ignored as ever, and named in the answer, so that a typing error shows (docs/contract/http-api.md#transport). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** What a caller invents is repeated to a measure. */
const NAMED_MAX = 10;
const LONGEST_NAME = 64;

const warnings = z
  .array(z.string())
  .optional()
  .describe('Fields of the body that are unknown and were ignored. Absent when there are none.');

/** @returns a sentence for each field of the body that is none of these */
export function ignoredFields(body: unknown, known: (name: string) => boolean): string[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  const unknown = Object.keys(body).filter((name) => !known(name));
  return unknown
    .slice(0, NAMED_MAX)
    .map((name) => `The field ${name.slice(0, LONGEST_NAME)} is unknown and was ignored.`);
}

/** Belongs before the document is made and before any route: their answers get room for it. */
export function registerUnknownFields(app: FastifyInstance): void {
  const found = new WeakMap<FastifyRequest, string[]>();
  app.addHook('onRoute', (route) => {
    const { schema } = route;
    const body = schema?.body;
    if (!(body instanceof z.ZodObject) || schema?.hide === true) return;
    const known = new Set(Object.keys(body.shape));
    route.schema = { ...schema, response: withWarnings(schema?.response) };
    route.preValidation = [
      async (request: FastifyRequest) => {
        const ignored = ignoredFields(request.body, (name) => known.has(name));
        if (ignored.length > 0) found.set(request, ignored);
      },
      ...listOf(route.preValidation),
    ];
    route.preSerialization = [
      ...listOf(route.preSerialization),
      async (request: FastifyRequest, _reply: unknown, payload: unknown) => {
        const ignored = found.get(request);
        if (ignored === undefined || !isAnswer(payload) || 'errorCode' in payload) return payload;
        return { ...payload, warnings: [...(Array.isArray(payload.warnings) ? payload.warnings : []), ...ignored] };
      },
    ];
  });
}

function withWarnings(response: unknown): Record<string, unknown> {
  const answers = Object.entries(response ?? {}).map(([status, answer]) => {
    const lacks = answer instanceof z.ZodObject && !('warnings' in answer.shape);
    return [status, lacks ? answer.extend({ warnings }) : answer];
  });
  return Object.fromEntries(answers);
}

function listOf<T>(given: T | T[] | undefined): T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given];
}

function isAnswer(payload: unknown): payload is Readonly<Record<string, unknown>> {
  return typeof payload === 'object' && payload !== null;
}
