/** The OpenAPI 3.1 document, generated from the routes' schemas, and a page to read it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiScope } from '../../accounts/api-tokens.ts';

/** Everything the page needs is served by us: it works without the internet. */
const DOCS_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const failure = z
  .looseObject({
    errorCode: z.string().describe('Code of the error. Programs should decide by this code.'),
    error: z.string().describe('Explanation of the error in English.'),
    requestId: z.string().describe('Id of the request. It is also in the header `X-Request-Id` and in the log.'),
    details: z
      .looseObject({})
      .optional()
      .describe('Further facts, such as `field` (what is wrong) or `hint` (what helps).'),
  })
  .describe('The request failed. Some errors have further keys.');

const TITLE = 'MemAlerts Bots';
const SECURED = [{ cookie: [] }, { bearer: [] }];

export async function registerOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: TITLE,
        version,
        description:
          'Control the chat bots of a channel: enable them, edit commands, queue messages and follow their delivery.',
      },
      components: {
        securitySchemes: {
          cookie: { type: 'apiKey', in: 'cookie', name: 'token', description: 'The login cookie of a browser.' },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A login token.' },
          apiToken: {
            type: 'http',
            scheme: 'bearer',
            description:
              'A personal API token (`mab_…`). Every operation that accepts one names the scope that it needs.',
          },
        },
      },
    },
    transform: (route) =>
      jsonSchemaTransform({ ...route, schema: described(route.schema, route.url, route.route.config?.scope) }),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    theme: { title: `${TITLE} API` },
    // Without the bar that offers to read other documents.
    uiConfig: { layout: 'BaseLayout' },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

type RouteSchema = Parameters<typeof jsonSchemaTransform>[0]['schema'];

/** For answers about which a route has nothing special to say. */
const ANSWERS: Readonly<Record<string, string>> = {
  200: 'The request succeeded.',
  201: 'The resource was created.',
  503: 'The process is not ready.',
};

function named(answer: unknown, status: string): unknown {
  const text = ANSWERS[status];
  return answer instanceof z.ZodType && answer.description === undefined && text !== undefined
    ? answer.describe(text)
    : answer;
}

/** What holds for every route is said once: the error envelope, and that streamers and owners sign in. */
function described(schema: RouteSchema, url: string, scope: ApiScope | undefined): RouteSchema {
  if (schema === undefined || schema === null || schema.hide) return schema;
  const answers = Object.entries(schema.response ?? {}).map(([status, answer]) => [status, named(answer, status)]);
  return {
    ...schema,
    response: { ...Object.fromEntries(answers), default: failure },
    ...(/^\/(streamer|owner)\//.test(url)
      ? { security: scope === undefined ? SECURED : [...SECURED, { apiToken: [scope] }] }
      : {}),
  };
}
