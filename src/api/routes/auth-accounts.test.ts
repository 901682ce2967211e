import { afterAll, expect, test } from 'vitest';
import { startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/auth/accounts';

test('pages hold every account of a person once, oldest first, and no bot', async () => {
  const who = await api.streamer();
  await api.pg.query(
    `insert into "ExternalAccount" (id, "userId", provider, "providerAccountId", "createdAt")
     select 'account ' || n, $1, 'kick', n, '2026-01-02T03:04:05'::timestamp + (n / 3) * interval '1 s'
     from generate_series(1, 8) n`,
    [who.userId],
  );
  await api.pg.query(`insert into "KickBotIntegration" ("channelId", "externalAccountId") values ($1, 'account 4')`, [
    who.channelId,
  ]);
  const ids: string[] = [];
  for (let query = '?limit=3'; query !== ''; ) {
    const { status, json } = await api.ask(who, 'GET', `${PATH}${query}`);
    expect(status).toBe(200);
    ids.push(...json.accounts.map(({ id }: { id: string }) => id));
    query = json.nextCursor === undefined ? '' : `?limit=3&cursor=${json.nextCursor}`;
  }
  expect(ids).toEqual([1, 2, 3, 5, 6, 7, 8].map((number) => `account ${number}`));
  expect((await api.ask(who, 'GET', PATH)).json).toEqual({ accounts: expect.any(Array) });
});

test.each([
  ['cursor', 'cursor=abc'],
  ['limit', 'limit=101'],
])('a wrong %s is told by its name', async (field, query) => {
  const { status, json } = await api.ask(await api.streamer(), 'GET', `${PATH}?${query}`);
  expect([status, json.errorCode, json.details]).toEqual([400, 'BAD_REQUEST', { field }]);
});
