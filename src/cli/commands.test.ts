import { execFile } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { readMigrations } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { explain, runCommand } from './commands.ts';

const { url } = await createTestDatabase();
const log = createLogger({ level: 'error', clock: systemClock });
const pool = createPool(url, { applicationName: 'cli-test', slowMs: 60_000, log });
afterAll(() => pool.end());

const run = (...argv: string[]) => runCommand(argv, { DATABASE_URL: url });
/** What the operator reads when it did not work. */
const refusal = async (...argv: string[]) => run(...argv).then((done) => `done: ${done}`, explain);

interface Known {
  readonly twitchId?: string;
  readonly role?: string;
}

/** As a sign-in leaves them. @returns the user's id */
async function signedIn(login: string, { twitchId = `id-of-${login}`, role = 'viewer' }: Known = {}): Promise<string> {
  const user = await pool.db
    .insertInto('User')
    .values({ displayName: login.toUpperCase(), role, twitchUserId: twitchId })
    .returning('id')
    .executeTakeFirstOrThrow();
  await pool.db
    .insertInto('ExternalAccount')
    .values({ userId: user.id, provider: 'twitch', providerAccountId: twitchId, login, displayName: `The ${login}` })
    .execute();
  return user.id;
}

const userOf = (id: string) =>
  pool.db.selectFrom('User').select(['role', 'channelId']).where('id', '=', id).executeTakeFirstOrThrow();
const channels = () => pool.db.selectFrom('Channel').select(['id', 'slug', 'name', 'twitchChannelId']).execute();

beforeEach(async () => {
  await pool.pg.query('truncate "User", "Channel", "ExternalAccount", "AuditLog", "OwnerLogin" cascade');
});

test('migrate brings an empty database up to date, and a second run changes nothing', async () => {
  const { url: empty } = await createTestDatabase({ empty: true, forTest: true });
  // Parameters that only Prisma knows are part of many a DATABASE_URL.
  const env = { DATABASE_URL: `${empty}?schema=public&connection_limit=5` };
  const names = (await readMigrations()).map(({ name }) => name);
  expect(await runCommand(['migrate'], env)).toBe(`Applied ${names.join(', ')}.`);
  expect(await runCommand(['migrate'], env)).toBe('The database schema is up to date.');
});

test('grant-admin makes a person who has signed in an owner, however the login is written', async () => {
  const id = await signedIn('mira_k');
  const bystander = await signedIn('tom_w');
  expect(await run('grant-admin', '--login', ' @Mira_K ')).toContain('mira_k is now an owner');
  expect(await userOf(id)).toEqual({ role: 'admin', channelId: null });
  expect(await userOf(bystander)).toEqual({ role: 'viewer', channelId: null });
});

test('revoke-admin takes it back, ends every login of theirs, is audited, and reaches the owner of that login', async () => {
  const owner = await signedIn('mira_k', { role: 'admin' });
  await run('create-channel', '--login', 'mira_k');
  // Somebody took the login since and signed in later.
  const successor = await signedIn('mira_k', { twitchId: 'successor' });
  const before = Date.now();
  expect(await run('revoke-admin', '--login', '@Mira_K')).toContain('mira_k is no longer an owner');
  expect((await userOf(owner)).role).toBe('streamer');
  expect((await userOf(successor)).role).toBe('viewer');
  const { sessionsFrom } = await pool.db
    .selectFrom('User')
    .select('sessionsFrom')
    .where('id', '=', owner)
    .executeTakeFirstOrThrow();
  expect(sessionsFrom?.getTime()).toBeGreaterThan(before);
  const trail = await pool.db.selectFrom('AuditLog').select(['actorId', 'action', 'payloadJson']).execute();
  expect(trail).toEqual([
    { actorId: null, action: 'owner.admins.revoke', payloadJson: expect.stringContaining(`"userId":"${owner}"`) },
  ]);
  expect(await refusal('revoke-admin', '--login', 'mira_k')).toBe('mira_k is not an owner. Nothing was changed.');
  expect(await run('grant-admin', '--login', 'mira_k', '--id', 'id-of-mira_k')).toContain('is now an owner');
});

test('of two accounts that last signed in under one login none is taken without being named', async () => {
  const [former, present] = [
    await signedIn('mira_k', { twitchId: '11' }),
    await signedIn('mira_k', { twitchId: '12' }),
  ];
  for (const command of ['grant-admin', 'create-channel']) {
    const said = await refusal(command, '--login', 'mira_k');
    expect(said).toContain(`--id 11 (user ${former})`);
    expect(said).toContain(`--id 12 (user ${present})`);
  }
  expect(await run('grant-admin', '--login', 'mira_k', '--id', '11')).toContain(`(user ${former})`);
  expect([(await userOf(former)).role, (await userOf(present)).role]).toEqual(['admin', 'viewer']);
  await run('grant-admin', '--login', 'mira_k', '--id', '12');
  expect(await refusal('revoke-admin', '--login', 'mira_k')).toContain('--id 12');
  expect(await refusal('revoke-admin', '--login', 'mira_k', '--id', '13')).toContain('mira_k with the id 13');
  expect(await run('revoke-admin', '--login', 'mira_k', '--id', '12')).toContain(`(user ${present})`);
  expect([(await userOf(former)).role, (await userOf(present)).role]).toEqual(['admin', 'viewer']);
});

test('whoever linked somebody’s account as a bot is not taken for that person', async () => {
  const helped = await signedIn('mira_k');
  await pool.db
    .insertInto('ExternalAccount')
    .values({ userId: helped, provider: 'twitch', providerAccountId: '7', login: 'tom_w', linkedAs: 'bot_link' })
    .execute();
  for (const command of ['grant-admin', 'create-channel']) {
    expect(await refusal(command, '--login', 'tom_w')).toContain('Nobody has signed in as tom_w');
  }
  expect(await userOf(helped)).toEqual({ role: 'viewer', channelId: null });
});

test('create-channel gives a person a channel linked to their platform account, and makes them a streamer', async () => {
  const id = await signedIn('northpine', { twitchId: '5501' });
  const said = await run('create-channel', '--login', 'NorthPine');
  const [channel] = await channels();
  expect(channel).toMatchObject({ slug: 'northpine', name: 'The northpine', twitchChannelId: '5501' });
  expect(said).toBe(`Channel northpine (${channel?.id}) now belongs to northpine.`);
  expect(await userOf(id)).toEqual({ role: 'streamer', channelId: channel?.id });
});

test('an owner who gets a channel stays an owner; slug and name can be chosen', async () => {
  const id = await signedIn('boss', { role: 'admin' });
  await run('create-channel', '--login', 'boss', '--slug', ' The-Boss ', '--name', 'Босс 🎩');
  const [channel] = await channels();
  expect(channel).toMatchObject({ slug: 'the-boss', name: 'Босс 🎩' });
  expect(await userOf(id)).toEqual({ role: 'admin', channelId: channel?.id });
});

describe('what cannot be done changes nothing and says why', () => {
  test('somebody who never signed in', async () => {
    for (const command of ['grant-admin', 'create-channel']) {
      expect(await refusal(command, '--login', 'nobody')).toBe(
        'Nobody has signed in as nobody on twitch yet. Sign in at /auth/twitch first.',
      );
    }
    expect(await channels()).toEqual([]);
  });

  test('a taken slug', async () => {
    await signedIn('first');
    const second = await signedIn('second');
    await run('create-channel', '--login', 'first', '--slug', 'pine');
    expect(await refusal('create-channel', '--login', 'second', '--slug', 'PINE')).toContain('the slug pine');
    expect(await userOf(second)).toEqual({ role: 'viewer', channelId: null });
    expect(await channels()).toHaveLength(1);
  });

  test('a slug that an older writer took in another case', async () => {
    await signedIn('first');
    await pool.db.insertInto('Channel').values({ slug: 'Pine', name: 'Pine' }).execute();
    expect(await refusal('create-channel', '--login', 'first', '--slug', 'pine')).toContain('the slug pine');
    expect(await channels()).toHaveLength(1);
  });

  test('a second channel for one person', async () => {
    await signedIn('first');
    await run('create-channel', '--login', 'first');
    expect(await refusal('create-channel', '--login', 'first', '--slug', 'other')).toBe('first already has a channel');
    expect(await channels()).toHaveLength(1);
  });

  test('two people at once for one slug: one gets it', async () => {
    await Promise.all(['first', 'second'].map((login) => signedIn(login)));
    const said = await Promise.all(
      ['first', 'second'].map((login) => refusal('create-channel', '--login', login, '--slug', 'pine')),
    );
    expect(said.filter((sentence) => sentence.startsWith('done: '))).toHaveLength(1);
    expect(await channels()).toHaveLength(1);
  });

  test.each([
    [[], /^pnpm memalerts <command>/],
    [['conjure'], /^pnpm memalerts <command>/],
    [['constructor'], /^pnpm memalerts <command>/],
    [['grant-admin'], /^The option --login NAME is missing/],
    [['grant-admin', '--login', ' @ '], /^The option --login NAME is missing/],
    [['create-channel', '--login', ''], /^The option --login NAME is missing/],
    [['grant-admin', 'mira_k'], /^Unexpected argument mira_k\./],
    [
      ['grant-admin', '--login', 'mira_k', '--provider', 'tweetch'],
      /^--provider must be one of twitch, .*, not tweetch$/,
    ],
    [['create-channel', '--login', 'mira_k', '--slug', ' '], /^--slug must not be empty/],
    [['create-channel', '--login', 'mira_k', '--slag', 'x'], /Unknown option '--slag'/],
  ])('%j', async (argv, said) => {
    const id = await signedIn('mira_k');
    expect(await refusal(...argv)).toMatch(said);
    expect(await userOf(id)).toEqual({ role: 'viewer', channelId: null });
  });
});

test.each([
  [undefined, 'DATABASE_URL is not set'],
  ['not a url', 'DATABASE_URL must be a postgres:// URL'],
  ['postgres://bots:secret@127.0.0.1:9/bots', 'The database of DATABASE_URL cannot be reached: '],
])('a DATABASE_URL that leads nowhere (%s) is told in one line without the password', async (databaseUrl, said) => {
  for (const argv of [['migrate'], ['grant-admin', '--login', 'mira_k']]) {
    const sentence = await runCommand(argv, { DATABASE_URL: databaseUrl }).catch(explain);
    expect(sentence).toContain(said);
    expect(sentence).not.toMatch(/secret|\n/);
  }
});

describe('as a process', () => {
  const program = fileURLToPath(new URL('memalerts.ts', import.meta.url));
  const asProcess = async (databaseUrl: string, ...argv: string[]) => {
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
    // In another folder, so that no .env of this one is read.
    const outcome = promisify(execFile)(process.execPath, [program, ...argv], { env, cwd: os.tmpdir() });
    return outcome.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  };

  test('what was done is one line and exit code 0', async () => {
    await signedIn('mira_k');
    const { code, stdout, stderr } = await asProcess(url, 'grant-admin', '--login', 'mira_k');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^mira_k is now an owner .*\n$/);
    expect(await asProcess(url, '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('migrate') });
  });

  test('an unmigrated database is one clear line and exit code 1', async () => {
    const { url: empty } = await createTestDatabase({ empty: true, forTest: true });
    expect(await asProcess(empty, 'create-channel', '--login', 'mira_k')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The database has no tables yet. Run `pnpm memalerts migrate` first.\n',
    });
  });
});
