import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ApiWorld, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';

const { url } = await createTestDatabase();
const CHATTER = '/internal/credits/chatter';
const DONOR = '/internal/credits/donor';
const HEADER = { 'x-memalerts-internal': 'credits-event' };
const PATIENCE = { timeout: 10_000, interval: 20 };
const SECRET = 'a relay secret of more than 32 characters';

const relay = (api: ApiWorld, path: string, body: unknown, headers: Record<string, string> = HEADER) =>
  api.ask(null, 'POST', path, { body, headers });
const chatterOf = ({ slug }: StreamerPerson, userId = 'twitch:1', displayName = 'Ada') => ({
  channelSlug: slug,
  userId,
  displayName,
  avatarUrl: null,
});
const rollOf = async (api: ApiWorld, who: StreamerPerson) =>
  (await api.ask(who, 'GET', '/streamer/credits/state')).json;
const names = async (api: ApiWorld, who: StreamerPerson) =>
  (await rollOf(api, who)).chatters.map(({ name }: { name: string }) => name);

/** Nobody can be stored until it is released. */
async function holdChatters(api: ApiWorld): Promise<() => Promise<void>> {
  const holder = await api.pg.connect();
  await holder.query('begin; lock table "CreditsChatter" in access exclusive mode');
  let isHeld = true;
  const release = async () => {
    if (isHeld) await holder.query('rollback');
    if (isHeld) holder.release();
    isHeld = false;
  };
  onTestFinished(release);
  return release;
}

test('a chatter, one or many, is in the roll of the channel that the slug names in any case', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  expect((await relay(api, CHATTER, chatterOf(who))).json).toEqual({ ok: true });
  const many = [
    chatterOf(who, 'kick:2', ' Ben '),
    { ...chatterOf(who, 'kick:3', 'Cy'), channelSlug: ` ${who.slug.toUpperCase()} ` },
  ];
  expect((await relay(api, CHATTER, many)).json).toEqual({ ok: true });
  expect(await names(api, who)).toEqual(['Ada', 'Ben', 'Cy']);
});

test('names are cut to 100 characters, control characters are spaces, and only short http addresses are avatars', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const avatars = ['https://img.example/a.png', 'javascript:alert(1)', `https://img.example/${'x'.repeat(500)}`, 7];
  for (const [index, avatarUrl] of avatars.entries()) {
    await relay(api, CHATTER, { ...chatterOf(who, `u${index}`, `N${index}`), avatarUrl });
  }
  await relay(api, CHATTER, chatterOf(who, 'long', `${'🌲'.repeat(99)}\u0000${'x'.repeat(50)}`));
  const { chatters } = await rollOf(api, who);
  expect(chatters.map(({ avatarUrl }: { avatarUrl: string }) => avatarUrl)).toEqual([
    avatars[0],
    null,
    null,
    null,
    null,
  ]);
  expect(chatters[4].name).toBe(`${'🌲'.repeat(99)} `);
});

test('a chatter who is ignored, or of an unknown channel, is answered so and stored nowhere', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  await api.ask(who, 'POST', '/streamer/credits/ignored-chatters', { body: { creditsIgnoredChatters: ['NightBot'] } });
  const ignored = { ok: true, ignored: true };
  expect((await relay(api, CHATTER, chatterOf(who, 'u', ' nightbot '))).json).toEqual(ignored);
  expect((await relay(api, CHATTER, { ...chatterOf(who), channelSlug: 'nowhere' })).json).toEqual(ignored);
  expect((await relay(api, DONOR, { channelSlug: 'nowhere', name: 'Zoe', amount: 5 })).json).toEqual(ignored);
  expect(await names(api, who)).toEqual([]);
});

test('an ignore list saved in one copy of the API counts at once in the other', async () => {
  const [one, two] = [await startApiWorld(url), await startApiWorld(url)];
  const who = await one.streamer();
  await relay(two, CHATTER, chatterOf(who, 'a', 'Ada'));
  await one.ask(who, 'POST', '/streamer/credits/ignored-chatters', { body: { creditsIgnoredChatters: ['Ben'] } });
  await expect
    .poll(async () => (await relay(two, CHATTER, chatterOf(who, 'b', 'Ben'))).json)
    .toEqual({ ok: true, ignored: true });
});

test('two copies that both get every chatter, at once and in different order, show each once', async () => {
  const copies = [await startApiWorld(url), await startApiWorld(url)] as const;
  const who = await copies[0].streamer();
  const people = Array.from({ length: 200 }, (_, index) => chatterOf(who, `twitch:${index}`, `P${index}`));
  const answers = await Promise.all([
    relay(copies[0], CHATTER, people),
    relay(copies[1], CHATTER, people.toReversed()),
    ...people.slice(0, 20).flatMap((one) => copies.map((copy) => relay(copy, CHATTER, one))),
  ]);
  expect(answers.map(({ status }) => status).every((status) => status === 200)).toBe(true);
  const expected = people.map(({ displayName }) => displayName).sort();
  for (const copy of copies) expect((await names(copy, who)).sort()).toEqual(expected);
});

test('a reset in one copy lets the other credit a person it had seen before', async () => {
  const [one, two] = [await startApiWorld(url), await startApiWorld(url)];
  const who = await one.streamer();
  await relay(two, CHATTER, chatterOf(who));
  await one.ask(who, 'POST', '/streamer/credits/reset');
  expect(await names(two, who)).toEqual([]);
  await expect
    .poll(async () => {
      await relay(two, CHATTER, chatterOf(who));
      return names(one, who);
    })
    .toEqual(['Ada']);
});

test('donors: numeric texts count, negative is nothing, the currency is upper-case, a repeat overwrites', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const give = (donor: object) => relay(api, DONOR, { channelSlug: who.slug, ...donor });
  expect((await give({ name: ' Zoe ', amount: '12.5', currency: ' usd ' })).json).toEqual({ ok: true });
  await give({ name: 'Yan', amount: -3 });
  await give({ name: 'ZOE', amount: 7 });
  expect((await rollOf(api, who)).donors).toEqual([
    { name: 'ZOE', amount: 7, currency: 'RUB', avatarUrl: null },
    { name: 'Yan', amount: 0, currency: 'RUB', avatarUrl: null },
  ]);
});

test('while nothing can be stored, credits keep two connections: the panel is served, who waits two seconds hears 503', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(url, { clock });
  const who = await api.streamer();
  await relay(api, CHATTER, chatterOf(who));
  const release = await holdChatters(api);
  const outcomes: string[] = [];
  const batches = Array.from({ length: 20 }, async (_, index) => {
    const { status, json } = await relay(api, CHATTER, chatterOf(who, `u${index}`, 'Ben'));
    outcomes.push(`${status} ${json.errorCode ?? ''}`);
  });
  await vi.waitFor(async () => {
    await clock.advance(500);
    expect(outcomes).toEqual(Array(18).fill('503 CREDITS_BUSY'));
  }, PATIENCE);
  expect((await api.ask(who, 'GET', '/streamer/bots')).status).toBe(200);
  await release();
  await Promise.all(batches);
  expect(outcomes.slice(18)).toEqual(['200 ', '200 ']);
  expect(await names(api, who)).toHaveLength(3);
});

test('a batch whose sender hung up while it waited is not stored', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  await relay(api, CHATTER, chatterOf(who));
  const release = await holdChatters(api);
  const inWork = ['a', 'b'].map((name) => relay(api, CHATTER, chatterOf(who, name, name)));
  for (const name of ['c', 'd']) {
    const body = JSON.stringify(chatterOf(who, name, name));
    const sender = httpRequest({ port: api.port, host: '127.0.0.1', method: 'POST', path: CHATTER, headers: HEADER });
    sender.on('error', () => {});
    sender.setHeader('content-type', 'application/json');
    await new Promise<void>((sent) => sender.end(body, sent));
    for (let round = 0; round < 3; round += 1) await api.ask(null, 'GET', '/health');
    sender.destroy();
    for (let round = 0; round < 3; round += 1) await api.ask(null, 'GET', '/health');
  }
  await release();
  expect((await Promise.all(inWork)).map(({ status }) => status)).toEqual([200, 200]);
  await relay(api, CHATTER, chatterOf(who, 'e', 'e'));
  expect((await names(api, who)).sort()).toEqual(['Ada', 'a', 'b', 'e']);
});

test.each<[string, string, unknown]>([
  ['no slug', CHATTER, { userId: 'u', displayName: 'x' }],
  ['blank user', CHATTER, { channelSlug: 's', userId: ' ', displayName: 'x' }],
  ['blank name', CHATTER, { channelSlug: 's', userId: 'u', displayName: '\n' }],
  ['an object as name', CHATTER, { channelSlug: 's', userId: 'u', displayName: {} }],
  ['a list with one that is wrong', CHATTER, [{ channelSlug: 's', userId: 'u', displayName: 'x' }, {}]],
  ['too many at once', CHATTER, Array(4001).fill({ channelSlug: 's', userId: 'u', displayName: 'x' })],
  ['text', CHATTER, 'chatter'],
  ['a donor without name', DONOR, { channelSlug: 's', amount: 1 }],
  ['an amount that is no number', DONOR, { channelSlug: 's', name: 'x', amount: 'much' }],
  ['an amount without end', DONOR, { channelSlug: 's', name: 'x', amount: '1e999' }],
  ['a blank amount', DONOR, { channelSlug: 's', name: 'x', amount: ' ' }],
])('%s is a bad request', async (_name, path, body) => {
  const api = await startApiWorld(url);
  const { status, json } = await relay(api, path, body);
  expect([status, json.errorCode]).toEqual([400, 'BAD_REQUEST']);
});

describe('to everybody else the route does not exist', () => {
  const hidden = { errorCode: 'NOT_FOUND', error: 'Not found', requestId: expect.any(String) };

  test.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['another value', { 'x-memalerts-internal': 'yes' }],
    ...['x-forwarded-for', 'x-real-ip', 'forwarded', 'cf-connecting-ip'].map(
      (name): [string, Record<string, string>] => [`through a proxy (${name})`, { ...HEADER, [name]: '127.0.0.1' }],
    ),
  ])('%s', async (_name, headers) => {
    const api = await startApiWorld(url);
    const who = await api.streamer();
    for (const [path, body] of [
      [CHATTER, chatterOf(who)],
      [DONOR, { channelSlug: who.slug, name: 'x', amount: 1 }],
    ] as const) {
      const { status, json } = await relay(api, path, body, headers);
      expect([status, json]).toEqual([404, hidden]);
    }
    const broken = await api.ask(null, 'POST', CHATTER, { raw: '{"', headers });
    expect([broken.status, broken.json]).toEqual([404, hidden]);
    expect(await names(api, who)).toEqual([]);
  });
});

describe('with a relay secret', () => {
  const sign = (body: string, at: number | string, secret = SECRET) => ({
    ...HEADER,
    'x-memalerts-timestamp': String(at),
    'x-memalerts-signature': createHmac('sha256', secret).update(`${at}.${body}`).digest('hex'),
  });

  async function world() {
    const api = await startApiWorld(url, { env: { INTERNAL_RELAY_SECRET: SECRET } });
    const who = await api.streamer();
    const body = JSON.stringify(chatterOf(who));
    const post = (headers: Record<string, string>, raw = body) => api.ask(null, 'POST', CHATTER, { raw, headers });
    return { who, body, post, api };
  }

  test('a signed call counts from anywhere, also through a proxy and without the bare header', async () => {
    const { api, who, body, post } = await world();
    const { 'x-memalerts-internal': _bare, ...signed } = sign(body, Date.now());
    expect((await post({ ...signed, 'x-forwarded-for': '203.0.113.7' })).json).toEqual({ ok: true });
    expect(await names(api, who)).toEqual(['Ada']);
  });

  test('the bare header of this machine no longer counts', async () => {
    const { post } = await world();
    expect((await post(HEADER)).status).toBe(404);
  });

  test('a signature that is wrong, old, early, made for another body or no signature at all is refused', async () => {
    const { api, who, body, post } = await world();
    const now = Date.now();
    const refused = [
      sign(body, now, 'another secret of more than 32 characters'),
      sign(body, now - 301_000),
      sign(body, now + 301_000),
      sign(body, 'yesterday'),
      sign(`${body} `, now),
      { ...sign(body, now), 'x-memalerts-signature': 'zz' },
      { ...sign(body, now), 'x-memalerts-timestamp': String(now + 1) },
    ];
    for (const headers of refused) expect((await post(headers)).status).toBe(404);
    expect((await post(sign('{"', now), '{"')).status).toBe(400);
    expect(await names(api, who)).toEqual([]);
  });
});
