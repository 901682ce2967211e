import { createHash } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { lockWaits } from '../../../test/support/lock-waits.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/streamer/api-tokens';

const create = (who: StreamerPerson, body: object = {}) =>
  api.ask(who, 'POST', PATH, { body: { name: 'deck', scopes: ['say'], ...body } });

const list = async (who: StreamerPerson) => (await api.ask(who, 'GET', PATH)).json.items;
const audited = async (who: StreamerPerson) => {
  const { json } = await api.ask(who, 'GET', '/streamer/audit');
  return json.items.map(({ action, payload }: { action: string; payload: unknown }) => [action, payload]);
};

test('a token is shown once, kept as a hash, and listed without itself', async () => {
  const who = await api.streamer();
  const { status, headers, json } = await create(who, {
    name: ' Stream\u0007deck ',
    scopes: ['outbox:read', 'say', 'say'],
  });
  expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
  const { token, ...row } = json;
  expect(token).toMatch(/^mab_[A-Za-z0-9_-]{43}$/);
  expect(row).toEqual({
    id: expect.any(String),
    name: 'Stream deck',
    scopes: ['say', 'outbox:read'],
    createdAt: expect.stringMatching(/\.\d{3}Z$/),
    expiresAt: null,
    lastUsedAt: null,
  });
  expect(await list(who)).toEqual([row]);
  const { rows } = await api.pg.query(
    'select to_jsonb(t)::text as stored, "tokenHash" from "ApiToken" t where id = $1',
    [row.id],
  );
  expect(rows[0].tokenHash).toEqual(createHash('sha256').update(token).digest());
  expect(rows[0].stored).not.toContain(token.slice(4));
  expect(api.lines.join('')).not.toContain(token.slice(4));
});

test('what was made and revoked is in the audit trail, without the token', async () => {
  const who = await api.streamer();
  const { json } = await create(who, { name: 'deck', scopes: ['say'] });
  await api.ask(who, 'DELETE', `${PATH}/${json.id}`);
  const payload = { tokenId: json.id, name: 'deck', scopes: ['say'], expiresAt: null };
  expect(await audited(who)).toEqual([
    ['streamer.api_tokens.revoke', payload],
    ['streamer.api_tokens.create', payload],
  ]);
});

test("another channel's tokens can be neither seen nor revoked", async () => {
  const [who, stranger] = [await api.streamer(), await api.streamer()];
  const { id } = (await create(who)).json;
  expect(await list(stranger)).toEqual([]);
  expect(await api.codeOf(stranger, 'DELETE', `${PATH}/${id}`)).toEqual([404, 'NOT_FOUND']);
  expect(await list(who)).toHaveLength(1);
});

test('a channel has at most 20 tokens, also when two requests race for the last place', async () => {
  const who = await api.streamer();
  for (let number = 0; number < 19; number += 1) await create(who);
  const holder = await api.pg.connect();
  await holder.query('begin');
  await holder.query('select from "Channel" where id = $1 for update', [who.channelId]);
  const racing = [create(who), create(who)];
  await lockWaits(api.db, 2);
  await holder.query('commit');
  holder.release();
  const race = await Promise.all(racing);
  expect(race.map(({ status, json }) => json.errorCode ?? status).sort()).toEqual([201, 'CONFLICT']);
  expect(await list(who)).toHaveLength(20);
});

test.each([
  ['name', { name: '' }],
  ['name', { name: ' \u0000 ' }],
  ['name', { name: 'x'.repeat(65) }],
  ['name', { name: 7 }],
  ['name', { name: undefined }],
  ['scopes', { scopes: [] }],
  ['scopes', { scopes: undefined }],
  ['scopes', { scopes: 'say' }],
  ['scopes.0', { scopes: ['everything'] }],
  ['scopes.1', { scopes: ['say', null] }],
  ['expiresAt', { expiresAt: 'tomorrow' }],
  ['expiresAt', { expiresAt: '2020-01-01T00:00:00Z' }],
  ['expiresAt', { expiresAt: 1 }],
  ['expiresAt', { expiresAt: '9999-12-31T23:59:59-01:00' }],
])('a wrong %s is told by its name, and no token is made: %j', async (field, body) => {
  const who = await api.streamer();
  const { status, json } = await create(who, body);
  expect([status, json.errorCode, json.details]).toEqual([400, 'BAD_REQUEST', { field }]);
  expect(await list(who)).toEqual([]);
  expect(await audited(who)).toEqual([]);
});
