import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { freePort } from '../lib/free-port.ts';

const PATIENCE = { timeout: 40_000, interval: 50 };
const WORKERS = ['chatbot', 'kickChatbot', 'trovoChatbot', 'vkvideoChatbot', 'youtubeChatbot'];
/** Off unless it is switched on. */
const OFF = 'vkvideoChatbot';
const NOWHERE = 'http://127.0.0.1:9';
const PROGRAM = fileURLToPath(new URL('start-all.ts', import.meta.url));
const API = {
  HOST: '127.0.0.1',
  DATABASE_URL: 'postgres://127.0.0.1:9/none',
  JWT_SECRET: 'a test secret that nobody guesses',
  TWITCH_CLIENT_ID: 'cid',
  TWITCH_CLIENT_SECRET: 'shh',
  TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
  TWITCH_API_BASE_URL: `${NOWHERE}/helix`,
  TWITCH_AUTH_BASE_URL: `${NOWHERE}/oauth2`,
  TWITCH_IRC_URL: 'ws://127.0.0.1:9',
};

/** The group as `command` starts it; its lines are objects, whoever wrote them. */
function startGroup(env: Readonly<Record<string, string>>, command: readonly string[] = [process.execPath, PROGRAM]) {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: os.tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.map((line) => JSON.parse(line)));
    });
  }
  onTestFinished(() => void child.kill('SIGTERM'));
  const told = (event: string) => lines.filter((line) => line.event === event);
  const closed = once(child, 'close');
  return { child, lines, told, closed };
}

async function statusAt(port: number, page = 'readyz'): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/${page}`);
  await answer.arrayBuffer();
  return answer.status;
}

/** Process ids of all that `pid` started, at any depth. */
function descendantsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children.map(Number).flatMap((child) => [child, ...descendantsOf(child)]);
}

test('API and workers run in one group, each worker with a health port of its own, and one wish to stop that reaches everybody several times, as from a Ctrl-C or systemd, ends all in order', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const [apiPort, firstPort] = [await freePort(), await freePort()];
  // In the order of their names, those that are switched off included.
  const workerPorts = WORKERS.flatMap((name, index) => (name === OFF ? [] : [firstPort + index]));
  const { child, lines, told, closed } = startGroup({
    ...API,
    DATABASE_URL: url,
    PORT: String(apiPort),
    CHATBOT_BACKEND_BASE_URLS: `http://127.0.0.1:${apiPort}`,
    CHATBOT_HEALTH_PORT: String(firstPort),
  });
  await vi.waitFor(async () => {
    for (const port of [apiPort, ...workerPorts]) expect(await statusAt(port), JSON.stringify(lines)).toBe(200);
  }, PATIENCE);
  expect(told('start_all.ended')).toMatchObject([{ process: OFF, cause: 'exit code 0' }]);
  const pids = [child.pid ?? 0, ...descendantsOf(child.pid ?? 0)];
  expect(pids.length).toBe(1 + 1 + workerPorts.length);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGTERM'] as const) for (const pid of pids) process.kill(pid, signal);

  const [exitCode] = await closed;
  expect(exitCode, JSON.stringify(lines)).toBe(0);
  expect(told('start_all.died')).toEqual([]);
  expect(told('start_all.stopping')).toHaveLength(1);
  expect(told('start_all.stopped')).toHaveLength(1);
  // Nobody was killed on the way: each said that it stops, once.
  expect(told('api.stopped')).toHaveLength(1);
  expect(lines.filter(({ event }) => /chatbot\.stopping$/.test(String(event)))).toHaveLength(workerPorts.length);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
}, 90_000);

test('a process that lacks a variable is held back with one line that names it; the others run', async () => {
  const port = await freePort();
  const { child, told, closed } = startGroup({ ...API, PORT: String(port) });
  await vi.waitFor(async () => expect(await statusAt(port, 'health')).toBe(200), PATIENCE);
  expect(told('start_all.held_back').map(({ process }) => process)).toEqual(WORKERS.filter((name) => name !== OFF));
  expect(told('start_all.held_back')[0]).toMatchObject({
    level: 'error',
    missing: ['CHATBOT_BACKEND_BASE_URLS'],
    problem: expect.stringContaining('http://127.0.0.1:3001'),
  });
  child.kill('SIGTERM');
  const [exitCode] = await closed;
  expect(exitCode).toBe(0);
  expect(told('start_all.died')).toEqual([]);
}, 60_000);

test('where every process lacks a variable the group says so and ends with code 1', async () => {
  const { told, closed } = startGroup({ VKVIDEO_CHAT_BOT_ENABLED: '1' });
  const [exitCode] = await closed;
  expect(exitCode).toBe(1);
  expect(told('start_all.held_back').map(({ process }) => process)).toEqual(['api', ...WORKERS]);
  expect(told('start_all.held_back')[0]?.missing).toContain('DATABASE_URL');
});

test.runIf(process.platform === 'linux')(
  'a package runner that ends at SIGTERM without passing it on ends the group in order all the same',
  async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'memalerts-runner-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    // As `npx pnpm start:all` looks from below: a runner, its shell, the next runner, and us.
    const [outer, inner] = [path.join(folder, 'npx'), path.join(folder, 'pnpm')];
    writeFileSync(outer, `sh -c 'sh "$0"; true' '${inner}'\ntrue\n`);
    writeFileSync(inner, `'${process.execPath}' '${PROGRAM}'\ntrue\n`);
    const port = await freePort();
    const { child, told, closed } = startGroup({ ...API, PORT: String(port) }, ['sh', outer]);
    await vi.waitFor(async () => expect(await statusAt(port, 'health')).toBe(200), PATIENCE);
    const pids = descendantsOf(child.pid ?? 0);
    expect(pids.length).toBeGreaterThanOrEqual(4);
    child.kill('SIGTERM');
    await closed;
    expect(told('start_all.stopping')).toMatchObject([{ cause: 'launcher_gone' }]);
    expect(told('api.stopped')).toHaveLength(1);
    expect(told('start_all.stopped')).toHaveLength(1);
    await vi.waitFor(() => {
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    }, PATIENCE);
  },
  60_000,
);
