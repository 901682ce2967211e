import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readMigrations } from '../src/db/migrate.ts';
import { createTestDatabase } from './support/database.ts';
import { startApiProcess, startWorkerProcess } from './support/processes.ts';

const root = path.join(import.meta.dirname, '..');
// Inside the repository, so that what is built finds its packages; beside a manifest, as dist is.
const home = path.join(root, 'node_modules/.cache', `build-test-${process.pid}`);
const outDir = path.join(home, 'dist');
const ENV = {
  JWT_SECRET: 'a test secret that nobody guesses',
  TWITCH_CLIENT_ID: 'client',
  TWITCH_CLIENT_SECRET: 'secret',
  TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
  TWITCH_API_BASE_URL: 'http://127.0.0.1:9',
  TWITCH_AUTH_BASE_URL: 'http://127.0.0.1:9',
  CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
  CHAT_BOT_LOGIN: 'somebody',
};
beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.ts', outDir], { cwd: root, stdio: 'pipe' });
  copyFileSync(path.join(root, 'package.json'), path.join(home, 'package.json'));
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('what is built migrates an empty database without the sources, and its API and worker run on it', async () => {
  const { url } = await createTestDatabase({ empty: true, forTest: true });
  const program = `
    const { migrate } = await import(${JSON.stringify(pathToFileURL(path.join(outDir, 'db/migrate.js')).href)});
    console.log(JSON.stringify(await migrate(process.argv[1])));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program, url], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual((await readMigrations()).map(({ name }) => name));

  const env = { ...ENV, DATABASE_URL: url, NODE_ENV: 'development' };
  const processes = await Promise.all([
    startApiProcess(env, path.join(outDir, 'api/main.js')),
    startWorkerProcess(env, path.join(outDir, 'bots/chatbotRunner.js')),
  ]);
  for (const running of processes) {
    await running.ready();
    expect(await running.kill('SIGTERM')).toBe(0);
  }
}, 60_000);

test('the operator’s command works from what is built as from the sources, without packages for development', async () => {
  const { url } = await createTestDatabase({ empty: true, forTest: true });
  // As a production install is: what was built, the manifest, the packages it needs to run, and no sources.
  const install = mkdtempSync(path.join(os.tmpdir(), 'memalerts-install-'));
  onTestFinished(() => rmSync(install, { recursive: true, force: true }));
  cpSync(outDir, path.join(install, 'dist'), { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(install, 'package.json'), JSON.stringify(manifest));
  for (const name of Object.keys(manifest.dependencies)) {
    const target = path.join(install, 'node_modules', name);
    mkdirSync(path.dirname(target), { recursive: true });
    symlinkSync(realpathSync(path.join(root, 'node_modules', name)), target);
  }
  // The command line that `pnpm memalerts …` hands to the shell.
  const memalerts = (...argv: string[]) =>
    spawnSync('sh', ['-c', [manifest.scripts.memalerts, ...argv].join(' ')], {
      cwd: install,
      env: { PATH: process.env.PATH, DATABASE_URL: url },
      encoding: 'utf8',
    });
  expect(memalerts('migrate')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Applied 0001/) });
  expect(memalerts('migrate')).toMatchObject({ status: 0, stdout: 'The database schema is up to date.\n' });
  expect(memalerts('grant-admin', '--login', 'nobody')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Nobody has signed in as nobody'),
  });
  const { status, stdout } = memalerts('doctor', '--json', '--lang', 'ru');
  expect(status).toBe(1);
  expect(JSON.parse(stdout).findings).toContainEqual(
    expect.objectContaining({ cause: 'database_ready', verdict: 'ok', text: expect.stringContaining('База отвечает') }),
  );
});

test('what is built is production by itself: without a key it says how to make one, and its cookies are Secure', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const bare = { ...ENV, DATABASE_URL: url };
  const refused = await Promise.all([
    startApiProcess(bare, path.join(outDir, 'api/main.js')),
    startWorkerProcess(bare, path.join(outDir, 'bots/chatbotRunner.js')),
  ]);
  for (const process of refused) {
    await expect.poll(() => process.isRunning, { timeout: 20_000 }).toBe(false);
    expect(await process.kill('SIGTERM')).toBe(1);
    expect(process.lines).toHaveLength(1);
    expect(process.lines[0]).toContain('openssl rand -base64 32');
    expect(process.lines[0]).toContain('NODE_ENV=development');
  }
  const key = Buffer.alloc(32).toString('base64');
  const callback = { TWITCH_CALLBACK_URL: 'https://bots.memalerts.com/auth/twitch/callback' };
  const api = await startApiProcess(
    { ...bare, ...callback, CREDENTIALS_ENCRYPTION_KEY: key, DOMAIN: 'bots.memalerts.com' },
    path.join(outDir, 'api/main.js'),
  );
  await api.ready();
  const { headers } = await fetch(`${api.url}/auth/twitch`, { redirect: 'manual' });
  expect(headers.get('set-cookie')).toContain('; Secure');
  // The overlay is sent as it was written, also the part that is compiled for the API.
  for (const file of ['page.js', 'style.js']) {
    const sent = await fetch(`${api.url}/overlay/credits/files/${file}`);
    expect(await sent.text()).toBe(readFileSync(path.join(root, 'src/overlay', file), 'utf8'));
  }
}, 60_000);

test('scripts run on the pinned Node, whatever the host has, and a signal reaches it with no shell in between', () => {
  expect(process.version).toMatch(/^v24\./);
  expect(realpathSync(path.join(root, 'node_modules/.bin/node'))).toBe(process.execPath);
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const longRunning = Object.keys(scripts).filter((name) => /^(start|demo)/.test(name));
  expect(longRunning.filter((name) => !scripts[name].startsWith('exec node '))).toEqual([]);
});
