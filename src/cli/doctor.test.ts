import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { type Consultation, consult, doctorWorld } from '../../test/support/doctor-world.ts';
import { systemClock } from '../lib/clock.ts';
import { createHttpClient } from '../lib/http.ts';
import { runDoctor } from './doctor.ts';

const NOWHERE = 'postgres://somebody:hidden-word@127.0.0.1:9/nothing';
const deps = { env: {}, clock: systemClock, http: createHttpClient(2000) };

const causes = ({ findings }: Consultation, verdict: string) =>
  findings.filter((finding) => finding.verdict === verdict).map(({ cause }) => cause);
const refusal = (env: Record<string, string>, ...argv: string[]) =>
  runDoctor(argv, { ...deps, env }).then(
    ({ output }) => `no refusal: ${output}`,
    (error: Error) => error.message,
  );

test('on a healthy system nothing is broken, every check is told, no secret is shown, and the exit code is 0', async () => {
  const world = await doctorWorld();
  const found = await consult(world.env);
  expect(found).toMatchObject({ exitCode: 0, verdict: 'ok', output: expect.stringContaining('All is well.') });
  expect(causes(found, 'ok').sort()).toEqual(
    [
      ...['database_ready', 'variables_right', 'stored_tokens_readable', 'api_reachable', 'platform_reachable'],
      ...['webhook_address_right', 'worker_ready', 'default_bot'],
      ...['bot_on', 'worker_ready', 'default_bot', 'chat_read', 'nothing_waits'],
    ].sort(),
  );
  const keys = ['action', 'cause', 'check', 'data', 'scope', 'since', 'text', 'verdict', 'who'];
  for (const finding of found.findings) expect(Object.keys(finding)).toEqual(expect.arrayContaining(keys));

  const russian = await consult(world.env, '--lang', 'ru', '--channel', 'NorthPine', '--provider', 'twitch');
  expect(russian).toMatchObject({ exitCode: 0, output: expect.stringContaining('Всё в порядке.') });
  expect(new Set(russian.findings.map(({ scope }) => scope.provider))).toEqual(new Set([null, 'twitch']));

  await world.pg.query('update "BotWorker" set facts = null');
  const older = await consult(world.env);
  expect(older).toMatchObject({ exitCode: 2, verdict: 'unknown' });
  expect(older.findings[0]).toMatchObject({ verdict: 'unknown', cause: 'worker_silent_about_itself' });

  await world.sim.stop();
  const alone = await consult(world.env, '--provider', 'twitch');
  expect(alone.exitCode).not.toBe(0);
  expect(alone.findings).toContainEqual(
    expect.objectContaining({ verdict: 'unknown', cause: 'platform_unreachable', check: 'network' }),
  );
  await world.api.close();
  const last = await consult(world.env);
  expect(causes(last, 'broken')).toContain('relay_unreachable');
  const everything = [found, russian, older, alone, last].map((each) => each.output + JSON.stringify(each)).join('');
  for (const secret of world.secrets) expect(everything).not.toContain(secret);
});

test('without a database the exit code is 2, its finding comes first, and what the machine sees is told all the same', async () => {
  const found = await consult({ DATABASE_URL: NOWHERE, PORT: '0' });
  expect(found).toMatchObject({ exitCode: 2, verdict: 'unknown' });
  expect(found.findings[0]).toMatchObject({ cause: 'database_unavailable', action: 'set_variable', who: 'operator' });
  expect(causes(found, 'broken')).toEqual(expect.arrayContaining(['variable_missing', 'relay_list_missing']));
  expect(causes(found, 'ok')).toEqual([]);
  expect(found.output + JSON.stringify(found)).not.toContain('hidden-word');
});

test('an option that cannot be understood is refused in a sentence that names it and what is known', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const env = { DATABASE_URL: url };
  expect(await refusal(env, '--provider', 'icq')).toBe(
    '--provider must be one of twitch, vkvideo, youtube, trovo, kick, not icq',
  );
  expect(await refusal(env, '--channel', 'nobody')).toBe(
    '--channel names nobody, and no channel has that slug. There is no channel.',
  );
  expect(await refusal(env, '--lang', 'de')).toBe('--lang must be ru or en, not de');
  expect(await refusal(env, '--env', '/no/such/file')).toBe('--env names /no/such/file, which cannot be read');
  expect(await refusal(env, '--jsn')).toContain("Unknown option '--jsn'. The doctor knows --channel SLUG");
});

test('a channel of which every bot is off is looked at when it is asked for', async () => {
  const { env, pg } = await doctorWorld();
  await pg.query(`insert into "Channel" (slug, name) values ('quiet', 'Quiet')`);
  const found = await consult(env, '--channel', 'quiet', '--provider', 'kick');
  expect(found.exitCode).toBe(0);
  expect(found.findings.filter(({ scope }) => scope.slug === 'quiet')).toMatchObject([
    { cause: 'bot_off', verdict: 'off', action: 'switch_on', scope: { provider: 'kick' } },
  ]);
});

test('the command ends with the code, speaks the language of the system, and reads the file that is named', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'variables');
  writeFileSync(file, `DATABASE_URL=${NOWHERE}\nPORT=0\n`);
  writeFileSync(path.join(folder, '.env'), 'JWT_SECRET=short\n');
  const program = fileURLToPath(new URL('memalerts.ts', import.meta.url));
  const run = (...argv: string[]) => {
    const done = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>();
    const env = { PATH: process.env.PATH, LANG: 'ru_RU.UTF-8', DATABASE_URL: 'of the process' };
    execFile(process.execPath, [program, 'doctor', ...argv], { cwd: folder, env }, (error, stdout, stderr) =>
      done.resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
    return done.promise;
  };
  const named = await run('--env', file);
  expect(named).toMatchObject({ code: 2, stderr: '' });
  expect(named.stdout).toContain('Базу нельзя использовать.');
  expect(named.stdout).toContain('Не задана переменная JWT_SECRET.');
  const usual = await run('--json');
  expect(JSON.parse(usual.stdout).findings[0]).toMatchObject({
    cause: 'variable_malformed',
    data: { variable: 'DATABASE_URL' },
  });
  expect(usual.stdout).not.toContain('"JWT_SECRET"');
  expect(await run('--provider', 'icq')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('icq') });
});
