import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { sendersWorld } from '../../../test/support/senders-world.ts';

const { url } = await createTestDatabase();
const PATH = '/owner/entitlements/custom-bot';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

async function world(env: Readonly<Record<string, string>> = {}) {
  const api = await sendersWorld(url, env);
  const owner = await api.person('admin');
  return {
    ...api,
    owner,
    read: async (channelId: string) => (await api.ask(owner, 'GET', `${PATH}?channelId=${channelId}`)).json,
    post: (path: string, body: unknown) => api.ask(owner, 'POST', `${PATH}/${path}`, { body }),
    refusal: (path: string, body: unknown) => api.codeOf(owner, 'POST', `${PATH}/${path}`, { body }),
    records: async (channelId: string) => {
      const rows = await api.db
        .selectFrom('AuditLog')
        .select(['actorId', 'action', 'payloadJson'])
        .where('channelId', '=', channelId)
        .orderBy('createdAt')
        .execute();
      return rows.map(({ actorId, action, payloadJson }) => [actorId, action, JSON.parse(payloadJson)]);
    },
  };
}

test('a grant counts at once, for the owner who gave it and for the streamer, and so does taking it back', async () => {
  const { streamer, ask, read, post, owner, records } = await world();
  const who = await streamer();
  const { channelId } = who;
  const entitled = async () => (await ask(who, 'GET', '/streamer/entitlements/custom-bot')).json.entitled;
  const nothing = { enabled: false, expiresAt: null, source: null, active: false, updatedAt: null, createdAt: null };
  expect(await read(channelId)).toEqual({ channelId, key: 'custom_bot', ...nothing });
  expect(await entitled()).toBe(false);

  const granted = await post('grant', { channelId: ` ${channelId} ` });
  const answer = { ok: true, channelId, key: 'custom_bot', active: true, expiresAt: null, source: 'manual' };
  expect([granted.status, granted.json]).toEqual([200, answer]);
  expect(await entitled()).toBe(true);
  const time = expect.stringMatching(ISO);
  const { ok: _, ...stored } = answer;
  expect(await read(channelId)).toEqual({ ...stored, enabled: true, updatedAt: time, createdAt: time });

  const revoked = await post('revoke', { channelId });
  expect(revoked.json).toEqual({ ok: true, channelId, key: 'custom_bot', active: false });
  expect(await entitled()).toBe(false);
  expect(await read(channelId)).toMatchObject({ enabled: false, active: false, source: 'manual' });

  const until = await post('grant', { channelId, expiresAt: '2099-01-02T03:04:05+03:00', source: ' boosty\n' });
  expect(until.json).toMatchObject({ active: true, expiresAt: '2099-01-02T00:04:05.000Z', source: 'boosty' });
  expect(await records(channelId)).toEqual([
    [owner.userId, 'owner.entitlements.custom_bot.grant', { expiresAt: null, source: 'manual' }],
    [owner.userId, 'owner.entitlements.custom_bot.revoke', { key: 'custom_bot' }],
    [owner.userId, 'owner.entitlements.custom_bot.grant', { expiresAt: '2099-01-02T00:04:05.000Z', source: 'boosty' }],
  ]);
});

test('a grant whose end is past is stored and not active', async () => {
  const { streamer, post, read } = await world();
  const { channelId } = await streamer();
  const { json } = await post('grant', { channelId, expiresAt: '2020-01-01' });
  expect(json).toMatchObject({ active: false, expiresAt: '2020-01-01T00:00:00.000Z' });
  expect(await read(channelId)).toMatchObject({ enabled: true, active: false });
});

test('taking back what was never granted changes nothing and leaves no record', async () => {
  const { streamer, post, records, db } = await world();
  const { channelId } = await streamer();
  expect((await post('revoke', { channelId })).json).toMatchObject({ ok: true, active: false });
  expect((await post('revoke', { channelId: 'nobody' })).status).toBe(200);
  expect(await records(channelId)).toEqual([]);
  const rows = await db.selectFrom('ChannelEntitlement').select('id').where('channelId', '=', channelId).execute();
  expect(rows).toEqual([]);
});

test('no random body is our failure, and none that is refused changes a row', { timeout: 60_000 }, async () => {
  const { streamer, post, pg } = await world();
  const { channelId } = await streamer({ twitchId: '770099' });
  const rows = async () => {
    const answers = ['ChannelEntitlement', 'AuditLog'].map((table) => pg.query(`select * from "${table}" order by id`));
    return (await Promise.all(answers)).map((answer) => answer.rows);
  };
  const value = fc.oneof(fc.constantFrom(channelId, 'twitch', '770099', null, '2099-01-01'), fc.jsonValue());
  const keys = fc.constantFrom('channelId', 'expiresAt', 'source', 'provider', 'externalId');
  const good = { channelId, expiresAt: null, source: 'x', provider: 'twitch', externalId: '770099' };
  const body = fc.dictionary(keys, value, { maxKeys: 3 }).map((some) => ({ ...good, ...some }));
  const path = fc.constantFrom('grant', 'revoke', 'grant-by-provider');
  await fc.assert(
    fc.asyncProperty(path, fc.oneof(body, fc.jsonValue()), async (path, given) => {
      const before = await rows();
      const { status } = await post(path, given);
      expect(status).toBeLessThan(500);
      if (status >= 400) expect(await rows()).toEqual(before);
    }),
    { numRuns: 150 },
  );
});

describe('what cannot be understood writes nothing', () => {
  test.for<[string, object]>([
    ['a blank channel', { channelId: '  ' }],
    ['a channel of another type', { channelId: 7 }],
    ['a date that is none', { expiresAt: 'tomorrow' }],
    ['a date that no calendar has', { expiresAt: '2026-02-30T00:00:00Z' }],
    ['a date before dates', { expiresAt: '0000-01-01T00:00:00Z' }],
    ['a date after dates', { expiresAt: '9999-12-31T23:59:59-01:00' }],
    ['a number for a date', { expiresAt: 1_800_000_000 }],
    ['a source of another type', { source: { by: 'me' } }],
    ['an empty source', { source: ' ' }],
  ])('%s', async ([, wrong]) => {
    const { streamer, refusal, read } = await world();
    const { channelId } = await streamer();
    expect(await refusal('grant', { channelId, ...wrong })).toEqual([400, 'BAD_REQUEST']);
    expect(await read(channelId)).toMatchObject({ enabled: false, createdAt: null });
  });

  test('a channel that does not exist, or is not named', async () => {
    const { refusal, codeOf, owner } = await world();
    expect(await refusal('grant', { channelId: 'nobody' })).toEqual([404, 'CHANNEL_NOT_FOUND']);
    for (const path of ['grant', 'revoke']) expect(await refusal(path, {})).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(owner, 'GET', PATH)).toEqual([400, 'BAD_REQUEST']);
  });
});

test('a person of Twitch is found by their id, granted and put on record; nobody else is', async () => {
  const { streamer, ask, post, refusal, codeOf, owner, read, records } = await world();
  const { channelId } = await streamer({ twitchId: '770011' });
  const person = { provider: 'twitch', externalId: '770011' };
  const resolved = await ask(owner, 'GET', '/owner/channels/resolve?provider=twitch&externalId=770011');
  expect(resolved.json).toEqual({ channelId, ...person, displayHint: { twitchChannelId: '770011' } });
  const granted = await post('grant-by-provider', person);
  expect([granted.status, granted.json]).toEqual([200, { channelId, granted: true }]);
  expect(await read(channelId)).toMatchObject({ active: true, expiresAt: null, source: 'manual_by_provider' });
  expect(await records(channelId)).toEqual([
    [owner.userId, 'owner.channels.resolve', person],
    [
      owner.userId,
      'owner.entitlements.custom_bot.grant_by_provider',
      { ...person, expiresAt: null, source: 'manual_by_provider' },
    ],
  ]);
  const asking = (query: string) => codeOf(owner, 'GET', `/owner/channels/resolve?${query}`);
  for (const wrong of [
    { provider: 'kick', externalId: '770011' },
    { provider: 'twitch', externalId: 'northpine' },
    { provider: 'twitch', externalId: '1'.repeat(33) },
    { provider: 'twitch' },
  ]) {
    expect(await refusal('grant-by-provider', wrong)).toEqual([400, 'BAD_REQUEST']);
    expect(await asking(new URLSearchParams(wrong as Record<string, string>).toString())).toEqual([400, 'BAD_REQUEST']);
  }
  const stranger = { provider: 'twitch', externalId: '999999999' };
  expect(await refusal('grant-by-provider', stranger)).toEqual([404, 'NOT_FOUND']);
  expect(await asking(new URLSearchParams(stranger).toString())).toEqual([404, 'NOT_FOUND']);
});

test('whoever looks people up one by one is stopped after sixty in a minute', async () => {
  const { codeOf, owner, person, ask } = await world({ API_USER_REQUESTS_PER_MIN: '600' });
  const path = '/owner/channels/resolve?provider=twitch&externalId=1';
  const codes = new Set<number>();
  for (let time = 0; time < 60; time += 1) codes.add((await codeOf(owner, 'GET', path))[0]);
  expect([...codes]).toEqual([404]);
  const stopped = await ask(owner, 'GET', path);
  expect([stopped.status, stopped.json.errorCode]).toEqual([429, 'RATE_LIMITED']);
  expect(stopped.headers['retry-after']).toMatch(/^\d+$/);
  expect(await codeOf(await person('admin'), 'GET', path)).toEqual([404, 'NOT_FOUND']);
  expect((await ask(owner, 'GET', `${PATH}?channelId=x`)).status).toBe(200);
});

test('everybody who was granted it is listed page by page, each once, whatever is granted meanwhile', async () => {
  const { url: own } = await createTestDatabase({ forTest: true });
  const api = await sendersWorld(own);
  const owner = await api.person('admin');
  const grant = async () => {
    const { channelId } = await api.streamer();
    await api.ask(owner, 'POST', `${PATH}/grant`, { body: { channelId } });
    return channelId;
  };
  const granted = [await grant(), await grant(), await grant(), await grant(), await grant()];
  const page = async (query: string) => (await api.ask(owner, 'GET', `${PATH}/list?${query}`)).json;
  const seen: string[] = [];
  let cursor: string | null = '';
  for (let pages = 1; cursor !== null; pages += 1) {
    const { items, nextCursor } = await page(`limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...items.map((item: { channelId: string }) => item.channelId));
    cursor = nextCursor;
    await grant();
    expect(pages).toBeLessThan(4);
  }
  expect(seen).toEqual([...granted].reverse());
  expect((await page('limit=100')).items[0]).toMatchObject({
    key: 'custom_bot',
    active: true,
    slug: expect.any(String),
  });
  for (const wrong of ['limit=0', 'limit=1000', 'limit=x', 'cursor=x']) {
    expect(await api.codeOf(owner, 'GET', `${PATH}/list?${wrong}`)).toEqual([400, 'BAD_REQUEST']);
  }
});

test('only who runs the installation gets in; without its table the feature is missing', async () => {
  const { url: own } = await createTestDatabase({ forTest: true });
  const api = await sendersWorld(own);
  const [streamer, owner] = [await api.streamer(), await api.person('admin')];
  await api.pg.query('drop table "ChannelEntitlement"');
  const body = { channelId: streamer.channelId, provider: 'twitch', externalId: '1' };
  for (const [method, path, given] of [
    ['GET', `${PATH}?channelId=${streamer.channelId}`, {}],
    ['GET', `${PATH}/list`, {}],
    ['POST', `${PATH}/grant`, { body }],
    ['POST', `${PATH}/revoke`, { body }],
    ['POST', `${PATH}/grant-by-provider`, { body }],
    ['GET', '/owner/channels/resolve?provider=twitch&externalId=1', {}],
  ] as const) {
    expect(await api.codeOf(null, method, path, given)).toEqual([401, 'UNAUTHORIZED']);
    expect(await api.codeOf(streamer, method, path, given)).toEqual([403, 'FORBIDDEN']);
    const [status] = await api.codeOf(owner, method, path, given);
    expect(status).toBe(404);
  }
  expect((await api.ask(streamer, 'GET', '/streamer/entitlements/custom-bot')).json).toEqual({ entitled: false });
});
