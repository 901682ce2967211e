/** What statements cost in a database that has been in use for long. */
import pg from 'pg';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { simulate } from '../simulators/kick/simulated-platform.ts';
import { pruneOldRows } from '../src/api/retention.ts';
import { createPool } from '../src/db/pool.ts';
import { pruneOutbox } from '../src/engine/outbox/retention.ts';
import { startHousekeeping } from '../src/engine/worker/housekeeping.ts';
import { kick } from '../src/platforms/kick/index.ts';
import { addChannel, linkDefaultBot, queueMessages } from './conformance/rows.ts';
import { startApiWorld } from './support/api-world.ts';
import { createTestDatabase } from './support/database.ts';
import { ManualClock } from './support/manual-clock.ts';
import { startTestWorker } from './support/running-worker.ts';
import { silentLog } from './support/silent-log.ts';
import { buffersOf, type NotedStatement, noteStatements } from './support/statement-costs.ts';

const { url } = await createTestDatabase();
/** Enough for the planner to choose as it does for millions, and few enough to be made in seconds. */
const ROWS = 200_000;
/** Fifty rows of each of four states, each in a block of its own, and the way to them. */
const PAGE_BUFFERS = 250;
const FEW_BUFFERS = 100;
/** What is measured is buffers; the time says only how busy the machine is. */
const LIMIT_MS = 120_000;

beforeAll(async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`insert into "Channel" (id, slug, name)
    select 'c' || n, 'c' || n, 'c' || n from generate_series(0, 100) n`);
  await fill(
    client,
    'KickChatBotOutboxMessage',
    `(id, "channelId", "kickChannelId", message, source, "dedupKey", status, attempts, "platformMessageId", "sentAt",
      "processingAt", "createdAt", "expiresAt", "claimedBy", "claimToken")
     select 'm' || lpad(n::text, 8, '0'), 'c' || case when n % 2 = 0 then 0 else n / 2 % 100 + 1 end, 'k', 'hello', 'command', 'chat:' || n,
       case when n % 50 = 0 then 'failed' else 'sent' end, 1, 'p' || n, at, at, at, at, 1, 'token'
     from (select n, now() - interval '13 days' * ($1 - n) / $1 as at from generate_series(1, $1) n) rows`,
  );
  await fill(
    client,
    'WebhookInbox',
    `(provider, "channelId", "deliveryId", "eventType", payload, status, "receivedAt", "processedAt")
     select 'kick', 'c' || n % 100, 'd' || lpad(n::text, 8, '0'), 'chat', '{}', 'processed', at, at
     from (select n, now() - interval '6 days' * ($1 - n) / $1 as at from generate_series(1, $1) n) rows`,
  );
  await fill(
    client,
    'AuditLog',
    `(id, action, "channelId", "payloadJson", "createdAt") select 'a' || lpad(n::text, 8, '0'), 'action' || n % 20, 'c' || n % 2, '{}',
       now() - interval '1 year' * ($1 - n) / $1 from generate_series(1, $1) n`,
  );
  await client.query('vacuum analyze');
  await client.end();
}, LIMIT_MS);

/** Rows first, then their indexes: a million rows in a few seconds. */
async function fill(client: pg.Client, table: string, rows: string): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i
     where i.indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
    [`"${table}"`],
  );
  await client.query(`alter table "${table}" set unlogged`);
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  await client.query('set session_replication_role = replica');
  await client.query(`insert into "${table}" ${rows.replaceAll('$1', `${ROWS}`)}`);
  await client.query('reset session_replication_role');
  for (const { definition } of indexes) await client.query(definition);
}

async function measure(noted: Iterable<NotedStatement>): Promise<[buffers: number, text: string][]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const costs: [number, string][] = [];
  for (const statement of noted) costs.push([await buffersOf(client, statement), statement.text.trim()]);
  return costs.sort(([a], [b]) => b - a);
}

test('a page of any list costs the same however long the list is', { timeout: LIMIT_MS }, async () => {
  const api = await startApiWorld(url);
  const owner = await api.person('admin');
  const { userId, ...rest } = await api.streamer();
  const who = { userId, ...rest };
  await api.pg.query(`update "User" set "channelId" = 'c0' where id = $1`, [userId]);
  const noted = noteStatements();
  const lists = [
    [who, '/streamer/bot/outbox'],
    [who, '/streamer/bot/outbox?status=failed'],
    [who, '/streamer/bot/outbox?status=pending&provider=kick'],
    [who, '/streamer/audit'],
    [who, '/streamer/audit?action=action3'],
    [owner, '/owner/audit'],
    [owner, '/owner/audit?action=action3'],
    [owner, '/owner/audit?action=none'],
    [owner, '/owner/audit?channelId=c1'],
    [owner, '/owner/audit?channelId=c1&action=action3'],
  ] as const;
  for (const [person, path] of lists) {
    const { status, json } = await api.ask(person, 'GET', path);
    expect([path, status]).toEqual([path, 200]);
    if (json.nextCursor === null) continue;
    const next = `${path}${path.includes('?') ? '&' : '?'}cursor=${json.nextCursor}`;
    expect((await api.ask(person, 'GET', next)).json.items).toHaveLength(50);
  }
  const ofFilled = [...noted.values()].filter(({ text }) => /KickChatBotOutbox|AuditLog/.test(text));
  const costs = await measure(ofFilled);
  expect(costs.length).toBeGreaterThan(10);
  expect(costs.filter(([buffers]) => buffers > PAGE_BUFFERS)).toEqual([]);
});

test('what workers and the API ask again and again costs the same however many rows are finished', {
  timeout: LIMIT_MS,
}, async () => {
  const sim = await simulate({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const pool = createPool(url, { applicationName: 'costs-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db, pg: pgPool } = pool;
  const channelId = await addChannel(db, kick, 'live', sim.addStreamer('live'));
  await linkDefaultBot(db, kick, sim.linkBot('helper'));
  const noted = noteStatements();
  const { log } = startTestWorker(kick, {
    ...sim.env,
    DATABASE_URL: url,
    CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
  });
  await expect.poll(() => log.some(({ event }) => event.endsWith('started'))).toBe(true);
  await pgPool.query(
    `insert into "WebhookInbox" (provider, "channelId", "deliveryId", "eventType", payload)
     values ('kick', $1, 'new', 'chat.message.sent', '{}')`,
    [channelId],
  );
  await queueMessages(db, kick, channelId, ['hello']);
  await expect.poll(() => sim.said('live').length, { timeout: 30_000 }).toBe(1);
  await expect
    .poll(async () => (await pgPool.query(`select from "WebhookInbox" where status = 'pending'`)).rowCount)
    .toBe(0);
  const clock = new ManualClock();
  startHousekeeping({ pg: pgPool, clock, log: silentLog(), logPrefix: '' });
  await clock.advance(3_600_000);
  await pruneOldRows(pgPool, new Date(), silentLog());
  await pruneOutbox(pgPool, kick.tables, new Date());
  const costs = await measure(noted.values());
  expect(costs.length).toBeGreaterThan(25);
  expect(costs.filter(([buffers]) => buffers > FEW_BUFFERS)).toEqual([]);
});
