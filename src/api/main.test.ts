import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { send } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();
const ENV = {
  HOST: '127.0.0.1',
  PORT: '0',
  DATABASE_URL: url,
  JWT_SECRET: 'a test secret that nobody guesses',
  TWITCH_CLIENT_ID: 'cid',
  TWITCH_CLIENT_SECRET: 'shh',
  TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
  TWITCH_API_BASE_URL: 'http://127.0.0.1:9',
  TWITCH_AUTH_BASE_URL: 'http://127.0.0.1:9',
};

interface Line {
  readonly event: string;
  readonly level: string;
  readonly key?: string;
  readonly problem?: string;
  readonly port?: number;
  readonly errorMessage?: string;
}

/** The process as operators start it; what it logs, line by line. */
function start(env: Record<string, string | undefined>): { process: ChildProcess; lines: Line[] } {
  const process = spawn(globalThis.process.execPath, [path.join(import.meta.dirname, 'main.ts')], {
    // Away from any .env file.
    cwd: '/',
    env: { PATH: globalThis.process.env.PATH, NODE_COMPILE_CACHE: globalThis.process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void process.kill('SIGKILL'));
  const lines: Line[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) lines.push(JSON.parse(part));
    });
  }
  return { process, lines };
}

async function exitOf(process: ChildProcess): Promise<number | null> {
  const [code] = await once(process, 'close');
  return code;
}

test('every variable that is missing is named in one line of its own, and the process ends with 1', async () => {
  const { process, lines } = start({});
  expect(await exitOf(process)).toBe(1);
  expect(lines.map(({ event, key }) => [event, key])).toEqual(
    ['DATABASE_URL', 'JWT_SECRET', 'TWITCH_CLIENT_ID', 'TWITCH_CLIENT_SECRET', 'TWITCH_EVENTSUB_SECRET'].map((key) => [
      'api.missing_env',
      key,
    ]),
  );
  for (const { problem, key } of lines) expect(problem).toContain(`${key} is not set`);
});

test.each([
  [{ NODE_ENV: 'production' }, 'CREDENTIALS_ENCRYPTION_KEY'],
  [{ TWITCH_EVENTSUB_SECRET: 'short' }, 'TWITCH_EVENTSUB_SECRET'],
  [{ WEB_URL: 'panel' }, 'WEB_URL'],
  [{ JWT_EXPIRES_IN: 'soon' }, 'JWT_EXPIRES_IN'],
])('%o is refused, naming %s', async (env, key) => {
  const { process, lines } = start({ ...ENV, ...env });
  expect(await exitOf(process)).toBe(1);
  expect(lines.map((line) => line.key)).toEqual([key]);
});

test('an address of no database and a port that is taken are refused in one line', async () => {
  const schema = start({ ...ENV, DATABASE_URL: `${url}?schema=other` });
  expect(await exitOf(schema.process)).toBe(1);
  expect(schema.lines).toMatchObject([
    { key: 'DATABASE_URL', problem: expect.stringContaining('schema of DATABASE_URL must be public') },
  ]);

  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const port = String((taken.address() as net.AddressInfo).port);
  const second = start({ ...ENV, PORT: port });
  expect(await exitOf(second.process)).toBe(1);
  expect(second.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { event: 'api.fatal', errorMessage: expect.stringContaining('EADDRINUSE') },
  ]);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'it says where it listens, answers, and %s ends it with 0',
  async (signal) => {
    const { process, lines } = start({ ...ENV, REDIS_URL: 'redis://somewhere' });
    const started = () => lines.find(({ event }) => event === 'api.started');
    await expect.poll(started, { timeout: 15_000 }).toBeDefined();
    expect(lines.filter(({ event }) => event === 'api.config')).toMatchObject([
      { warning: expect.stringContaining('REDIS_URL is ignored') },
    ]);
    const { status, json } = await send(started()?.port ?? 0, 'GET', '/readyz');
    expect([status, json]).toEqual([200, { status: 'ready', reasons: [], warnings: [] }]);
    process.kill(signal);
    expect(await exitOf(process)).toBe(0);
    expect(lines.at(-1)?.event).toBe('api.stopped');
  },
);

test('without a database it starts, is not ready, and does not end', async () => {
  const { process, lines } = start({ ...ENV, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' });
  const started = () => lines.find(({ event }) => event === 'api.started');
  await expect.poll(started, { timeout: 15_000 }).toBeDefined();
  expect((await send(started()?.port ?? 0, 'GET', '/readyz')).status).toBe(503);
  expect(process.exitCode).toBeNull();
  process.kill('SIGTERM');
  expect(await exitOf(process)).toBe(0);
});
