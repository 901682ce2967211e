import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { lockWaits } from '../../test/support/lock-waits.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool } from './pool.ts';
import { inTransaction } from './transaction.ts';

const { url } = await createTestDatabase({ empty: true });
const other = new pg.Client({ connectionString: url });
await other.connect();
await other.query('create table pair (id int primary key, n int); insert into pair values (1, 0), (2, 0)');
// Whoever looks first finds the deadlock and loses it: that is to be us.
await other.query(`alter database "${other.database}" set deadlock_timeout = '300ms'; set deadlock_timeout = '20s'`);
const pool = createPool(url, { applicationName: 'transaction-test', slowMs: 60_000, log: silentLog() });
afterAll(async () => {
  await pool.end();
  await other.end();
});

const raise = (id: number) => `update pair set n = n + 1 where id = ${id}`;

test('a transaction that loses a deadlock is made once more, and happens once', async () => {
  await other.query(`begin; ${raise(2)}`);
  let begun = 0;
  const ours = inTransaction(pool.db, async (tx) => {
    begun += 1;
    await sql.raw(raise(1)).execute(tx);
    await sql.raw(raise(2)).execute(tx);
  });
  await lockWaits(pool.db, 1);
  // Waits for us as we wait for it, and goes on once we were told to give way.
  await other.query(raise(1));
  await other.query('commit');
  await ours;
  expect(begun).toBe(2);
  expect((await other.query('select id, n from pair order by id')).rows).toEqual([
    { id: 1, n: 2 },
    { id: 2, n: 2 },
  ]);
});
