import { afterAll, describe, expect, test } from 'vitest';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { CHOSEN_PAIRS, seededPairs } from '../../../test/support/trigger-pairs.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/streamer/bot/commands';

const create = (who: StreamerPerson, body: unknown) => api.ask(who, 'POST', PATH, { body });
const edit = (who: StreamerPerson, id: string, body: unknown) => api.ask(who, 'PATCH', `${PATH}/${id}`, { body });
const list = async (who: StreamerPerson) => (await api.ask(who, 'GET', PATH)).json.items;

test('a command has its defaults, its own spelling, and is listed newest first', async () => {
  const streamer = await api.streamer();
  expect(await list(streamer)).toEqual([]);
  const { status, json } = await create(streamer, { trigger: '  !Hi ', response: ' yo ' });
  expect(status).toBe(201);
  const { warnings, ...command } = json;
  expect(warnings).toEqual([]);
  expect(command).toEqual({
    id: expect.any(String),
    trigger: '!Hi',
    response: 'yo',
    enabled: true,
    onlyWhenLive: false,
    allowedRoles: [],
    allowedUsers: [],
    vkvideoAllowedRoleIds: [],
    createdAt: expect.stringMatching(/\.\d{3}Z$/),
    updatedAt: expect.stringMatching(/\.\d{3}Z$/),
  });
  await create(streamer, { trigger: '!second', response: 'x' });
  const items = await list(streamer);
  expect(items.map((item: { trigger: string }) => item.trigger)).toEqual(['!second', '!Hi']);
  expect(items[1]).toEqual(command);
});

test('all seven fields are accepted on both verbs, lists normalised and replaced', async () => {
  const streamer = await api.streamer();
  const first = await create(streamer, {
    trigger: '!a',
    response: 'b',
    enabled: false,
    onlyWhenLive: true,
    allowedRoles: [' VIP ', '', 'vip', 'moderator'],
    allowedUsers: ['@Bob', 'bob', ' ', 'Ada'],
    vkvideoAllowedRoleIds: [' R1 ', 'R1', ''],
  });
  expect(first.json).toMatchObject({
    enabled: false,
    onlyWhenLive: true,
    allowedRoles: ['vip', 'moderator'],
    allowedUsers: ['bob', 'ada'],
    vkvideoAllowedRoleIds: ['R1'],
  });
  const changed = await edit(streamer, first.json.id, {
    trigger: '!B',
    response: 'c\r\nd',
    enabled: true,
    onlyWhenLive: false,
    allowedRoles: [],
    allowedUsers: ['cy'],
    vkvideoAllowedRoleIds: [],
  });
  expect(changed.status).toBe(200);
  expect(changed.json).toMatchObject({
    trigger: '!B',
    response: 'c d',
    enabled: true,
    onlyWhenLive: false,
    allowedRoles: [],
    allowedUsers: ['cy'],
    vkvideoAllowedRoleIds: [],
  });
});

test('an edit leaves what it does not name as it was', async () => {
  const streamer = await api.streamer();
  const { json } = await create(streamer, {
    trigger: '!keep',
    response: 'r',
    allowedUsers: ['ada'],
    onlyWhenLive: true,
  });
  const changed = await edit(streamer, json.id, { enabled: false });
  expect(changed.json).toMatchObject({
    trigger: '!keep',
    response: 'r',
    allowedUsers: ['ada'],
    onlyWhenLive: true,
    enabled: false,
  });
});

test('a trigger is taken whatever its case, on create and on edit; two at once make one', async () => {
  const streamer = await api.streamer();
  await create(streamer, { trigger: '!Hi', response: 'x' });
  const other = await create(streamer, { trigger: '!other', response: 'x' });
  const again = await create(streamer, { trigger: ' !HI ', response: 'y' });
  expect([again.status, again.json.errorCode]).toEqual([409, 'CONFLICT']);
  const moved = await edit(streamer, other.json.id, { trigger: '!hI' });
  expect([moved.status, moved.json.errorCode]).toEqual([409, 'CONFLICT']);
  const race = await Promise.all([1, 2, 3].map(() => create(streamer, { trigger: '!race', response: 'x' })));
  expect(race.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  const elsewhere = await create(await api.streamer(), { trigger: '!hi', response: 'x' });
  expect(elsewhere.status).toBe(201);
});

test('a trigger is taken by every spelling that a chat would answer, and by no other: 300 pairs', async () => {
  const streamer = await api.streamer();
  const pairs = [...CHOSEN_PAIRS, ...seededPairs(300 - CHOSEN_PAIRS.length)];
  const statuses = [];
  for (const { saved, typed } of pairs) {
    const first = await create(streamer, { trigger: saved, response: 'x' });
    const second = await create(streamer, { trigger: typed, response: 'y' });
    statuses.push([saved, typed, first.status, second.status]);
    await api.pg.query('delete from "ChatBotCommand" where "channelId" = $1', [streamer.channelId]);
  }
  expect(statuses).toEqual(pairs.map(({ saved, typed, isSame }) => [saved, typed, 201, isSame ? 409 : 201]));
});

test('of two triggers that are compared as equal, which others stored, each can be edited as it is, and none be added', async () => {
  const streamer = await api.streamer();
  const spellings = ['!й', '!\u0438\u0306'];
  const { rows } = await api.pg.query<{ id: string }>(
    `insert into "ChatBotCommand" ("channelId", trigger, "triggerNormalized", response)
     select $1, one, one, 'x' from unnest($2::text[]) one returning id`,
    [streamer.channelId, spellings],
  );
  for (const [index, { id }] of rows.entries()) {
    const same = await edit(streamer, id, { trigger: spellings[index], enabled: false });
    expect([same.status, same.json.trigger]).toEqual([200, spellings[index]]);
  }
  expect((await create(streamer, { trigger: '!Й', response: 'x' })).status).toBe(409);
  const other = await create(streamer, { trigger: '!other', response: 'x' });
  expect((await edit(streamer, other.json.id, { trigger: '!Й\u200b' })).status).toBe(409);
  const race = [
    create(streamer, { trigger: '!new', response: 'x' }),
    edit(streamer, other.json.id, { trigger: '!NEW\u2800' }),
  ];
  expect((await Promise.all(race)).map(({ status }) => status).filter((status) => status === 409)).toHaveLength(1);
});

test('what older writers read as the compared form stays the trigger in lower case', async () => {
  const streamer = await api.streamer();
  await create(streamer, { trigger: ' !И\u0306\u034f ', response: 'x' });
  const { rows } = await api.pg.query(
    'select trigger, "triggerNormalized" from "ChatBotCommand" where "channelId" = $1',
    [streamer.channelId],
  );
  expect(rows).toEqual([{ trigger: '!И\u0306\u034f', triggerNormalized: '!и\u0306\u034f' }]);
});

test('a delete is done once; the second finds nothing', async () => {
  const streamer = await api.streamer();
  const { json } = await create(streamer, { trigger: '!gone', response: 'x' });
  const remove = () => api.ask(streamer, 'DELETE', `${PATH}/${json.id}`);
  expect((await remove()).json).toEqual({ ok: true });
  const second = await remove();
  expect([second.status, second.json.errorCode]).toEqual([404, 'NOT_FOUND']);
});

test("another channel's command can be neither seen, edited nor deleted", async () => {
  const [owner, stranger] = [await api.streamer(), await api.streamer()];
  const { json } = await create(owner, { trigger: '!mine', response: 'x' });
  expect(await list(stranger)).toEqual([]);
  expect(await api.codeOf(stranger, 'PATCH', `${PATH}/${json.id}`, { body: { enabled: false } })).toEqual([
    404,
    'NOT_FOUND',
  ]);
  expect(await api.codeOf(stranger, 'DELETE', `${PATH}/${json.id}`)).toEqual([404, 'NOT_FOUND']);
  expect((await list(owner))[0]).toMatchObject({ trigger: '!mine', enabled: true });
});

test('a channel has at most 200 commands, also when two requests race for the last place', async () => {
  const streamer = await api.streamer();
  await api.pg.query(
    `insert into "ChatBotCommand" ("channelId", trigger, "triggerNormalized", response)
     select $1, '!' || n, '!' || n, 'x' from generate_series(1, 199) n`,
    [streamer.channelId],
  );
  const race = await Promise.all(['!a', '!b'].map((trigger) => create(streamer, { trigger, response: 'x' })));
  expect(race.map(({ status, json }) => json.errorCode ?? status).sort()).toEqual([201, 'CONFLICT']);
});

test('what a command will not do everywhere is said when it is saved, and saved all the same', async () => {
  const streamer = await api.streamer();
  const { json } = await create(streamer, { trigger: '!v', response: '/ban me', allowedRoles: ['vip'] });
  expect(json.warnings).toEqual([expect.stringMatching(/leading \//), expect.stringMatching(/YouTube/)]);
  const long = await edit(streamer, json.id, { response: 'x'.repeat(300), allowedRoles: [] });
  expect(long.json.warnings).toEqual([expect.stringMatching(/^YouTube allows 200 characters\./)]);
});

test('a command that the stream-duration command answers before is saved with a warning', async () => {
  const streamer = await api.streamer();
  const duration = { enabled: true, trigger: '!Up', breakCreditMinutes: 5, onlyWhenLive: false };
  const save = (body: object) => api.ask(streamer, 'PATCH', '/streamer/bot/stream-duration', { body });
  await save(duration);
  const { json } = await create(streamer, { trigger: '!uP', response: 'x' });
  expect(json.warnings).toEqual([expect.stringMatching(/stream-duration/)]);
  expect((await edit(streamer, json.id, { trigger: '!other' })).json.warnings).toEqual([]);
  await save({ ...duration, enabled: false });
  expect((await edit(streamer, json.id, { trigger: '!up' })).json.warnings).toEqual([]);
});

test('lengths count UTF-16 units after normalisation', async () => {
  const streamer = await api.streamer();
  const longest = await create(streamer, { trigger: ` ${'t'.repeat(50)} `, response: ` ${'🌲'.repeat(225)} ` });
  expect(longest.status).toBe(201);
  expect((await create(streamer, { trigger: 't'.repeat(51), response: 'x' })).json.errorCode).toBe('BAD_REQUEST');
  expect((await create(streamer, { trigger: '!l', response: `${'🌲'.repeat(225)}x` })).json.errorCode).toBe(
    'BAD_REQUEST',
  );
});

test('control characters become spaces before a text is stored', async () => {
  const streamer = await api.streamer();
  const { json } = await create(streamer, { trigger: '!c', response: 'a\u0000b\tc\nPRIVMSG #x :d' });
  expect(json.response).toBe('a b c PRIVMSG #x :d');
});

describe('a body that cannot be understood is 400 and writes nothing', () => {
  const good = { trigger: '!x', response: 'x' };
  test.each<[string, unknown]>([
    ['no trigger', { response: 'x' }],
    ['no response', { trigger: '!x' }],
    ['blank trigger', { ...good, trigger: '  ' }],
    ['blank response', { ...good, response: '\n\t' }],
    ['a trigger that nobody sees', { ...good, trigger: '\u034f\u200d\ufe0f' }],
    ['a response that nobody sees', { ...good, response: '\u2800\u200b \u{e0001}' }],
    ['an object as response', { ...good, response: { a: 1 } }],
    ['a number as trigger', { ...good, trigger: 7 }],
    ['enabled as text', { ...good, enabled: 'true' }],
    ['onlyWhenLive as number', { ...good, onlyWhenLive: 1 }],
    ['an unknown role', { ...good, allowedRoles: ['king'] }],
    ['roles as text', { ...good, allowedRoles: 'vip' }],
    ['a list of numbers', { ...good, allowedUsers: [1] }],
    ['null as a list', { ...good, allowedUsers: null }],
    ['101 users', { ...good, allowedUsers: Array(101).fill('a') }],
    ['a user with white space', { ...good, allowedUsers: ['a b'] }],
    ['a long role id', { ...good, vkvideoAllowedRoleIds: ['r'.repeat(129)] }],
    ['a list', [good]],
    ['null', null],
  ])('%s', async (_name, body) => {
    const streamer = await api.streamer();
    const { status, json } = await create(streamer, body);
    expect([status, json.errorCode]).toEqual([400, 'BAD_REQUEST']);
    expect(await list(streamer)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['nothing recognised', { color: 'red' }],
    ['empty', {}],
    ['null as a list', { allowedRoles: null }],
    ['a wrong type', { enabled: 'no' }],
  ])('edit: %s', async (_name, body) => {
    const streamer = await api.streamer();
    const { json } = await create(streamer, good);
    const changed = await edit(streamer, json.id, body);
    expect([changed.status, changed.json.errorCode]).toEqual([400, 'BAD_REQUEST']);
  });

  test('an id no column can hold is nothing anybody has', async () => {
    const streamer = await api.streamer();
    expect((await api.ask(streamer, 'DELETE', `${PATH}/%00`)).status).toBe(400);
  });
});
