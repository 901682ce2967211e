import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import { startEmbeddedPostgres } from './embedded.ts';

const made: string[] = [];
afterAll(() => Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true }))));

async function newDataDir(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'memalerts-embedded-'));
  made.push(directory);
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

test.each(['orderly', 'crash'] as const)(
  'a server comes back on the same address with its data (%s stop)',
  async (how) => {
    const server = await startEmbeddedPostgres({ dataDir: await newDataDir(), durable: false });
    await query(server.url, 'create table kept as select 1 as value');
    await server.stop(how);
    await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(await query(server.url, 'select value from kept')).toEqual([{ value: 1 }]);
    await server.stop();
  },
);

test('a server listens on this machine alone, and lower-cases every alphabet', async () => {
  const server = await startEmbeddedPostgres({ dataDir: await newDataDir(), durable: true });
  const facts = `select current_setting('listen_addresses') as listens, current_setting('fsync') as fsync, lower('ЖÅ') as text`;
  expect(await query(server.url, facts)).toEqual([{ listens: '127.0.0.1', fsync: 'on', text: 'жå' }]);
  await server.stop();
});

test('a server that is not durable goes, data included, when its owner is killed', async () => {
  const dataDir = await newDataDir();
  const module = path.join(import.meta.dirname, 'embedded.ts');
  const program = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    console.log((await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false })).url);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(owner.stdout, 'data');
  const url = String(line).trim();
  expect(await query(url, 'select 1 as up')).toEqual([{ up: 1 }]);
  owner.kill('SIGKILL');
  await vi.waitFor(() => expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED'), 10_000);
  await vi.waitFor(() => expect(existsSync(dataDir)).toBe(false), 10_000);
});
