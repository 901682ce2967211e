import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { killingLines } from '../../test/support/killing-line.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool } from '../db/pool.ts';
import { createTokenSeal } from '../lib/token-seal.ts';
import { explain, runCommand } from './commands.ts';

const [OLD, NEW] = [1, 2].map((fill) => Buffer.alloc(32, fill)) as [Buffer, Buffer];
const old = createTokenSeal([OLD]);
const rotated = createTokenSeal([NEW, OLD]);
const KEYS = [NEW, OLD].map((key) => key.toString('base64')).join(',');

async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const { db, pg, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const owner = { displayName: 'owner', twitchAccessToken: 'in clear' };
  const { id: userId } = await db.insertInto('User').values(owner).returning('id').executeTakeFirstOrThrow();
  return {
    url,
    run: (command: string, env: Record<string, string> = { CREDENTIALS_ENCRYPTION_KEY: KEYS }) =>
      runCommand([command], { DATABASE_URL: url, ...env }).then((done) => `done: ${done}`, explain),
    async accounts(...tokens: string[]): Promise<void> {
      await db.deleteFrom('ExternalAccount').execute();
      const rows = tokens.map((token, index) => ({
        userId,
        provider: 'twitch' as const,
        providerAccountId: String(index),
        accessToken: token,
        refreshToken: token,
      }));
      await db.insertInto('ExternalAccount').values(rows).execute();
    },
    async stored(): Promise<string[]> {
      const { rows } = await pg.query<{ tokens: string[] }>(`
        select array["accessToken", "refreshToken"] as tokens, "providerAccountId"::int as place from "ExternalAccount"
        union all select array["twitchAccessToken"], 1000 from "User" order by place`);
      return rows.flatMap(({ tokens }) => tokens);
    },
  };
}

test('rotate-keys seals everything with the first key and says how many rows that were', async () => {
  const { run, accounts, stored } = await world();
  await accounts(old.seal('a'), 'b', rotated.seal('c'));
  expect(await run('rotate-keys')).toBe(
    'done: Encrypted with the first key: the tokens of 3 rows. Left: 0. Unreadable: 0.',
  );
  const newOnly = createTokenSeal([NEW]);
  expect((await stored()).map((text) => newOnly.open(text))).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'in clear']);
});

test('seal-tokens seals what is in clear and leaves what an older key sealed', async () => {
  const { run, accounts, stored } = await world();
  const kept = old.seal('a');
  await accounts(kept, 'b');
  expect(await run('seal-tokens')).toBe(
    'done: Encrypted with the first key: the tokens of 2 rows. Left: 0. Unreadable: 0.',
  );
  const texts = await stored();
  expect(texts.slice(0, 2)).toEqual([kept, kept]);
  expect(texts.every((text) => text.startsWith('sealed.v1.'))).toBe(true);
  expect(texts.slice(2).map((text) => rotated.open(text))).toEqual(['b', 'b', 'in clear']);
});

test.for(['rotate-keys', 'seal-tokens'])(
  '%s without a key changes nothing and says what is missing',
  async (command) => {
    const { run, accounts, stored } = await world();
    await accounts('b');
    expect(await run(command, {})).toBe(
      'CREDENTIALS_ENCRYPTION_KEY is not set, so there is no key to encrypt tokens with',
    );
    expect(await stored()).toEqual(['b', 'b', 'in clear']);
  },
);

test('rows that no key opens make the command fail, so that nobody throws the last key of theirs away', async () => {
  const { run, accounts, stored } = await world();
  const lost = createTokenSeal([Buffer.alloc(32, 3)]).seal('lost');
  await accounts(lost);
  expect(await run('rotate-keys')).toMatch(/: the tokens of 1 rows\. Left: 0\. Unreadable: 1\. No given key decrypts/);
  expect((await stored()).slice(0, 2)).toEqual([lost, lost]);
});

test('rotate-keys that is interrupted at any point leaves every token readable, and the next run does the rest', async () => {
  const { run, accounts, stored, url } = await world();
  const tokens = Array.from({ length: 60 }, (_, index) => `token ${index}`);
  const expected = [...tokens.flatMap((token) => [token, token]), 'in clear'];
  const line = killingLines();
  const env = { CREDENTIALS_ENCRYPTION_KEY: KEYS, DATABASE_URL: await line.through(url) };
  const shares = new Set<number>();
  for (let packet = 1; ; packet += 1) {
    await accounts(...tokens.map((token) => old.seal(token)));
    line.arm(packet, line.cut);
    const said = await run('rotate-keys', env);
    const texts = await stored();
    expect(texts.map((text) => rotated.open(text))).toEqual(expected);
    shares.add(texts.filter((text) => rotated.isCurrent(text)).length);
    if (said.startsWith('done: ')) break;
    expect(said).toMatch(/^The database of DATABASE_URL cannot be reached/);
  }
  // It did stop before, between and after its batches: a row counts two, and the user's one came in with the first run.
  expect([...shares].every((share) => [0, 1, 100, 101, 120, 121].includes(share))).toBe(true);
  expect(shares.size).toBeGreaterThanOrEqual(3);
  await accounts(...tokens.map((token, index) => (index < 30 ? rotated : old).seal(token)));
  expect(await run('rotate-keys')).toContain('the tokens of 30 rows. Left: 0.');
});
