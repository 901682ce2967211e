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
    errorCode: z.string(),
    error: z.string(),
    requestId: z.string(),
    details: z.looseObject({}).optional(),
  })
  .describe('what went wrong; clients branch on `errorCode`, some errors carry further keys');

const TITLE = 'MemAlerts Bots';
const SECURED = [{ cookie: [] }, { bearer: [] }];

export async function registerOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: TITLE,
        version,
        description: 'Switches bots on, edits commands, queues messages and tells the fate of each.',
      },
      components: {
        securitySchemes: {
          cookie: { type: 'apiKey', in: 'cookie', name: 'token' },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          apiToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'a personal API token (`mab_…`); a route that takes one names the scope it needs',
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

/** What holds for every route is said once: the error envelope, and that streamers and owners sign in. */
function described(schema: RouteSchema, url: string, scope: ApiScope | undefined): RouteSchema {
  if (schema === undefined || schema === null || schema.hide) return schema;
  const answers = typeof schema.response === 'object' ? schema.response : {};
  return {
    ...schema,
    response: { ...answers, default: failure },
    ...(/^\/(streamer|owner)\//.test(url)
      ? { security: scope === undefined ? SECURED : [...SECURED, { apiToken: [scope] }] }
      : {}),
  };
}
