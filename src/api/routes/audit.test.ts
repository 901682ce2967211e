import { afterAll, expect, test } from 'vitest';
import { type Person, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const owner = await api.person('admin');

async function recorded(given: {
  readonly action: string;
  readonly actorId?: string | null;
  readonly channelId?: string | null;
  readonly payload?: string;
  readonly at?: string;
}): Promise<void> {
  const { action, actorId = null, channelId = null, payload = '{}', at = '2026-01-02T03:04:05.678' } = given;
  await api.pg.query(
    `insert into "AuditLog" ("actorId", "channelId", action, "payloadJson", "createdAt") values ($1, $2, $3, $4, $5::timestamp)`,
    [actorId, channelId, action, payload, at],
  );
}

async function everyAction(who: Person, path: string): Promise<string[]> {
  const actions: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, json } = await api.ask(who, 'GET', cursor === '' ? path : `${path}&cursor=${cursor}`);
    expect(status).toBe(200);
    actions.push(...json.items.map(({ action }: { action: string }) => action));
    cursor = json.nextCursor;
  }
  return actions;
}

test('a streamer sees what was done in their channel and by whom, and nothing of other channels', async () => {
  const [who, stranger] = [await api.streamer(), await api.streamer()];
  await api.ask(who, 'PATCH', '/streamer/bots/twitch', { body: { enabled: false } });
  await recorded({ action: 'elsewhere', channelId: stranger.channelId });
  await recorded({ action: 'everywhere' });
  const { json } = await api.ask(who, 'GET', '/streamer/audit');
  expect(json).toEqual({
    items: [
      {
        id: expect.any(String),
        action: 'streamer.bots.disable',
        actor: { userId: who.userId, displayName: 'Somebody' },
        channelId: who.channelId,
        payload: { provider: 'twitch' },
        createdAt: expect.stringMatching(/\.\d{3}Z$/),
      },
    ],
    nextCursor: null,
  });
  const foreign = await api.ask(who, 'GET', `/streamer/audit?channelId=${stranger.channelId}`);
  expect(foreign.json.items).toHaveLength(1);
});

test('an owner sees everything, one channel or one action, page by page, and each record once', async () => {
  const who = await api.streamer();
  const kinds = ['owner.tested.a', 'owner.tested.b'];
  for (let number = 0; number < 5; number += 1) {
    for (const action of kinds) await recorded({ action, channelId: number < 3 ? who.channelId : null });
  }
  const ofOne = await everyAction(owner, `/owner/audit?limit=2&channelId=${who.channelId}`);
  expect(ofOne.sort()).toEqual([...Array(3).fill(kinds[0]), ...Array(3).fill(kinds[1])]);
  expect(await everyAction(owner, '/owner/audit?limit=2&action=owner.tested.b')).toEqual(Array(5).fill(kinds[1]));
  const both = await everyAction(owner, `/owner/audit?limit=1&channelId=${who.channelId}&action=owner.tested.a`);
  expect(both).toEqual(Array(3).fill(kinds[0]));
  expect(await everyAction(owner, '/owner/audit?limit=3')).toEqual(expect.arrayContaining([...kinds]));
});

test('the newest comes first', async () => {
  const who = await api.streamer();
  for (const second of ['03', '01', '02']) {
    await recorded({ action: second, channelId: who.channelId, at: `2026-01-02T03:04:${second}` });
  }
  expect(await everyAction(who, '/streamer/audit?limit=1')).toEqual(['03', '02', '01']);
});

test('a record whose actor is gone, or whose payload nobody can read, is shown all the same', async () => {
  const who = await api.streamer();
  const gone = await api.person('streamer');
  await recorded({ action: 'odd', actorId: gone.userId, channelId: who.channelId, payload: 'not json' });
  await api.pg.query('delete from "User" where id = $1', [gone.userId]);
  const { json } = await api.ask(who, 'GET', '/streamer/audit?action=odd');
  expect(json.items).toMatchObject([{ action: 'odd', actor: null, payload: 'not json' }]);
});

test('nobody but an owner reads the whole trail, whatever else is wrong with the question', async () => {
  for (const path of ['/owner/audit', '/owner/audit?limit=0&cursor=x']) {
    expect(await api.codeOf(null, 'GET', path)).toEqual([401, 'UNAUTHORIZED']);
    expect(await api.codeOf(await api.streamer(), 'GET', path)).toEqual([403, 'FORBIDDEN']);
    expect(await api.codeOf(await api.person('viewer'), 'GET', path)).toEqual([403, 'FORBIDDEN']);
  }
});

const NOT_OURS = Buffer.from(JSON.stringify([1767323045678, 'kick', 7])).toString('base64url');

test.each([
  ['cursor', 'cursor=abc'],
  ['cursor', `cursor=${NOT_OURS}`],
  ['limit', 'limit=101'],
  ['action', 'action='],
  ['action', 'action=%00'],
  ['action', `action=${'x'.repeat(201)}`],
])('a wrong %s is told by its name: %s', async (field, query) => {
  const who = await api.streamer({ role: 'admin' });
  for (const path of ['/owner/audit', '/streamer/audit']) {
    const { status, json } = await api.ask(who, 'GET', `${path}?${query}`);
    expect([status, json.errorCode, json.details]).toEqual([400, 'BAD_REQUEST', { field }]);
  }
});

test('a channel that cannot be one is told by its name', async () => {
  const { status, json } = await api.ask(owner, 'GET', '/owner/audit?channelId=%00');
  expect([status, json.errorCode, json.details]).toEqual([400, 'BAD_REQUEST', { field: 'channelId' }]);
});
