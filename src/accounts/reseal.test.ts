import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { slowLine } from '../../test/support/slow-line.ts';
import { createPool } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { createTokenSeal } from '../lib/token-seal.ts';
import { twitch } from '../platforms/twitch/index.ts';
import { resealTokens } from './reseal.ts';

const [OLD, NEW, LOST] = [1, 2, 3].map((fill) => Buffer.alloc(32, fill)) as [Buffer, Buffer, Buffer];
const old = createTokenSeal([OLD]);
const rotated = createTokenSeal([NEW, OLD]);
const newOnly = createTokenSeal([NEW]);

async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const pool = (databaseUrl: string) => {
    const opened = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
    onTestFinished(() => opened.end());
    return opened;
  };
  const { db, pg } = pool(url);
  const { id: userId } = await db
    .insertInto('User')
    .values({ displayName: 'somebody' })
    .returning('id')
    .executeTakeFirstOrThrow();
  let people = 0;
  return {
    url,
    db,
    pg,
    pool,
    async account(accessToken: string | null, refreshToken: string | null, brokenReason: string | null = null) {
      people += 1;
      const { id } = await db
        .insertInto('ExternalAccount')
        .values({
          userId,
          provider: 'twitch',
          providerAccountId: String(people),
          accessToken,
          refreshToken,
          brokenAt: brokenReason === null ? null : new Date(0),
          brokenReason,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return id;
    },
    row: (id: string) => db.selectFrom('ExternalAccount').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    reseal: (on = db) =>
      resealTokens({
        db: on,
        seal: rotated,
        clock: systemClock,
        platforms: [twitch],
        concerns: (stored) => !rotated.isCurrent(stored),
      }),
  };
}

test('wherever a token is kept, and whatever sealed it, afterwards the first key alone opens it', async () => {
  const { account, db, pg, reseal } = await world();
  for (let index = 0; index < 120; index += 1) {
    const kinds = [`plain-${index}`, old.seal(`old-${index}`), rotated.seal(`new-${index}`), null];
    await account(kinds[index % 4] ?? null, kinds[(index + 1) % 4] ?? null);
  }
  await db
    .insertInto('User')
    .values([
      { displayName: 'a', twitchAccessToken: 'plain-a', twitchRefreshToken: old.seal('old-a') },
      { displayName: 'b', twitchAccessToken: old.seal('old-b') },
    ])
    .execute();
  const texts = async () => {
    const { rows } = await pg.query<{ token: string }>(`
      select unnest(array["accessToken", "refreshToken"]) as token from "ExternalAccount"
      union all select unnest(array["twitchAccessToken", "twitchRefreshToken"]) from "User"`);
    return rows.flatMap(({ token }) => token ?? []);
  };
  const before = (await texts()).map((text) => rotated.open(text));
  // A row whose tokens are sealed with the first key already needs nothing; every fourth pair here is new and null.
  expect(await reseal()).toEqual({ sealed: 92, left: 0, unreadable: 0 });
  expect((await texts()).map((text) => newOnly.open(text)).sort()).toEqual(before.sort());
  expect(await reseal()).toEqual({ sealed: 0, left: 0, unreadable: 0 });
});

test('a token that is renewed while it is sealed anew is the one that stays', async () => {
  const { account, db, pool, row, reseal, url } = await world();
  const id = await account(old.seal('first'), old.seal('first refresh'));
  const line = await slowLine(url);
  const far = pool(line.url);
  await far.pg.query('select 1');
  line.hold();
  const resealing = reseal(far.db);
  await vi.waitFor(() => expect(line.asked).toBeGreaterThan(0));
  // Between reading and writing, by a process that seals with the older key.
  await db
    .updateTable('ExternalAccount')
    .set({ accessToken: old.seal('second'), refreshToken: old.seal('second refresh') })
    .execute();
  line.flow();
  expect(await resealing).toEqual({ sealed: 1, left: 0, unreadable: 0 });
  const { accessToken, refreshToken } = await row(id);
  expect([accessToken, refreshToken].map((text) => newOnly.open(text ?? ''))).toEqual(['second', 'second refresh']);
});

test('an account whose platform is being asked for a token holds up no other, and is sealed when that is over', async () => {
  const { account, pg, row, reseal } = await world();
  const held = await account(old.seal('held'), null);
  const free = await account(old.seal('free'), null);
  const renewing = await pg.connect();
  await renewing.query('begin');
  await renewing.query('select from "ExternalAccount" where id = $1 for no key update', [held]);
  const resealing = reseal();
  await vi.waitFor(async () => expect(newOnly.open((await row(free)).accessToken ?? '')).toBe('free'));
  await renewing.query('update "ExternalAccount" set "accessToken" = $1 where id = $2', [old.seal('renewed'), held]);
  await renewing.query('commit');
  renewing.release();
  expect(await resealing).toEqual({ sealed: 2, left: 0, unreadable: 0 });
  expect(newOnly.open((await row(held)).accessToken ?? '')).toBe('renewed');
});

test('an account that asks to be linked again goes on asking', async () => {
  const { account, row, reseal } = await world();
  const id = await account(old.seal('dead'), old.seal('dead too'), 'invalid_grant');
  expect(await reseal()).toMatchObject({ sealed: 1 });
  expect(await row(id)).toMatchObject({ brokenAt: new Date(0), brokenReason: 'invalid_grant' });
});

test('a token that no key opens stays as it is, and is told of', async () => {
  const { account, row, reseal } = await world();
  const lost = createTokenSeal([LOST]).seal('lost');
  const id = await account(lost, old.seal('found'));
  await account(old.seal('fine'), null);
  expect(await reseal()).toEqual({ sealed: 2, left: 0, unreadable: 1 });
  const { accessToken, refreshToken } = await row(id);
  expect(accessToken).toBe(lost);
  expect(newOnly.open(refreshToken ?? '')).toBe('found');
});
