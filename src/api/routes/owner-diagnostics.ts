/** `GET /owner/diagnostics`, `GET /owner/workers`: the installation, for whoever runs it. */
import { sql } from 'kysely';
import { z } from 'zod';
import { diagnose, isUsed } from '../../engine/diagnosis/diagnose.ts';
import { messageMeaning } from '../../engine/diagnosis/diagnose-channel.ts';
import { type Fact, INSTALLATION, inOrderOfCure } from '../../engine/diagnosis/fact.ts';
import type { Snapshot, WorkerSnapshot } from '../../engine/diagnosis/snapshot.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Api, ApiContext } from '../context.ts';
import { finding, findingAnswer, languageQuery } from '../diagnosis.ts';
import { isoTime, providerId } from '../fields.ts';
import { languageOf } from '../language.ts';

const worker = z.object({
  provider: providerId,
  startNumber: z.number().describe('Number of this start of the worker.'),
  host: z.string().describe('Name of the machine.'),
  pid: z.number().describe('Id of the process on its machine.'),
  version: z.string().nullable(),
  startedAt: isoTime.describe('When the process started.'),
  heartbeatAt: isoTime.describe('When the process gave its last sign of life.'),
  isAlive: z.boolean().describe('Whether the process still runs.'),
  isReady: z.boolean().nullable().describe('Null for a worker of an older version, which does not tell.'),
  reasons: z.array(z.string()).describe('Why the worker is not ready.'),
  warnings: z.array(z.string()).describe('What an operator should look at although the worker is ready.'),
  channels: z.number().describe('How many channels the worker serves.'),
  loopLagMs: z.number().nullable().describe('Longest wait of its work between two heartbeats, in milliseconds.'),
  clockOffsetMs: z.number().nullable().describe('How far its clock is ahead of the clock of the database.'),
  relays: z
    .array(
      z.object({
        url: z.string().describe('Address of an API instance.'),
        isReachable: z.boolean().describe('Whether the instance answered the last request.'),
      }),
    )
    .describe('Instances that the worker relays chatters to.'),
});

const causeCount = z.object({
  provider: providerId,
  cause: z.string().describe('Code of the cause.'),
  count: z.number().describe('How many there are.'),
});

const diagnosticsAnswer = z.object({
  at: isoTime.nullable().describe('When the database was looked at. Null when it could not be.'),
  findings: z
    .array(finding)
    .describe('What has to be mended first comes first. Findings of channels are not among them.'),
  channels: z.array(causeCount).describe('Enabled bots that a worker serves, by the cause of their reader.'),
  oldestWaitingAt: isoTime.nullable().describe('When the oldest message that waits was queued.'),
  failures: z.array(causeCount).describe('Messages that failed in the last hour.'),
  workers: z.array(worker).describe('Worker processes, dead ones included for a day.'),
});

export function registerOwnerDiagnosticsRoutes(app: Api, context: ApiContext): void {
  const tags = ['owner'];
  const querystring = z.object({ lang: languageQuery });
  app.get(
    '/owner/diagnostics',
    {
      schema: {
        tags,
        summary: 'Show what was found about the installation',
        querystring,
        response: { 200: diagnosticsAnswer },
      },
    },
    async (request) => {
      await context.callers.owner(request);
      const language = languageOf(request);
      const snapshot = await context.snapshot(null);
      void context.askForLook({ provider: null, channelId: null });
      const facts = diagnose(snapshot);
      const shared = facts.filter(({ scope }) => scope.channelId === null);
      const unset = unsetVariables(context, snapshot);
      const oldest = snapshot.channels.flatMap(({ messages }) => messages.oldestAt ?? []);
      return {
        at: snapshot.at?.toISOString() ?? null,
        findings: inOrderOfCure(snapshot, [...shared, ...unset]).map((fact) => findingAnswer(snapshot, fact, language)),
        channels: countOf(facts.filter(({ check, scope }) => check === 'reader' && scope.channelId !== null)),
        oldestWaitingAt: oldest.length === 0 ? null : new Date(Math.min(...oldest.map(Number))).toISOString(),
        failures: await failuresOfHour(context, snapshot),
        workers: snapshot.workers.map(workerAnswer),
      };
    },
  );
  app.get(
    '/owner/workers',
    {
      schema: {
        tags,
        summary: 'List the worker processes',
        response: { 200: z.object({ items: z.array(worker) }) },
      },
    },
    async (request) => {
      await context.callers.owner(request);
      const { workers, database } = await context.snapshot([]);
      if (database === 'schema_missing') throw new BadInput('FEATURE_NOT_AVAILABLE');
      if (database !== null) throw new BadInput('DATABASE_UNAVAILABLE');
      return { items: workers.map(workerAnswer) };
    },
  );
}

function workerAnswer({ facts, startedAt, heartbeatAt, ...row }: WorkerSnapshot): z.input<typeof worker> {
  return {
    ...row,
    version: facts?.version ?? null,
    startedAt: startedAt.toISOString(),
    heartbeatAt: heartbeatAt.toISOString(),
    isReady: facts === null ? null : row.isAlive && facts.reasons.length === 0,
    reasons: [...(facts?.reasons ?? [])],
    warnings: [...(facts?.warnings ?? [])],
    loopLagMs: facts?.loopLagMs ?? null,
    clockOffsetMs: facts?.clockOffsetMs ?? null,
    relays: (facts?.relays ?? []).map((relay) => ({ ...relay })),
  };
}

/** The variables that linking a bot needs; of a platform that nobody uses they are only off. */
function unsetVariables({ platforms }: ApiContext, snapshot: Snapshot): readonly Fact[] {
  if (snapshot.at === null) return [];
  return platforms.flatMap(({ description: { id }, oauth }) =>
    (oauth?.missingSettings() ?? []).map((variable): Fact => {
      const scope = { ...INSTALLATION, provider: id };
      const fact: Fact = {
        check: 'variables',
        cause: 'linking_not_configured',
        scope,
        since: null,
        data: { variable },
      };
      return isUsed(snapshot, id) ? fact : { ...fact, verdict: 'off' };
    }),
  );
}

function countOf(facts: readonly Fact[]): z.input<typeof causeCount>[] {
  const counts = new Map<string, z.input<typeof causeCount>>();
  for (const { scope, cause } of facts) {
    const key = `${scope.provider} ${cause}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { provider: scope.provider ?? '', cause, count: 1 });
    else known.count += 1;
  }
  return [...counts.values()];
}

async function failuresOfHour(
  { db, platforms }: ApiContext,
  snapshot: Snapshot,
): Promise<z.input<typeof causeCount>[]> {
  if (snapshot.at === null) return [];
  const from = new Date(snapshot.at.getTime() - 60 * 60_000);
  const each = platforms.map(
    ({ description: { id, tables } }) => sql`
      select ${id}::text as provider, "lastError", count(*)::int as count from ${sql.table(tables.outbox)}
      where "createdAt" > ${from} and status = 'failed' group by "lastError"`,
  );
  const { rows } = await sql<{
    provider: Snapshot['platforms'][number]['id'];
    lastError: string | null;
    count: number;
  }>`
    ${sql.join(each, sql` union all `)}
  `.execute(db);
  const counts = new Map<string, z.input<typeof causeCount>>();
  for (const { provider, lastError, count } of rows) {
    const { cause } = messageMeaning(snapshot, { provider }, lastError ?? '');
    const key = `${provider} ${cause}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { provider, cause, count });
    else known.count += count;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}
