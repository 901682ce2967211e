/** Brings a database's schema up to date with the numbered SQL files beside this one. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { parseDatabaseUrl } from '../lib/database-url.ts';
import { DatabaseClient } from './client.ts';
import { isLockTimeout } from './failures.ts';
import { pause, type Report, takeLock, WAIT_LIMITS, type WaitLimits, watchBlockers } from './migrate-waits.ts';
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

/**
 * A new index may take its time. A server whose client was killed looks after it every 2 s, also while it waits or works:
 * what it held is free soon after.
 */
const SESSION = 'set statement_timeout = 0';
const LOOK_AFTER_CLIENT = "set client_connection_check_interval = '2s'";

interface MigrateOptions {
  readonly directory?: string;
  readonly report?: Report;
  readonly limits?: WaitLimits;
}

/**
 * Applies what is missing, each file in a transaction of its own. Safe to run from many processes at once. Where nothing
 * is missing it only looks, and needs no right to create anything.
 *
 * @returns names of the files this call applied
 * @throws when a file that was applied has been changed since: history is not rewritten, add a new file; when a pooler
 * stands before the database that loses locks; when the database is not in UTF8; when somebody holds a table for too long
 */
export async function migrate(
  databaseUrl: string,
  { directory = DIRECTORY, report = () => {}, limits = WAIT_LIMITS }: MigrateOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const { connectionString } = parseDatabaseUrl(databaseUrl);
  const newClient = () => {
    const made = new DatabaseClient({ connectionString, application_name: 'memalerts-migrate' });
    made.on('error', () => {}); // the statement that loses its connection says so itself
    return made;
  };
  const [client, watcher] = [newClient(), newClient()];
  await client.connect();
  try {
    await requireSession(client, newClient());
    await requireUtf8(client);
    if ((await missingOf(client, migrations)).length === 0) return [];
    await watcher.connect();
    await client.query(SESSION);
    // Not every system can: there a killed client is noticed when its statement is done.
    await client.query(LOOK_AFTER_CLIENT).catch(() => {});
    await takeLock(client, LOCK, limits, report);
    await client.query(TABLE);
    // Looked at again: whoever had the lock before may have done it all.
    const missing = await missingOf(client, migrations);
    for (const migration of missing) await applyInTries({ client, watcher, limits, report }, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.end(); // gives the lock back
    await watcher.end().catch(() => {});
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

/** Every other encoding lacks characters that chats are full of. */
async function requireUtf8(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`select current_setting('server_encoding') as encoding`);
  const encoding = rows[0]?.encoding;
  if (encoding === 'UTF8') return;
  throw new Error(
    `The database of DATABASE_URL has the encoding ${encoding}, which cannot store every chat message. ` +
      "Create one with `create database NAME encoding 'UTF8' template template0` and name that.",
  );
}

const TABLE = `
  create table if not exists schema_migration (
    name text primary key,
    checksum text not null,
    "appliedAt" timestamptz not null default now()
  )`;

/** @throws Error when what was applied is not what the files say */
async function missingOf(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const found = await client.query(`select to_regclass('schema_migration') is not null as "isThere"`);
  if (found.rows[0]?.isThere !== true) return [...migrations];
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migration',
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const changed = migrations.find(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum);
  if (changed)
    throw new Error(`The migration ${changed.name} was changed after it was applied. Put the change into a new file.`);
  return migrations.filter(({ name }) => !applied.has(name));
}

interface Applying {
  readonly client: DatabaseClient;
  readonly watcher: DatabaseClient;
  readonly limits: WaitLimits;
  readonly report: Report;
}

/** Between two tries the lock of the table is free, so whoever waits behind this step gets on. */
async function applyInTries({ client, watcher, limits, report }: Applying, migration: Migration): Promise<void> {
  const what = `The migration ${migration.name}`;
  const { rows } = await client.query(`select pg_backend_pid() as pid`);
  await client.query(`set lock_timeout = ${limits.tableMs}`);
  for (let tries = 1; ; tries += 1) {
    const watch = watchBlockers(watcher, rows[0]?.pid, what, limits, report);
    try {
      return await apply(client, migration);
    } catch (error) {
      const whose = watch.end() ?? 'another session';
      if (!(error instanceof Error) || !isLockTimeout(error.cause)) throw error;
      if (tries === limits.tries) {
        throw new Error(`${what} was tried ${tries} times, and ${whose} held a lock each time. Nothing was changed.`, {
          cause: error.cause,
        });
      }
      report(`${what} gave way to ${whose} and is tried again (${tries + 1} of ${limits.tries}).`);
      await pause(limits.pauseMs);
    } finally {
      watch.end();
    }
  }
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
