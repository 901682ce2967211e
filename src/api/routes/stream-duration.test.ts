import { afterAll, expect, test } from 'vitest';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/streamer/bot/stream-duration';
const TEMPLATE = 'Время стрима: {hours}ч {minutes}м ({totalMinutes}м)';
const DEFAULTS = {
  enabled: false,
  trigger: '!time',
  responseTemplate: TEMPLATE,
  breakCreditMinutes: 60,
  onlyWhenLive: false,
};
const SETTINGS = { enabled: true, trigger: '!Up', breakCreditMinutes: 10, onlyWhenLive: true };

const read = async (who: StreamerPerson) => (await api.ask(who, 'GET', PATH)).json;
const save = (who: StreamerPerson, body: unknown) => api.ask(who, 'PATCH', PATH, { body });

test('missing or corrupt settings read as the defaults', async () => {
  const who = await api.streamer();
  expect(await read(who)).toEqual(DEFAULTS);
  for (const json of ['{', '[]', 'null']) {
    await api.pg.query(`update "Channel" set "streamDurationCommandJson" = $1 where id = $2`, [json, who.channelId]);
    expect(await read(who)).toEqual(DEFAULTS);
  }
});

test('a save replaces everything, answers what it stored and is read back', async () => {
  const who = await api.streamer();
  const { status, json } = await save(who, { ...SETTINGS, responseTemplate: ' up\n{totalMinutes} ' });
  const expected = { ...SETTINGS, responseTemplate: 'up {totalMinutes}' };
  expect([status, json]).toEqual([200, expected]);
  expect(await read(who)).toEqual(expected);
  const { rows } = await api.pg.query('select "streamDurationCommandJson" as json from "Channel" where id = $1', [
    who.channelId,
  ]);
  expect(JSON.parse(rows[0].json)).toEqual({ ...expected, triggerNormalized: '!up', updatedAt: expect.any(String) });
});

test('a template that is left out is the default, one that is null stays null', async () => {
  const who = await api.streamer();
  expect((await save(who, SETTINGS)).json.responseTemplate).toBe(TEMPLATE);
  expect((await save(who, { ...SETTINGS, responseTemplate: null })).json.responseTemplate).toBeNull();
  expect((await read(who)).responseTemplate).toBeNull();
});

test('minutes are floored and kept between 0 and 1440', async () => {
  const who = await api.streamer();
  for (const [given, kept] of [
    [5.9, 5],
    [-3, 0],
    [99_999, 1440],
  ]) {
    expect((await save(who, { ...SETTINGS, breakCreditMinutes: given })).json.breakCreditMinutes).toBe(kept);
  }
});

test.each<[string, unknown]>([
  ['enabled missing', { ...SETTINGS, enabled: undefined }],
  ['enabled as text', { ...SETTINGS, enabled: 'true' }],
  ['no trigger', { ...SETTINGS, trigger: ' ' }],
  ['a long trigger', { ...SETTINGS, trigger: 'x'.repeat(51) }],
  ['minutes null', { ...SETTINGS, breakCreditMinutes: null }],
  ['minutes as text', { ...SETTINGS, breakCreditMinutes: '60' }],
  ['a trigger that nobody sees', { ...SETTINGS, trigger: '\u200b\u2800\ufe0f' }],
  ['a template that nobody sees', { ...SETTINGS, responseTemplate: '\u200b\u2800\ufe0f' }],
  ['a blank template', { ...SETTINGS, responseTemplate: ' ' }],
  ['a long template', { ...SETTINGS, responseTemplate: 'x'.repeat(451) }],
  ['onlyWhenLive missing', { ...SETTINGS, onlyWhenLive: undefined }],
])('%s is 400 and stores nothing', async (_name, body) => {
  const who = await api.streamer();
  const { status, json } = await save(who, body);
  expect([status, json.errorCode]).toEqual([400, 'BAD_REQUEST']);
  expect(await read(who)).toEqual(DEFAULTS);
});
