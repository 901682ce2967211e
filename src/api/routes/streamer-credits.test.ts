import { decodeJwt } from 'jose';
import { afterAll, expect, test } from 'vitest';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const BASE = '/streamer/credits';

const get = (who: StreamerPerson, what: string) => api.ask(who, 'GET', `${BASE}/${what}`);
const post = (who: StreamerPerson, what: string, body?: unknown) =>
  api.ask(who, 'POST', `${BASE}/${what}`, body === undefined ? {} : { body });

test('the token is the same text every time, names the channel, carries no times, and changes when it is rotated', async () => {
  const who = await api.streamer();
  const first = (await get(who, 'token')).json;
  expect((await get(who, 'token')).json).toEqual(first);
  expect(first.creditsStyleJson).toBeNull();
  const claims = { kind: 'credits', v: 1, channelId: who.channelId, channelSlug: who.slug.toLowerCase(), tv: 1 };
  expect(decodeJwt(first.token)).toEqual(claims);
  const rotated = (await post(who, 'token/rotate')).json;
  expect(Object.keys(rotated)).toEqual(['token']);
  expect(decodeJwt(rotated.token)).toEqual({ ...claims, tv: 2 });
  expect((await get(who, 'token')).json.token).toBe(rotated.token);
});

test('the answer has the whole address: the origin of overlays, else the public host, else where it was asked', async () => {
  const who = await api.streamer();
  const { token, url: local } = (await get(who, 'token')).json;
  expect(local).toBe(`${api.url}/overlay/credits/t/${token}`);
  expect((await fetch(local)).status).toBe(200);
  for (const [env, base] of [
    [{ DOMAIN: 'bots.example' }, 'https://bots.example'],
    [{ DOMAIN: 'bots.example', OVERLAY_URL: 'https://overlay.example/' }, 'https://overlay.example'],
  ] as const) {
    const other = await startApiWorld(url, { env });
    const answer = await other.ask(who, 'GET', `${BASE}/token`);
    expect(answer.json.url).toBe(`${base}/overlay/credits/t/${token}`);
  }
});

test('the answer has the style with its defaults; what it cannot show is drawn into its bounds', async () => {
  const who = await api.streamer();
  const defaults = { fontSize: 24, sections: ['donors', 'chatters'], rollSpeed: 60, titleText: 'Credits' };
  expect((await get(who, 'token')).json.style).toMatchObject(defaults);
  // As another program may have stored it.
  const stored = {
    fontSize: 900,
    fontWeight: '700',
    rollSpeed: 'fast',
    sections: ['chatters', 'x', 'chatters'],
    own: 1,
  };
  await api.pg.query('update "Channel" set "creditsStyleJson" = $1 where id = $2', [
    JSON.stringify(stored),
    who.channelId,
  ]);
  const { style } = (await get(who, 'token')).json;
  expect(style).toMatchObject({ fontSize: 200, fontWeight: 700, rollSpeed: 60, sections: ['chatters'] });
  expect(style).not.toHaveProperty('own');
});

test.each([
  [{ fontSize: 201 }, 'fontSize', 'must be at most 200'],
  [{ fontSize: '30' }, 'fontSize', 'must be a number'],
  [{ fontSize: null }, 'fontSize', 'must be a number'],
  [{ fontWeight: '1000' }, 'fontWeight', 'must be a number from 100 to 900'],
  [{ fontColor: 'red; background: blue' }, 'fontColor', 'must be a CSS color, such as #ffffff'],
  [{ titleText: 'x'.repeat(201) }, 'titleText', 'must be at most 200 characters'],
  [{ showAvatars: 'yes' }, 'showAvatars', 'must be a boolean'],
  [{ rollDirection: 'left' }, 'rollDirection', 'must be one of up, down'],
  [{ sections: ['chatters', 'chatters'] }, 'sections', 'must not repeat an entry'],
  [{ sections: ['viewers'] }, 'sections.0', 'must be one of donors, chatters'],
])('the style %j is refused by the name of its key, and changes nothing', async (style, key, predicate) => {
  const who = await api.streamer();
  const creditsStyleJson = JSON.stringify({ own: { of: 'another program' }, fontSize: 30 });
  expect((await post(who, 'settings', { creditsStyleJson })).status).toBe(200);
  const { status, json } = await post(who, 'settings', { creditsStyleJson: JSON.stringify(style) });
  const field = `creditsStyleJson.${key}`;
  expect([status, json.errorCode, json.error]).toEqual([400, 'BAD_REQUEST', `${field} ${predicate}`]);
  expect(json.details.field).toBe(field);
  expect((await get(who, 'token')).json.creditsStyleJson).toBe(creditsStyleJson);
});

test('the overlay token signs nobody in', async () => {
  const who = await api.streamer();
  const { token } = (await get(who, 'token')).json;
  expect(await api.codeOf({ token }, 'GET', `${BASE}/state`)).toEqual([401, 'UNAUTHORIZED']);
});

test('the state has the slug, the window, and at most 500 chatters and 200 donors', async () => {
  const who = await api.streamer();
  expect((await get(who, 'state')).json).toEqual({
    channelSlug: who.slug,
    creditsReconnectWindowMinutes: 60,
    chatters: [],
    donors: [],
  });
  await post(who, 'reset');
  await api.pg.query(
    `insert into "CreditsChatter" ("channelId", "userId", "displayName") select $1, n::text, 'n' from generate_series(1, 501) n`,
    [who.channelId],
  );
  await api.pg.query(
    `insert into "CreditsDonor" ("channelId", "nameKey", name, amount, currency)
     select $1, n::text, 'n', 1, 'RUB' from generate_series(1, 201) n`,
    [who.channelId],
  );
  const { chatters, donors } = (await get(who, 'state')).json;
  expect([chatters.length, donors.length]).toEqual([500, 200]);
  expect((await post(who, 'reset')).json).toEqual({ ok: true });
  expect((await get(who, 'state')).json.chatters).toEqual([]);
});

test('a style is trimmed and stored, an empty one or null clears it', async () => {
  const who = await api.streamer();
  const style = '{"fontSize":30}';
  expect((await post(who, 'settings', { creditsStyleJson: ` ${style} ` })).json).toEqual({
    ok: true,
    creditsStyleJson: style,
  });
  expect((await get(who, 'token')).json.creditsStyleJson).toBe(style);
  for (const empty of ['', '  ', null]) {
    await post(who, 'settings', { creditsStyleJson: style });
    expect((await post(who, 'settings', { creditsStyleJson: empty })).json).toEqual({
      ok: true,
      creditsStyleJson: null,
    });
  }
});

test.each([[7], [{ fontSize: 30 }], [undefined], ['x'.repeat(50_001)], ['a\u0000b']])(
  'a style that is no storable text of at most 50,000 characters clears nothing',
  async (creditsStyleJson) => {
    const who = await api.streamer();
    await post(who, 'settings', { creditsStyleJson: '{}' });
    const { status, json } = await post(who, 'settings', { creditsStyleJson });
    expect([status, json.errorCode]).toEqual([400, 'BAD_REQUEST']);
    expect((await get(who, 'token')).json.creditsStyleJson).toBe('{}');
  },
);

test('the reconnect window is floored and kept between 1 and 1440; what is no number changes nothing', async () => {
  const who = await api.streamer();
  expect((await get(who, 'reconnect-window')).json).toEqual({ creditsReconnectWindowMinutes: 60 });
  for (const [minutes, kept] of [
    [15.9, 15],
    [0, 1],
    [1e9, 1440],
  ]) {
    expect((await post(who, 'reconnect-window', { minutes })).json).toEqual({ creditsReconnectWindowMinutes: kept });
  }
  for (const minutes of ['15', null, undefined, {}]) {
    expect((await post(who, 'reconnect-window', { minutes })).status).toBe(400);
  }
  expect((await get(who, 'reconnect-window')).json).toEqual({ creditsReconnectWindowMinutes: 1440 });
});

test('ignored names are trimmed, blanks, overlong and repeated ones dropped, the first 200 kept; no list wipes nothing', async () => {
  const who = await api.streamer();
  const save = (creditsIgnoredChatters: unknown) => post(who, 'ignored-chatters', { creditsIgnoredChatters });
  expect((await get(who, 'ignored-chatters')).json).toEqual({ creditsIgnoredChatters: [] });
  const saved = await save([' NightBot ', '', 'nightbot', 'x'.repeat(65), 'Other']);
  expect(saved.json).toEqual({ creditsIgnoredChatters: ['NightBot', 'Other'] });
  for (const wrong of ['NightBot', null, undefined, [1], {}]) expect((await save(wrong)).status).toBe(400);
  expect((await get(who, 'ignored-chatters')).json).toEqual(saved.json);
  const many = Array.from({ length: 300 }, (_, index) => `n${index}`);
  expect((await save(many)).json.creditsIgnoredChatters).toEqual(many.slice(0, 200));
});
