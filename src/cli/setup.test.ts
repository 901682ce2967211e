import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { allVariables, loadConfig } from '../config.ts';
import { registry } from '../platforms/registry.ts';

const PROGRAM = fileURLToPath(new URL('memalerts.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SECRETS = allVariables().flatMap(({ variables }) => variables.filter(({ isSecret }) => isSecret));
const TWITCH = { TWITCH_CLIENT_ID: 'my-client', TWITCH_CLIENT_SECRET: 'my # "own" secret' };
const PUBLIC = { DOMAIN: 'bots.example.org', DATABASE_URL: 'postgres://bots:pass@db.example.org/bots' };

function folder() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'memalerts-setup-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const file = path.join(home, '.env');
  const read = () => readFileSync(file, 'utf8');
  const run = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}, answers = '') => {
    const child = spawn(process.execPath, [PROGRAM, 'setup', ...argv], {
      cwd: home,
      env: { PATH: process.env.PATH, ...env },
      stdio: 'pipe',
    });
    child.stdin.on('error', () => {});
    child.stdin.end(answers);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, said: stdout + stderr };
  };
  return {
    home,
    file,
    run,
    read,
    values: () => parseEnv(read()),
    mode: () => statSync(file).mode & 0o777,
    /** Secrets of the file that somebody could read on the screen. */
    shown: (said: string) => {
      const values = parseEnv(read());
      return SECRETS.filter(({ name }) => values[name] && said.includes(values[name])).map(({ name }) => name);
    },
  };
}

test('with --yes it writes a file that every process starts with, makes the secrets, and shows none; asked again it changes nothing', async () => {
  const { run, read, values, mode, shown } = folder();
  const { code, said } = await run(['--yes'], {
    ...PUBLIC,
    ...TWITCH,
    KICK_CLIENT_ID: 'k',
    KICK_CLIENT_SECRET: 'kick-secret',
  });
  expect([code, said]).toEqual([0, expect.stringContaining('Wrote .env')]);
  expect(mode()).toBe(0o600);
  for (const id of ['api', ...registry.map((platform) => platform.id)]) {
    expect(loadConfig(id, values(), true)).not.toHaveProperty('problems');
  }
  expect(values()).toMatchObject({
    ...PUBLIC,
    ...TWITCH,
    WEB_URL: 'https://bots.example.org',
    KICK_CALLBACK_URL: 'https://bots.example.org/auth/kick/link/callback',
    KICK_SEND_CHAT_URL: 'https://api.kick.com/public/v1/chat',
  });
  expect(values()).not.toHaveProperty('YOUTUBE_CALLBACK_URL');
  expect(shown(said)).toEqual([]);
  expect(said).toContain('https://bots.example.org/auth/twitch/callback');

  const before = read();
  const again = await run(['--yes']);
  expect([again.code, read()]).toEqual([0, before]);
  expect(again.said).toContain('Nothing was changed');
  const other = await folder().run(['--yes'], { ...PUBLIC, ...TWITCH });
  expect(other.said).not.toContain(values().JWT_SECRET);
});

test('what is set is not overwritten unless it is told to be, and then nothing else is', async () => {
  const { run, read, file, values, mode } = folder();
  writeFileSync(file, '# mine\nTWITCH_CLIENT_ID=old\nSELF_SIGNUP=1\nJWT_SECRET=\nOTHER_SERVICE=kept\n', {
    mode: 0o644,
  });
  chmodSync(file, 0o644);
  const before = read();
  const refused = await run(['--yes'], { ...PUBLIC, ...TWITCH });
  expect([refused.code, read()]).toEqual([1, before]);
  expect(refused.said).toMatch(/TWITCH_CLIENT_ID.* Nothing was changed.*--overwrite/);
  expect(refused.said).not.toContain('my-client');

  const { code } = await run(['--yes', '--overwrite'], { ...PUBLIC, ...TWITCH });
  expect(code).toBe(0);
  expect(read()).toMatch(
    /^# mine\nTWITCH_CLIENT_ID=my-client\nSELF_SIGNUP=1\nJWT_SECRET=[\da-f]{64}\nOTHER_SERVICE=kept\n/,
  );
  expect(values()).toMatchObject({ ...PUBLIC, ...TWITCH, OTHER_SERVICE: 'kept' });
  expect(mode()).toBe(0o600);
});

test('a copy of the example file is filled in where its lines stand', async () => {
  const { run, read, file, values } = folder();
  copyFileSync(path.join(ROOT, '.env.example'), file);
  const lines = read().split('\n').length;
  expect(await run(['--yes'], { ...PUBLIC, ...TWITCH })).toMatchObject({ code: 0 });
  expect(loadConfig('api', values(), true)).not.toHaveProperty('problems');
  expect(read().split('\n').length).toBe(lines);
});

test('with --yes and nothing else it prepares a trial on this machine, and says what only a person knows and where to get it', async () => {
  const { run, values } = folder();
  const { code, said } = await run(['--yes']);
  expect(code).toBe(0);
  expect(values()).toMatchObject({
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    WEB_URL: 'http://localhost:3001',
    TWITCH_CALLBACK_URL: 'http://localhost:3001/auth/twitch/callback',
  });
  expect(said).toContain('Still missing: TWITCH_CLIENT_ID');
  expect(said).toContain('https://dev.twitch.tv/console/apps');
  expect(said).toContain('pnpm database');
  // Later, with what was missing.
  expect(await run(['--yes'], TWITCH)).toMatchObject({ code: 0 });
  expect(loadConfig('api', values(), true)).not.toHaveProperty('problems');
});

test('it asks for what only a person knows, once more where the answer cannot be used, and not for what is set', async () => {
  const { run, values, shown } = folder();
  const answers = [
    'bots.example.org',
    'postgres://db/bots',
    'my-client',
    'my-secret',
    'n',
    'y',
    'google',
    'hush',
    '',
    '',
  ];
  const { code, said } = await run([], {}, `${answers.join('\n')}\n`);
  expect(code, said).toBe(0);
  expect(values()).toMatchObject({
    DOMAIN: 'bots.example.org',
    DATABASE_URL: 'postgres://db/bots',
    TWITCH_CLIENT_SECRET: 'my-secret',
    YOUTUBE_CLIENT_ID: 'google',
    YOUTUBE_CLIENT_SECRET: 'hush',
  });
  expect(shown(said)).toEqual([]);
  const again = await run([], {}, 'n\nn\nn\n');
  expect(again.said).not.toMatch(/DATABASE_URL|Public host/);
  expect(again.said).toContain('Nothing was changed');

  const other = folder();
  const wrong = await other.run([], {}, 'https://not-a-host/\n');
  expect(wrong.said).toMatch(/DOMAIN .*host name/);
});

test('a value of the environment that no process would take is refused by name, and nothing is written', async () => {
  const { run, file } = folder();
  const { code, said } = await run(['--yes'], { ...PUBLIC, ...TWITCH, KICK_API_BASE_URL: 'nowhere' });
  expect(code).toBe(1);
  expect(said).toMatch(/KICK_API_BASE_URL .*Nothing was written/);
  expect(existsSync(file)).toBe(false);
});

test.runIf(existsSync('/usr/bin/script'))('a secret that is typed into a terminal does not show', async () => {
  const { home, values } = folder();
  const command = `'${process.execPath}' '${PROGRAM}' setup`;
  const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
    cwd: home,
    env: { PATH: process.env.PATH, DATABASE_URL: 'postgres://db/bots', DOMAIN: 'bots.example.org', TERM: 'dumb' },
    stdio: 'pipe',
  });
  let shown = '';
  const typed = [
    [/TWITCH_CLIENT_ID \(.*: $/s, 'visible-id'],
    [/TWITCH_CLIENT_SECRET \(.*: $/s, 'typed-secret'],
    ...registry.slice(1).map(({ title }) => [new RegExp(`Serve ${title}\\?.*: $`, 's'), 'n'] as const),
  ] as const;
  let step = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
    const [awaited, answer] = typed[step] ?? [];
    if (awaited === undefined || !awaited.test(shown)) return;
    step += 1;
    child.stdin.write(`${answer}\r`);
  });
  const [code] = await once(child, 'close');
  expect(code, shown).toBe(0);
  expect(values()).toMatchObject({ TWITCH_CLIENT_ID: 'visible-id', TWITCH_CLIENT_SECRET: 'typed-secret' });
  expect(shown).toContain('visible-id');
  expect(shown).not.toContain('typed-secret');
});
