import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { migrate, readMigrations } from './migrate.ts';

const scratch = await mkdtemp(path.join(os.tmpdir(), 'memalerts-migrations-'));
afterAll(() => rm(scratch, { recursive: true }));

async function migrations(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(path.join(scratch, 'set-'));
  for (const [name, sql] of Object.entries(files)) await writeFile(path.join(directory, name), sql);
  return directory;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

// Takes long enough for the others to arrive, and leaves a trace of each time it runs.
const SLOW_FIRST = 'create table trace (step text); select pg_sleep(0.2); insert into trace values ($$first$$);';

test('migrators that start together apply each file once, in order', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await migrations({
    '0002-second.sql': 'insert into trace values ($$second$$);',
    '0001-first.sql': SLOW_FIRST,
  });
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(url, directory)));
  expect(applied.flat()).toEqual(['0001-first', '0002-second']);
  expect(await query(url, 'select step from trace')).toEqual([{ step: 'first' }, { step: 'second' }]);
});

test('a file that was changed after it was applied is refused, and nothing else is applied', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await migrations({ '0001-first.sql': 'create table a ();' });
  await migrate(url, directory);
  await writeFile(path.join(directory, '0001-first.sql'), 'create table changed ();');
  await writeFile(path.join(directory, '0002-second.sql'), 'create table b ();');
  await expect(migrate(url, directory)).rejects.toThrow('0001-first was changed');
  expect(await query(url, `select to_regclass('b') as b`)).toEqual([{ b: null }]);
});

test('a file that fails leaves nothing of itself behind, keeps the earlier ones, and applies once mended', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const broken = 'create table b (); select missing_function();';
  const directory = await migrations({ '0001-first.sql': 'create table a ();', '0002-second.sql': broken });
  await expect(migrate(url, directory)).rejects.toThrow('migration 0002-second failed');
  expect(await query(url, `select to_regclass('a')::text as a, to_regclass('b') as b`)).toEqual([{ a: 'a', b: null }]);
  await writeFile(path.join(directory, '0002-second.sql'), 'create table b ();');
  expect(await migrate(url, directory)).toEqual(['0002-second']);
});

test('two files with one number, or a name without one, are refused', async () => {
  const twice = await migrations({ '0001-one.sql': '', '0001-other.sql': '' });
  await expect(readMigrations(twice)).rejects.toThrow('0001-other.sql');
  await expect(readMigrations(await migrations({ 'one.sql': '' }))).rejects.toThrow('one.sql');
});

test('the product’s own migrations leave a second run nothing to do', async () => {
  const { url } = await createTestDatabase();
  expect(await migrate(url)).toEqual([]);
});
