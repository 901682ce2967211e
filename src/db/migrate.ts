/** Brings a database's schema up to date with the numbered SQL files beside this one. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { DatabaseClient } from './client.ts';
import { parseDatabaseUrl } from './pool.ts';
import { askSession, isPooledByTransaction, TROUBLES } from './session.ts';

/** One step of the schema. */
export interface Migration {
  /** File name without its ending; the order of names is the order of application. */
  name: string;
  sql: string;
  checksum: string;
}

const DIRECTORY = fileURLToPath(new URL('./migrations', import.meta.url));
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** Any number that no other program takes its advisory locks on; the same in every release. */
const LOCK = 7_461_092_835;

// A new index may take its time. A change that waits for a table stops everybody who asks for that table after it.
const LIMITS = "set statement_timeout = 0; set lock_timeout = '10s'";

/**
 * Applies what is missing, each file in a transaction of its own. Safe to run from many processes at once.
 *
 * @returns names of the files this call applied
 * @throws when a file that was applied has been changed since: history is not rewritten, add a new file; when a pooler
 * stands before the database that loses locks; when somebody holds a table for too long
 */
export async function migrate(databaseUrl: string, directory = DIRECTORY): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const newClient = () => new DatabaseClient({ connectionString: parseDatabaseUrl(databaseUrl).connectionString });
  const client = newClient();
  client.on('error', () => {}); // the statement that loses its connection says so itself
  await client.connect();
  try {
    await requireSession(client, newClient());
    await client.query('set lock_timeout = 0');
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(LIMITS);
    return await applyMissing(client, migrations);
  } finally {
    await client.end(); // gives the lock back
  }
}

/** The files in order. Two files with one number are refused: their order would be chance. */
export async function readMigrations(directory = DIRECTORY): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const numbers = names.map((name) => FILE_NAME.exec(name)?.[1]);
  const wrong = names.find((_, index) => numbers[index] === undefined || numbers[index] === numbers[index - 1]);
  if (wrong) throw new Error(`${wrong} must be named NNNN-what-it-does.sql, with a number of its own`);
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(path.join(directory, name), 'utf8');
      return { name: name.slice(0, -'.sql'.length), sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function requireSession(client: DatabaseClient, second: DatabaseClient): Promise<void> {
  const ask = (asked: pg.Client, text: string) => asked.query(text);
  const { backend } = await askSession(client, ask);
  if (backend === client.greetedBy) return;
  if (await isPooledByTransaction(client, backend, second, ask)) throw new Error(TROUBLES.transaction_pooler);
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(`
    create table if not exists schema_migration (
      name text primary key,
      checksum text not null,
      "appliedAt" timestamptz not null default now()
    )`);
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migration',
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const changed = migrations.find(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum);
  if (changed)
    throw new Error(`The migration ${changed.name} was changed after it was applied. Put the change into a new file.`);

  const missing = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ name }) => name);
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into schema_migration (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new Error(`The migration ${name} failed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
