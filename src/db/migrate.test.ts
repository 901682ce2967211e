import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { migrate, readMigrations } from './migrate.ts';
import type { WaitLimits } from './migrate-waits.ts';

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
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(url, { directory })));
  expect(applied.flat()).toEqual(['0001-first', '0002-second']);
  expect(await query(url, 'select step from trace')).toEqual([{ step: 'first' }, { step: 'second' }]);
});

test('a file that was changed after it was applied is refused, and nothing else is applied', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await migrations({ '0001-first.sql': 'create table a ();' });
  await migrate(url, { directory });
  await writeFile(path.join(directory, '0001-first.sql'), 'create table changed ();');
  await writeFile(path.join(directory, '0002-second.sql'), 'create table b ();');
  await expect(migrate(url, { directory })).rejects.toThrow('0001-first was changed');
  expect(await query(url, `select to_regclass('b') as b`)).toEqual([{ b: null }]);
});

test('a file that fails leaves nothing of itself behind, keeps the earlier ones, and applies once mended', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const broken = 'create table b (); select missing_function();';
  const directory = await migrations({ '0001-first.sql': 'create table a ();', '0002-second.sql': broken });
  await expect(migrate(url, { directory })).rejects.toThrow('migration 0002-second failed');
  expect(await query(url, `select to_regclass('a')::text as a, to_regclass('b') as b`)).toEqual([{ a: 'a', b: null }]);
  await writeFile(path.join(directory, '0002-second.sql'), 'create table b ();');
  expect(await migrate(url, { directory })).toEqual(['0002-second']);
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

const QUICK: WaitLimits = { lookMs: 100, migrationMs: 300, tableMs: 300, tries: 2, pauseMs: 10 };

async function holding(url: string, ...statements: string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'nightly-dump' });
  client.on('error', () => {});
  await client.connect();
  for (const statement of statements) await client.query(statement);
  return client;
}

test('whoever waits for another migration is told whose it is, and not for ever', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await migrations({ '0001-first.sql': 'create table a ();' });
  const holder = await holding(url, 'select pg_advisory_lock(7461092835)');
  const told: string[] = [];
  const options = { directory, report: (sentence: string) => void told.push(sentence), limits: QUICK };
  await expect(migrate(url, options)).rejects.toThrow('nightly-dump');
  expect(told).toEqual([expect.stringMatching(/^Waiting for another migration to end: nightly-dump \(process \d+/)]);
  const waiting = migrate(url, { ...options, limits: { ...QUICK, migrationMs: 20_000 } });
  await expect.poll(() => told).toHaveLength(2);
  await holder.end();
  expect(await waiting).toEqual(['0001-first']);
});

test('a table that somebody holds is tried for again, and its holder named', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await migrations({ '0001-first.sql': 'create table a ();' });
  await migrate(url, { directory });
  await writeFile(path.join(directory, '0002-second.sql'), 'alter table a add column n int;');
  const holder = await holding(url, 'begin', 'lock table a');
  const told: string[] = [];
  const options = { directory, report: (sentence: string) => void told.push(sentence), limits: QUICK };
  await expect(migrate(url, options)).rejects.toThrow(/tried 2 times, and nightly-dump .* held a lock/);
  expect(told).toContainEqual(expect.stringContaining('0002-second waits for a lock that is held by nightly-dump'));
  const waiting = migrate(url, { ...options, limits: { ...QUICK, tries: 100 } });
  await expect.poll(() => told.filter((one) => one.includes('tried again')).length).toBeGreaterThan(1);
  await holder.end();
  expect(await waiting).toEqual(['0002-second']);
});

test('a role without rights to create anything learns that nothing is missing', async () => {
  const { url } = await createTestDatabase();
  await query(url, `create role migrate_reader login; grant select on schema_migration to migrate_reader`);
  const address = new URL(url);
  address.username = 'migrate_reader';
  try {
    expect(await migrate(address.href)).toEqual([]);
  } finally {
    await query(url, 'drop owned by migrate_reader; drop role migrate_reader');
  }
});

test('a database in another encoding is refused before anything is made in it', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const name = `latin_${process.pid}`;
  await query(url, `create database ${name} encoding 'LATIN1' locale 'C' template template0`);
  const address = new URL(url);
  address.pathname = `/${name}`;
  try {
    await expect(migrate(address.href)).rejects.toThrow('has the encoding LATIN1');
    expect(await query(address.href, `select to_regclass('schema_migration') as t`)).toEqual([{ t: null }]);
  } finally {
    await query(url, `drop database ${name} with (force)`);
  }
});

test('a migrator that is killed while it works leaves no lock behind', async () => {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await migrations({ '0001-slow.sql': 'select pg_sleep(60);' });
  const script = `import { migrate } from ${JSON.stringify(path.resolve('src/db/migrate.ts'))};
    await migrate(${JSON.stringify(url)}, { directory: ${JSON.stringify(directory)} });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
  const locks = async () => (await query(url, `select from pg_locks where locktype = 'advisory' and granted`)).length;
  await expect.poll(locks, { timeout: 10_000 }).toBe(1);
  child.kill('SIGKILL');
  await expect.poll(locks, { timeout: 8_000 }).toBe(0);
});
