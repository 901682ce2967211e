/** One PostgreSQL server per test run, with one migrated template that every test database is cloned from. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate, readMigrations } from '../../src/db/migrate.ts';
import { onDatabase } from './database-url.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the server's database `postgres`. */
    databaseServerUrl: string;
    templateDatabase: string;
    /** What the names of this run's databases start with. */
    testDatabasePrefix: string;
  }
}

/** What Node compiled before, it need not compile again in every process that a run starts: hundreds, of the same sources. */
const COMPILE_CACHE = path.join(import.meta.dirname, '../../node_modules/.cache/compiled');

/** Uses the server of TEST_DATABASE_URL when it is set; its user must be allowed to create databases. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE;
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? null : await temporaryServer();
  const url = given ?? server?.url ?? '';
  const prefix = `test_${randomBytes(4).toString('hex')}_`;
  project.provide('databaseServerUrl', url);
  project.provide('templateDatabase', await prepareTemplate(url));
  project.provide('testDatabasePrefix', prefix);
  return async () => {
    if (server) await server.remove();
    else await dropLeftOver(url, prefix);
  };
}

async function temporaryServer(): Promise<{ url: string; remove(): Promise<void> }> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'memalerts-test-'));
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  return {
    url: server.url,
    async remove() {
      await server.stop('crash');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** @returns a database that carries every migration and that nobody is connected to */
async function prepareTemplate(serverUrl: string): Promise<string> {
  const checksums = (await readMigrations()).map(({ name, checksum }) => `${name} ${checksum}`);
  const name = `template_${createHash('sha256').update(checksums.join('\n')).digest('hex').slice(0, 16)}`;
  await withClient(serverUrl, async (client) => {
    // Another run on the same server may be building the same template.
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    const draft = `${name}_draft`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft}`);
    await migrate(onDatabase(serverUrl, draft));
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

async function dropLeftOver(serverUrl: string, prefix: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    );
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
