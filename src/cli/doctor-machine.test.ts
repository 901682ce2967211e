import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { EVENTSUB_SECRET, JWT_SECRET, startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { consult, doctorWorld } from '../../test/support/doctor-world.ts';
import { pooler } from '../../test/support/pooler.ts';
import { ShiftedClock } from '../../test/support/shifted-clock.ts';
import { tlsLine } from '../../test/support/tls-line.ts';
import { systemClock } from '../lib/clock.ts';
import { createHttpClient, type HttpClient } from '../lib/http.ts';
import { createTokenSeal } from '../lib/token-seal.ts';
import { runDoctor } from './doctor.ts';

const { url } = await createTestDatabase();
/** Of an API and a Twitch worker, and complete. */
const ENV = {
  DATABASE_URL: url,
  PORT: '0',
  JWT_SECRET,
  TWITCH_CLIENT_ID: 'cid',
  TWITCH_CLIENT_SECRET: 'shh',
  TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
  CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
};
const first = async (env: Record<string, string>) => {
  const { findings, exitCode } = await consult({ ...ENV, ...env });
  const { cause, verdict, action, data } = findings[0] ?? expect.fail('there was to be a finding');
  return { cause, verdict, action, exitCode, variable: data.variable ?? null };
};
const databaseWith = (change: (address: URL) => void) => {
  const address = new URL(url);
  change(address);
  return { DATABASE_URL: address.href };
};

/** A program of somebody else's. */
async function stranger(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test.for([
  ['not set', { JWT_SECRET: '' }, 'variable_missing', 'JWT_SECRET'],
  ['no number', { CHATBOT_HEALTH_PORT: 'many' }, 'variable_malformed', 'CHATBOT_HEALTH_PORT'],
  ['a wrong address of a platform', { KICK_API_BASE_URL: 'kick' }, 'variable_malformed', 'KICK_API_BASE_URL'],
  ['a public host outside production', { DOMAIN: 'bots.memalerts.com' }, 'variables_contradict', 'DOMAIN'],
  ['guessable in production', { NODE_ENV: 'production', JWT_SECRET: 'x' }, 'variable_insecure', 'JWT_SECRET'],
  ['no relay list', { CHATBOT_BACKEND_BASE_URLS: '' }, 'relay_list_missing', 'CHATBOT_BACKEND_BASE_URLS'],
  ['no database', { DATABASE_URL: '' }, 'variable_missing', 'DATABASE_URL'],
  ['no address of a database', { DATABASE_URL: 'mysql://x' }, 'variable_malformed', 'DATABASE_URL'],
] as const)('a variable that stops a process is told: %s', async ([, env, cause, variable]) => {
  expect(await first({ CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'), ...env })).toMatchObject({
    cause,
    verdict: 'broken',
    action: 'set_variable',
    variable,
  });
});

test('what keeps the database from being used is told apart: password, encryption, tables, a pooler, a standby', async () => {
  const { url: empty } = await createTestDatabase({ empty: true, forTest: true });
  const { url: older } = await createTestDatabase({ forTest: true });
  const admin = new pg.Pool({ connectionString: older });
  onTestFinished(() => admin.end());
  await admin.query(`delete from schema_migration where name = (select max(name) from schema_migration)`);
  await admin.query(`create role doctor_tls login password 'right'`);
  onTestFinished(async () => {
    await admin.query('drop role doctor_tls');
  });
  const unknown = { verdict: 'broken', exitCode: 2 };
  expect(await first({ DATABASE_URL: empty })).toMatchObject({
    ...unknown,
    cause: 'schema_missing',
    action: 'run_migrations',
  });
  expect(await first({ DATABASE_URL: older })).toMatchObject({ ...unknown, cause: 'schema_missing' });
  const nobody = databaseWith((address) => {
    address.username = 'nobody_of_that_name';
  });
  expect(await first(nobody)).toMatchObject({ ...unknown, cause: 'database_password_refused' });
  const encrypted = databaseWith((address) => address.searchParams.set('sslmode', 'require'));
  expect(await first(encrypted)).toMatchObject({ ...unknown, cause: 'database_tls_failed' });
  const line = await tlsLine(url);
  const untrusted = new URL(line.url);
  untrusted.search = '?sslmode=verify-full';
  expect(await first({ DATABASE_URL: untrusted.href })).toMatchObject({ ...unknown, cause: 'database_tls_failed' });
  expect((await first({ DATABASE_URL: line.url })).cause).not.toBe('database_tls_failed');
  expect((await first({ DATABASE_URL: (await pooler(url, 'transaction')).url })).cause).toBe('transaction_pooler');
  await admin.query(
    `alter role doctor_tls set default_transaction_read_only = on; grant pg_read_all_data to doctor_tls`,
  );
  const standby = databaseWith((address) => {
    address.username = 'doctor_tls';
    address.password = 'right';
  });
  expect(await first(standby)).toMatchObject({ cause: 'cannot_write', exitCode: 1 });
});

test('a port that another program holds is told, and one where our own process answers is not', async () => {
  const port = String(await stranger());
  const taken = await consult({ ...ENV, PORT: port });
  expect(taken.findings).toContainEqual(
    expect.objectContaining({ cause: 'port_taken', verdict: 'broken', data: { port: Number(port) } }),
  );
  const health = await consult({ ...ENV, CHATBOT_HEALTH_PORT: port });
  expect(health.findings.map(({ cause }) => cause)).toContain('port_taken');
  const api = await startApiWorld(url);
  const { findings } = await consult({ ...ENV, PORT: String(api.port), CHATBOT_BACKEND_BASE_URLS: api.url });
  expect(findings.map(({ cause }) => cause)).not.toContain('port_taken');
});

test('a key that is lost is told apart from keys that differ between processes', async () => {
  const world = await doctorWorld();
  const other = { ...world.env, CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64') };
  expect((await consult(other)).findings[0]).toMatchObject({ cause: 'encryption_keys_differ', verdict: 'broken' });
  const seal = createTokenSeal([Buffer.alloc(32, 5)]);
  const lost = [seal.seal('access'), seal.seal('refresh')];
  await world.pg.query('update "ExternalAccount" set "accessToken" = $1, "refreshToken" = $2', lost);
  const found = await consult(world.env);
  expect(found).toMatchObject({ exitCode: 1 });
  expect(found.findings[0]).toMatchObject({ cause: 'encryption_key_missing', action: 'set_variable' });
});

test('what only the API saw is told: when it was delivered something, and a signature that does not fit', async () => {
  const { api, env } = await doctorWorld();
  const deliver = (id: string, type: string, body: string, secret: string) => {
    const time = new Date().toISOString();
    const headers = {
      'twitch-eventsub-message-id': id,
      'twitch-eventsub-message-timestamp': time,
      'twitch-eventsub-message-signature': `sha256=${createHmac('sha256', secret)
        .update(id + time + body)
        .digest('hex')}`,
      'twitch-eventsub-message-type': type,
      'content-type': 'application/json',
    };
    return api.ask(null, 'POST', '/webhooks/twitch/eventsub', { headers, raw: body });
  };
  const deliveredAt = async () =>
    (await consult(env)).findings.find(({ cause }) => cause === 'webhook_address_right')?.data.deliveredAt;
  expect(await deliveredAt()).toBe(null);
  const challenge = JSON.stringify({ challenge: 'say this' });
  expect((await deliver('m1', 'webhook_callback_verification', challenge, EVENTSUB_SECRET)).status).toBe(200);
  expect(await deliveredAt()).toMatch(/Z$/);
  expect((await deliver('m2', 'notification', '{}', 'another secret')).status).toBe(403);
  expect((await consult(env)).findings[0]).toMatchObject({
    cause: 'webhook_signature_refused',
    action: 'fix_webhook_address',
    scope: { provider: 'twitch' },
  });
});

test('an API that does not take our word is told as one that says nothing of itself, and nothing is called well for it', async () => {
  const secret = { INTERNAL_RELAY_SECRET: 'a relay secret of more than 32 characters' };
  const api = await startApiWorld(url, { env: secret });
  const env = { ...ENV, CHATBOT_BACKEND_BASE_URLS: api.url };
  const causes = async (more: Record<string, string>) =>
    (await consult({ ...env, ...more })).findings.map(({ cause }) => cause);
  expect(await causes(secret)).toContain('api_reachable');
  const strange = await causes({ INTERNAL_RELAY_SECRET: 'another secret of more than 32 characters' });
  expect(strange).toContain('api_silent_about_itself');
  expect(strange).not.toContain('api_reachable');
});

test('a look that fails in a way nobody foresaw is a finding, and the others go on', async () => {
  const { findings, exitCode } = await consult({ ...ENV, HOST: 'no host', PORT: '4711' });
  expect(findings).toContainEqual(expect.objectContaining({ cause: 'look_failed', verdict: 'unknown' }));
  expect(findings.map(({ cause }) => cause)).toContain('database_ready');
  expect(exitCode).toBe(1);
});

test('an address that no delivery can reach is told by the variables, whatever the API was started with', async () => {
  const { env } = await doctorWorld();
  const url = 'https://bots.example/webhooks/other';
  const { findings } = await consult({ ...env, TWITCH_WEBHOOK_CALLBACK_URL: url });
  expect(findings[0]).toMatchObject({
    cause: 'webhook_address_wrong',
    action: 'fix_webhook_address',
    scope: { provider: 'twitch' },
    data: { url },
  });
});

test('a Twitch without a public host is no fault: its chat needs no webhook', async () => {
  const { env } = await doctorWorld({ TWITCH_WEBHOOK_CALLBACK_URL: '' });
  const { findings, exitCode } = await consult(env);
  expect(findings.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
  expect(exitCode).toBe(0);
});

test('a clock that is ten minutes ahead is told, by this machine', async () => {
  const { env } = await doctorWorld();
  const clock = new ShiftedClock();
  clock.setWall(600_000);
  const { output } = await runDoctor(['--json'], { env, clock, http: createHttpClient(2000) });
  expect(JSON.parse(output).findings[0]).toMatchObject({ cause: 'clock_ahead', action: 'correct_clock' });
});

test('the public address is asked for the API itself, and a host that only this machine knows is not', async () => {
  const asked: string[] = [];
  const answering =
    (name: string): HttpClient =>
    async (address) => {
      asked.push(address);
      const answer = { status: 'ok', build: { name } };
      return { status: 200, header: () => null, text: JSON.stringify(answer), json: () => answer };
    };
  const look = async (http: HttpClient, env: Record<string, string>) => {
    const { output } = await runDoctor(['--json'], { env: { ...ENV, ...env }, clock: systemClock, http });
    const findings: { cause: string; data: { url?: string } }[] = JSON.parse(output).findings;
    return findings
      .filter(({ cause }) => cause.startsWith('public_address'))
      .map(({ cause, data }) => [cause, data.url]);
  };
  const place = { NODE_ENV: 'production', DOMAIN: 'bots.memalerts.com' };
  expect(await look(answering('memalerts-bots'), place)).toEqual([
    ['public_address_reachable', 'https://bots.memalerts.com'],
  ]);
  const hook = { ...place, KICK_WEBHOOK_CALLBACK_URL: 'https://hooks.memalerts.com/webhooks/kick/events' };
  expect(await look(answering('another'), hook)).toEqual([
    ['public_address_unreachable', 'https://bots.memalerts.com'],
    ['public_address_unreachable', 'https://hooks.memalerts.com'],
  ]);
  asked.length = 0;
  expect(await look(answering('another'), { DOMAIN: 'bots.example' })).toEqual([]);
  expect(asked.filter((address) => address.includes('example'))).toEqual([]);
});
