import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { createTokenSeal } from '../../lib/token-seal.ts';
import { platforms } from '../../platforms/all.ts';
import { diagnose } from './diagnose.ts';
import { verdictOf } from './fact.ts';
import { readSnapshot } from './read-snapshot.ts';

async function world() {
  const { url } = await createTestDatabase();
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const statements: string[] = [];
  const counting = (asked: Pick<pg.Pool, 'query'>) =>
    ({
      query: (statement: pg.QueryConfig) => {
        statements.push(String(statement.name));
        return asked.query(statement);
      },
    }) as Pick<pg.Pool, 'query'>;
  const sources = platforms.map((description) => ({ description, environment: async () => 'none' as const }));
  const look = (channelIds: readonly ChannelId[] | null, asked: Pick<pg.Pool, 'query'> = pool.pg) =>
    readSnapshot({ pg: counting(asked), seal: createTokenSeal([]), platforms: sources }, { channelIds });
  const channel = async (provider = 'twitch') => {
    const slug = randomUUID();
    const { rows } = await pool.pg.query('insert into "Channel" (slug, name) values ($1, $1) returning id', [slug]);
    const id = rows[0].id as ChannelId;
    await pool.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, $1)`, [id]);
    await pool.pg.query(`insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, $2, true)`, [
      id,
      provider,
    ]);
    return id;
  };
  return { ...pool, statements, look, channel };
}

test('a diagnosis costs three statements, however many channels there are', async () => {
  const { look, channel, statements } = await world();
  const one = await channel();
  await look([one]);
  expect(statements).toHaveLength(3);
  for (let count = 0; count < 30; count += 1) await channel();
  statements.length = 0;
  expect((await look(null)).channels).toHaveLength(31);
  expect(statements).toHaveLength(3);
});

test('a diagnosis of one channel is not planned anew each time', async () => {
  const { look, channel, pg: pool } = await world();
  const id = await channel();
  const client = await pool.connect();
  onTestFinished(() => client.release());
  for (let count = 0; count < 7; count += 1) await look([id], client);
  const { rows } = await client.query(
    'select name, generic_plans::int as kept from pg_prepared_statements order by name',
  );
  expect(rows).toEqual([
    { name: 'senders of one channel', kept: 2 },
    { name: 'snapshot of one channel', kept: 2 },
    { name: 'snapshot of outboxes of one channel', kept: 2 },
  ]);
});

test('what waits, what was said and what failed last are told of each channel', async () => {
  const { look, channel, pg: pool } = await world();
  const id = await channel();
  const insert = (message: string, status: string, secondsAgo: number, lastError: string | null = null) =>
    pool.query(
      `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message, status, "lastError", "createdAt", "sentAt", "failedAt")
       select $1, 't', $2, $3, $4, at, at, at from (select timezone('utc', now()) - make_interval(secs => $5) as at) time`,
      [id, message, status, lastError, secondsAgo],
    );
  const messages = async () => (await look([id])).channels.find(({ provider }) => provider === 'twitch')?.messages;
  await insert('said', 'sent', 30);
  await insert('refused', 'failed', 20, 'msg_rejected');
  await insert('first', 'pending', 10, 'unreachable');
  await insert('second', 'pending', 5);
  expect(await messages()).toMatchObject({ waiting: 2, headError: 'unreachable', failure: { error: 'msg_rejected' } });
  await insert('said again', 'sent', 1);
  expect((await messages())?.failure).toBe(null);
});

test('event subscriptions that failed are told, and those that wait because the one before them failed', async () => {
  const { look, channel, pg: pool } = await world();
  const id = await channel();
  await pool.query(
    `insert into "PlatformEventSubscription" (provider, "channelId", type, status, reason) values
      ('twitch', $1, 'a', 'active', null), ('twitch', $1, 'b', 'pending', null),
      ('twitch', $1, 'c', 'pending', 'unanswered'), ('twitch', $1, 'd', 'failed', 'quota')`,
    [id],
  );
  const [found] = (await look([id])).channels.filter(({ provider }) => provider === 'twitch');
  expect(found?.lostEvents.map(({ type, reason }) => [type, reason])).toEqual([
    ['c', 'unanswered'],
    ['d', 'quota'],
  ]);
});

test('without its tables the database is the finding, and nothing is called well', async () => {
  const { look, pg: pool } = await world();
  await pool.query('drop table "BotChannelHealth"');
  const snapshot = await look(null);
  expect(snapshot).toMatchObject({ at: null, database: 'schema_missing', channels: [] });
  const [first, ...others] = diagnose(snapshot);
  expect(first).toMatchObject({ cause: 'schema_missing' });
  expect(new Set(others.map((fact) => verdictOf(snapshot, fact)))).toEqual(new Set(['unknown']));
});

test('a database that cannot be reached is a finding, not an error', async () => {
  const log = silentLog();
  const pool = createPool('postgres://nobody@127.0.0.1:9/nothing', { applicationName: 'test', slowMs: 1000, log });
  onTestFinished(() => pool.end());
  const snapshot = await readSnapshot({ pg: pool.pg, seal: createTokenSeal([]), platforms: [] }, { channelIds: null });
  expect(snapshot).toMatchObject({ at: null, database: 'database_unavailable' });
});
