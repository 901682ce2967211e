import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { explainUnavailable, isMissingSchema, isUnavailable } from './failures.ts';
import { createPool } from './pool.ts';

const { url } = await createTestDatabase();
const admin = new pg.Pool({ connectionString: url, max: 4 });
afterAll(() => admin.end());

function open(databaseUrl = url) {
  const pool = createPool(databaseUrl, { applicationName: 'failures-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  return pool;
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it was to fail'),
    (error: unknown) => error,
  );

/** A role that may log in and use the tables, and what else is said of it. */
async function urlOfRole(name: string, ...alterations: string[]): Promise<string> {
  await admin.query(`create role ${name} login password 'right'; grant pg_write_all_data, pg_read_all_data to ${name}`);
  onTestFinished(async () => {
    await admin.query(`drop role ${name}`);
  });
  for (const alteration of alterations) await admin.query(`alter role ${name} ${alteration}`);
  const address = new URL(url);
  address.username = name;
  address.password = 'right';
  return address.href;
}

/** A server that answers every connection with these bytes and ends it. */
async function answering(bytes: Buffer): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `postgres://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`;
}

function errorResponse(severity: string, code: string, message: string): Buffer {
  const fields = Buffer.from(`S${severity}\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

const write = `insert into "Channel" (slug, name) values ('x', 'x')`;

const STATES: readonly [string, RegExp, () => Promise<unknown>][] = [
  [
    'takes no writes',
    /takes no writes/,
    async () => failureOf(open(await urlOfRole('reader', 'set default_transaction_read_only = on')).pg.query(write)),
  ],
  [
    'no longer lets the role in',
    /user or the password/,
    async () => failureOf(open(await urlOfRole('outcast', 'nologin')).pg.query('select 1')),
  ],
  [
    'has no connection left for the role',
    /no free connection/,
    async () => failureOf(open(await urlOfRole('crowd', 'connection limit 0')).pg.query('select 1')),
  ],
  [
    'has no room left for temporary files',
    /run out of a resource/,
    async () => {
      const { pg: pool } = open(await urlOfRole('spiller'));
      await admin.query('grant set on parameter temp_file_limit to spiller');
      onTestFinished(async () => {
        await admin.query('revoke set on parameter temp_file_limit from spiller');
      });
      const client = await pool.connect();
      await client.query(`set temp_file_limit = 0; set work_mem = '64kB'`);
      const failure = await failureOf(
        client.query('select i, repeat(i::text, 9) from generate_series(1, 1e5) i order by 2'),
      );
      client.release();
      return failure;
    },
  ],
  [
    'has its table locked',
    /holds a lock/,
    async () => {
      const holder = await admin.connect();
      await holder.query('begin; lock table "Channel"');
      const client = await open().pg.connect();
      await client.query(`set lock_timeout = '20ms'`);
      const failure = await failureOf(client.query(write));
      client.release();
      await holder.query('rollback');
      holder.release();
      return failure;
    },
  ],
  [
    'cancels what takes too long',
    /took too long/,
    async () => {
      const client = await open().pg.connect();
      await client.query(`set statement_timeout = '20ms'`);
      const failure = await failureOf(client.query('select pg_sleep(5)'));
      client.release();
      return failure;
    },
  ],
  [
    'speaks no TLS although it has to',
    /SSL/,
    async () => failureOf(open(`${url}${url.includes('?') ? '&' : '?'}sslmode=verify-full`).pg.query('select 1')),
  ],
  [
    'breaks off the TLS handshake',
    /cannot be reached/,
    async () => failureOf(open(`${await answering(Buffer.from('S'))}?sslmode=verify-full`).pg.query('select 1')),
  ],
  ['does not exist', /does not exist/, async () => failureOf(open(`${url}_gone`).pg.query('select 1'))],
  [
    'is kept away by a pooler',
    /refuses the connection/,
    async () => {
      const refusal = errorResponse('FATAL', '08P01', 'unsupported startup parameter: options');
      return failureOf(open(await answering(refusal)).pg.query('select 1'));
    },
  ],
  [
    'ends the connection with an error of its own kind',
    /cannot be reached/,
    async () =>
      failureOf(open(await answering(errorResponse('FATAL', 'XX000', 'Tenant not found'))).pg.query('select 1')),
  ],
  [
    'is found at no address',
    /cannot be reached: .*ECONNREFUSED/,
    async () => failureOf(open('postgres://nobody@localhost:1/none').pg.query('select 1')),
  ],
];

test.each(STATES)('a database that %s is unavailable, and an operator is told why', async (_, sentence, fail) => {
  const error = await fail();
  expect(isUnavailable(error)).toBe(true);
  expect(isMissingSchema(error)).toBe(false);
  expect(explainUnavailable(error)).toMatch(sentence);
  expect(explainUnavailable(new Error('a migration failed', { cause: error }))).toMatch(sentence);
});

test('errors of other sockets, and of our own statements, are nothing of the database’s', async () => {
  const foreign = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  const ours = [await failureOf(open().pg.query('select nothing')), await failureOf(open().pg.query('selct 1'))];
  for (const error of [foreign, ...ours, null, 'text']) {
    expect(isUnavailable(error)).toBe(false);
    expect(explainUnavailable(error)).toBe(null);
  }
});

test.each(['query', 'transaction'])(
  'a connection to a server that takes no writes is not used again after a %s',
  async (way) => {
    const { db, pg: pool } = open(await urlOfRole(`demoted_${way}`, 'set default_transaction_read_only = on'));
    const pidOf = async () => (await pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    const before = await pidOf();
    const row = { slug: 'x', name: 'x' };
    const failure = await failureOf(
      way === 'query'
        ? db.insertInto('Channel').values(row).execute()
        : db.transaction().execute((tx) => tx.insertInto('Channel').values(row).execute()),
    );
    expect(isUnavailable(failure)).toBe(true);
    expect(await pidOf()).not.toBe(before);
  },
);
