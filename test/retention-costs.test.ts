/** What the hourly deletion of old rows looks at in a database with a million of them. */
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { pruneOldRows } from '../src/api/retention.ts';
import { pruneOutbox } from '../src/engine/outbox/retention.ts';
import { twitch } from '../src/platforms/twitch/index.ts';
import { createTestDatabase } from './support/database.ts';
import { silentLog } from './support/silent-log.ts';
import { rowsExaminedBy } from './support/statement-costs.ts';

const { url } = await createTestDatabase();
const ROWS = 1_000_000;
const OLD = 2_500;
const PEOPLE = 3_000;
/** A step deletes a thousand. */
const EXAMINED_MAX = 5_000;
const LIMIT_MS = 60_000;
const NOW = new Date('2026-06-01T12:00:00Z');
const pool = new pg.Pool({ connectionString: url, max: 2 });
afterAll(() => pool.end());

/** Young rows first, so that whoever reads the table from its beginning finds the old ones last. */
async function fill(client: pg.PoolClient, table: string, column: string, select: string, rows = ROWS): Promise<void> {
  const { rows: constraints } = await client.query<{ name: string }>(
    `select conname as name from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u')`,
    [`"${table}"`],
  );
  await client.query(`alter table "${table}" set unlogged`);
  for (const { name } of constraints) await client.query(`alter table "${table}" drop constraint "${name}"`);
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where indrelid = $1::regclass`,
    [`"${table}"`],
  );
  const ofAge = indexes.filter(({ definition }) => definition.includes(`("${column}")`));
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  await client.query(`insert into "${table}" ${select.replaceAll('$rows', `${rows}`)}`);
  for (const { definition } of ofAge) await client.query(definition);
  await client.query(`analyze "${table}"`);
}

const at = `timestamp '2026-06-01 11:00' - case when n > $rows - ${OLD} then interval '30 days' else interval '0' end + n * interval '1 microsecond'`;

test('no step of the deletion of old rows looks at more than five thousand rows, and all old ones go', {
  timeout: LIMIT_MS,
}, async () => {
  const client = await pool.connect();
  onTestFinished(() => client.release(true));
  await client.query('set session_replication_role = replica; set synchronous_commit = off');
  await client.query(
    `insert into "Channel" (id, slug, name) select 'c' || n, 'c' || n, 'c' from generate_series(1, 3) n`,
  );
  await fill(
    client,
    'ChatBotEventDedup',
    'createdAt',
    `(id, "channelId", kind, "eventId", "createdAt") select n::text, 'c1', 'x', n::text, ${at} from generate_series(1, $rows) n`,
  );
  // Of the old messages half may not go: they are passed over, and not looked at again and again.
  await fill(
    client,
    'ChatBotOutboxMessage',
    'createdAt',
    `(id, "channelId", "twitchLogin", message, status, "createdAt")
     select n::text, 'c1', 't', 'm', case when n % 2 = 0 then 'sent' else 'pending' end, ${at} from generate_series(1, $rows) n`,
    100_000,
  );
  await client.query(`
    insert into "CreditsRoll" ("channelId", status, "startedAt", "lastSeenAt", "expiresAt")
      select 'c' || n, 'offline', at, at, at from (select n, timestamp '2026-06-01' - (n - 1) * interval '8 hours' as at from generate_series(1, 3) n) rolls;
    insert into "CreditsChatter" ("channelId", "userId", "displayName")
      select 'c' || (n % 3 + 1), n::text, 'x' from generate_series(1, 3 * ${PEOPLE}) n;
    analyze "CreditsChatter"`);
  await client.query('reset session_replication_role');

  const examined: [rows: number, text: string][] = [];
  const measuring = {
    async query(text: string, values: unknown[]) {
      examined.push([await rowsExaminedBy(client as unknown as pg.Client, { text, values }), text]);
      return client.query(text, values);
    },
  } as unknown as pg.Pool;
  await pruneOldRows(measuring, NOW, silentLog());
  expect(await pruneOutbox(measuring, twitch.tables, NOW)).toBe(OLD / 2);
  expect(examined.length).toBeGreaterThan(15);
  expect(examined.filter(([rows]) => rows > EXAMINED_MAX)).toEqual([]);

  const count = async (what: string) => (await client.query(`select count(*)::int as n from ${what}`)).rows[0].n;
  expect(await count('"ChatBotEventDedup"')).toBe(ROWS - OLD);
  // The oldest roll is gone with its people, step by step; the younger ones keep theirs.
  expect(await count('"CreditsRoll"')).toBe(2);
  expect(await count('"CreditsChatter"')).toBe(2 * PEOPLE);
  const stepsOfPeople = examined.filter(([, text]) => text.includes('delete from "CreditsChatter"'));
  expect(stepsOfPeople.length).toBeGreaterThan(PEOPLE / 1000);
});
