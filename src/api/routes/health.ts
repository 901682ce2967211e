/** Operational endpoints: alive, ready, metrics (docs/contract/http-api.md#operational-endpoints). */
import { sql } from 'kysely';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { isMissingSchema } from '../../db/failures.ts';
import { INSTALLATION } from '../../engine/diagnosis/fact.ts';
import { wordsOf } from '../../engine/diagnosis/present.ts';
import { BadInput } from '../../lib/errors.ts';
import { isLocalCall } from '../../lib/loopback.ts';
import type { CauseCode, Language } from '../../platforms/causes/cause.ts';
import type { Api, ApiContext } from '../context.ts';
import { answerOf } from '../fields.ts';
import { languageOf } from '../language.ts';

export interface BuildFacts {
  readonly name: string | null;
  readonly version: string | null;
  readonly port: string | null;
  readonly domain: string | null;
  readonly instance: string | null;
}

const nullableText = z.string().nullable();
const healthAnswer = z.object({
  status: z.literal('ok'),
  build: z
    .object({ name: nullableText, version: nullableText, deployTrigger: nullableText.describe('Always null.') })
    .describe('Name and version of the installed package.'),
  instance: z
    .object({ port: nullableText, domain: nullableText, instance: nullableText })
    .describe('Values of the variables `PORT`, `DOMAIN` and `INSTANCE`.'),
});
const readyAnswer = z.object({
  status: z.enum(['ready', 'not_ready']),
  reasons: z.array(z.string()).readonly().describe('Codes of what keeps the process from being ready.'),
  reason: z.string().optional().describe('Explanation of the first code in `reasons`.'),
  warnings: z
    .array(z.string())
    .readonly()
    .describe('Codes of what an operator should look at. Warnings do not change the status.'),
});

export function registerHealthRoutes(
  app: Api,
  { db, log, state }: ApiContext,
  build: BuildFacts,
  metrics: Registry,
): void {
  const tags = ['operations'];

  const alive = async () => ({
    status: 'ok' as const,
    build: { name: build.name, version: build.version, deployTrigger: null },
    instance: { port: build.port, domain: build.domain, instance: build.instance },
  });
  app.get(
    '/health',
    { schema: { tags, summary: 'Check that the process answers', response: { 200: healthAnswer } } },
    alive,
  );
  const again = 'Check that the process answers (same as GET /health)';
  app.get('/healthz', { schema: { tags, summary: again, response: { 200: healthAnswer } } }, alive);

  for (const [path, addition] of [
    ['/ready', ''],
    ['/readyz', ' (same as GET /ready)'],
  ] as const) {
    app.get(
      path,
      {
        schema: {
          tags,
          summary: `Check that the process is ready to serve requests${addition}`,
          description: 'The process is ready when its database can be reached and written to and has all tables.',
          response: { 200: readyAnswer, 503: readyAnswer },
        },
      },
      async (request, reply) => {
        const { warnings, reasons: known } = state();
        const found = await databaseTrouble({ db, log });
        const reasons = [...new Set([...known, ...(found === null ? [] : [found])])];
        const [first] = reasons;
        if (first === undefined) return { status: 'ready' as const, reasons, warnings };
        return reply
          .code(503)
          .send({ status: 'not_ready' as const, reasons, reason: sentence(first, languageOf(request)), warnings });
      },
    );
  }

  const summary = 'Read the metrics of the process';
  const description = 'Only callers on the machine of the API get the metrics. All others get 404.';
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary,
        description,
        response: { 200: answerOf('text/plain', 'Metrics in the text format of Prometheus.') },
      },
    },
    async (request, reply) => {
      if (!isLocalCall(request)) throw new BadInput('NOT_FOUND');
      return reply
        .header('content-type', metrics.contentType)
        .serializer((text: string) => text)
        .send(await metrics.metrics());
    },
  );
}

/** Asks the database. @returns a code of `/readyz`, or null when the tables are there and can be written */
export async function databaseTrouble({ db, log }: Pick<ApiContext, 'db' | 'log'>): Promise<CauseCode | null> {
  try {
    const { rows } = await sql<{ isReadOnly: boolean }>`
      select current_setting('transaction_read_only') = 'on' as "isReadOnly", exists (select from "BotIntegrationSettings")
    `.execute(db);
    return rows[0]?.isReadOnly === true ? 'cannot_write' : null;
  } catch (error) {
    log.debug('api.not_ready', { error });
    return isMissingSchema(error) ? 'schema_missing' : 'database_unavailable';
  }
}

function sentence(cause: CauseCode, language: Language): string {
  return wordsOf({ platforms: [] }, { cause, scope: INSTALLATION, data: {} }, language).join(' ');
}
