/** The OpenAPI document as a judge: which routes there are, and whether an answer has the shape it promises. */
import { z } from 'zod';
import type { Answer } from '../support/api-world.ts';
import type { Route } from './contract.ts';

interface Content {
  readonly schema: Parameters<typeof z.fromJSONSchema>[0];
}

interface Response {
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
}

export interface ApiDocument {
  readonly operations: ReadonlyMap<Route, Operation>;
  /** What is wrong with the answer; nothing when it is as documented. */
  findingsOn(route: Route, answer: Answer): readonly string[];
}

export function readDocument(json: { paths: Record<string, Record<string, Operation>> }): ApiDocument {
  const operations = new Map(
    Object.entries(json.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}` as Route, operation]),
    ),
  );
  const schemas = new Map<Content, z.ZodType>();
  const schemaOf = (content: Content) => {
    const known = schemas.get(content) ?? z.fromJSONSchema(content.schema);
    schemas.set(content, known);
    return known;
  };
  return {
    operations,
    findingsOn(route, { status, headers, text, json }) {
      const operation = operations.get(route);
      if (operation === undefined) return [`${route} is not in the document`];
      const response = operation.responses[status] ?? (status >= 400 ? operation.responses.default : undefined);
      if (response === undefined) return [`${route} promises no ${status}`];
      if (response.content === undefined) return text === '' ? [] : ['a body where none is documented'];
      const type = headers['content-type']?.split(';', 1)[0] ?? 'none';
      const content = response.content[type];
      if (content === undefined) return [`${type} is none of ${Object.keys(response.content)}`];
      const { error } = schemaOf(content).safeParse(type === 'application/json' ? json : text);
      return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
    },
  };
}

const envelope = z.looseObject({
  errorCode: z.string().regex(/^[A-Z_]+$/),
  error: z.string().min(1),
  requestId: z.string().min(1),
  details: z.looseObject({}).optional(),
});

/** What every failure has to look like, whoever asks (docs/contract/http-api.md#error-envelope). */
export function envelopeFindings({ status, headers, json }: Answer): readonly string[] {
  // Readiness is asked by machines that look at the status (docs/contract/http-api.md#operational-endpoints).
  if (status < 400 || json?.status === 'not_ready') return [];
  const { error, data } = envelope.safeParse(json);
  if (error) return error.issues.map(({ path, message }) => `envelope: ${path.join('.')}: ${message}`);
  return data.requestId === headers['x-request-id'] ? [] : ['requestId is not the one in X-Request-Id'];
}
