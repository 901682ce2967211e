/** Operational endpoints: alive, ready, metrics (docs/contract/http-api.md#operational-endpoints). */
import { sql } from 'kysely';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { isMissingSchema } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import { INSTALLATION } from '../../engine/diagnosis/fact.ts';
import { wordsOf } from '../../engine/diagnosis/present.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
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
        const language = languageOf(request);
        const reason = first === 'schema_missing' ? await schemaSentence(db, language) : sentence(first, language);
        return reply.code(503).send({ status: 'not_ready' as const, reasons, reason, warnings });
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

/** What was logged last of each database: a probe asks every few seconds, and one line says it. */
const told = new WeakMap<Db, CauseCode | null>();

/** Asks the database, and logs what is new. @returns a code of `/readyz`, or null when the tables are there and can be written */
export function databaseTrouble({ db, log }: Pick<ApiContext, 'db' | 'log'>): Promise<CauseCode | null> {
  const look = looks.get(db) ?? lookAt(db, log).finally(() => looks.delete(db));
  looks.set(db, look);
  return look;
}

/** Who asks while somebody else does is told the same. */
const looks = new WeakMap<Db, Promise<CauseCode | null>>();

async function lookAt(db: Db, log: Logger): Promise<CauseCode | null> {
  const { trouble, error } = await askDatabase(db);
  const before = told.get(db) ?? null;
  told.set(db, trouble);
  if (trouble === before) return trouble;
  if (trouble === null) log.info('api.ready_again', { was: before });
  else {
    const fix = trouble === 'schema_missing' ? await schemaSentence(db, 'en') : sentence(trouble, 'en');
    log.warn('api.not_ready', { reason: trouble, fix, ...(error === undefined ? {} : { error }) });
  }
  return trouble;
}

async function askDatabase(db: Db): Promise<{ trouble: CauseCode | null; error?: unknown }> {
  try {
    const { rows } = await sql<{ isReadOnly: boolean }>`
      select current_setting('transaction_read_only') = 'on' as "isReadOnly", exists (select from "BotIntegrationSettings")
    `.execute(db);
    return { trouble: rows[0]?.isReadOnly === true ? 'cannot_write' : null };
  } catch (error) {
    return { trouble: isMissingSchema(error) ? 'schema_missing' : 'database_unavailable', error };
  }
}

const SCHEMA = {
  none: {
    en: 'The database has no tables yet. Run `pnpm memalerts migrate`, or correct DATABASE_URL if it names another database than it should.',
    ru: 'В базе ещё нет таблиц. Выполните `pnpm memalerts migrate` или исправьте DATABASE_URL, если он указывает не на ту базу.',
  },
  older: {
    en: 'The tables of the database are of another release than this build. Run `pnpm memalerts migrate`.',
    ru: 'Таблицы в базе от другого выпуска, чем эта сборка. Выполните `pnpm memalerts migrate`.',
  },
} as const satisfies Record<string, Record<Language, string>>;

/** Tables are missing for one of two causes: nobody migrated the database, or somebody did with another release. */
async function schemaSentence(db: Db, language: Language): Promise<string> {
  try {
    const { rows } = await sql<{ isMigrated: boolean }>`
      select to_regclass('schema_migration') is not null as "isMigrated"
    `.execute(db);
    return SCHEMA[rows[0]?.isMigrated === true ? 'older' : 'none'][language];
  } catch {
    return sentence('schema_missing', language);
  }
}

function sentence(cause: CauseCode, language: Language): string {
  return wordsOf({ platforms: [] }, { cause, scope: INSTALLATION, data: {} }, language).join(' ');
}
