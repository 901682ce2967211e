import { afterAll, describe, expect, test } from 'vitest';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/streamer/bot/say';

const TABLES: Readonly<Record<string, readonly [subscription: string, target: string]>> = {
  twitch: ['ChatBotSubscription', 'twitchLogin'],
  youtube: ['YouTubeChatBotSubscription', 'youtubeChannelId'],
  vkvideo: ['VkVideoChatBotSubscription', 'vkvideoChannelId'],
  trovo: ['TrovoChatBotSubscription', 'trovoChannelId'],
  kick: ['KickChatBotSubscription', 'kickChannelId'],
};

/** Subscribes the channel, with an owner where the table asks for one. */
async function subscribe(who: StreamerPerson, provider: string, target = `${provider}-${who.slug}`): Promise<void> {
  const [table, column] = TABLES[provider] ?? [];
  const hasOwner = provider !== 'twitch';
  await api.pg.query(
    `insert into "${table}" ("channelId", "${column}"${hasOwner ? ', "userId"' : ''}) values ($1, $2${hasOwner ? ', $3' : ''})`,
    [who.channelId, target, ...(hasOwner ? [who.userId] : [])],
  );
}

const gate = (who: StreamerPerson, provider: string, enabled: boolean) =>
  api.pg.query(`insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, $2, $3)`, [
    who.channelId,
    provider,
    enabled,
  ]);

async function streamerOn(...providers: string[]): Promise<StreamerPerson> {
  const who = await api.streamer();
  for (const provider of providers) await subscribe(who, provider);
  return who;
}

const say = (who: StreamerPerson, body: unknown, headers = {}) => api.ask(who, 'POST', PATH, { body, headers });
const queued = async (who: StreamerPerson) =>
  (await api.db.selectFrom('ChatBotOutboxMessage').selectAll().where('channelId', '=', who.channelId).execute()).map(
    ({ message, status, twitchLogin, source }) => ({ message, status, twitchLogin, source }),
  );

test('a message is queued for the only provider that is on, target and all', async () => {
  const who = await streamerOn('twitch');
  const { status, json } = await say(who, { message: '  Hello\r\nthere ' });
  expect([status, json]).toEqual([
    200,
    {
      ok: true,
      provider: 'twitch',
      outbox: { id: expect.any(String), status: 'pending', createdAt: expect.stringMatching(/\.\d{3}Z$/) },
    },
  ]);
  expect(await queued(who)).toEqual([
    { message: 'Hello there', status: 'pending', twitchLogin: `twitch-${who.slug}`, source: 'say' },
  ]);
});

test.each(Object.keys(TABLES))('%s takes a message by name, in any case', async (provider) => {
  const who = await streamerOn('twitch', ...(provider === 'twitch' ? [] : [provider]));
  const { json } = await say(who, { message: 'x', provider: ` ${provider.toUpperCase()} ` });
  expect(json.provider).toBe(provider);
  const status = await api.ask(who, 'GET', `/streamer/bot/outbox/${provider}/${json.outbox.id}`);
  expect(status.json).toMatchObject({ provider, id: json.outbox.id, status: 'pending' });
});

describe('without a provider', () => {
  test('several that are on are listed in speaking order', async () => {
    const who = await streamerOn('kick', 'vkvideo', 'twitch', 'youtube', 'trovo');
    for (const provider of [undefined, null, '  ']) {
      const { status, json } = await say(who, { message: 'x', provider });
      expect([status, json]).toEqual([
        400,
        {
          errorCode: 'BAD_REQUEST',
          error: expect.any(String),
          requestId: expect.any(String),
          enabledProviders: ['twitch', 'youtube', 'vkvideo', 'trovo', 'kick'],
        },
      ]);
    }
  });

  test('a closed gate and an empty target are off on every platform, an open gate changes nothing', async () => {
    const who = await streamerOn('youtube', 'kick', 'trovo');
    await subscribe(who, 'twitch', '');
    await gate(who, 'youtube', false);
    await gate(who, 'kick', false);
    await gate(who, 'trovo', true);
    expect((await say(who, { message: 'x' })).json.provider).toBe('trovo');
  });

  test('a lone subscription of an older installation keeps working', async () => {
    const who = await streamerOn('twitch');
    expect((await say(who, { message: 'x' })).status).toBe(200);
  });

  test('none that is on is BOT_DISABLED', async () => {
    const who = await api.streamer();
    expect(await api.codeOf(who, 'POST', PATH, { body: { message: 'x' } })).toEqual([400, 'BOT_DISABLED']);
  });
});

test('a named provider that is off is refused, and so is one that does not exist: nothing falls back to another', async () => {
  const who = await streamerOn('twitch');
  expect(await api.codeOf(who, 'POST', PATH, { body: { message: 'x', provider: 'kick' } })).toEqual([
    400,
    'BOT_DISABLED',
  ]);
  const unknown = await say(who, { message: 'x', provider: 'myspace' });
  expect([unknown.status, unknown.json.errorCode]).toEqual([400, 'VALIDATION_ERROR']);
  await gate(who, 'twitch', false);
  expect(await api.codeOf(who, 'POST', PATH, { body: { message: 'x', provider: 'twitch' } })).toEqual([
    400,
    'BOT_DISABLED',
  ]);
  expect(await queued(who)).toEqual([]);
});

test.each<[string, unknown]>([
  ['missing', {}],
  ['blank', { message: ' \n ' }],
  ['nothing that anybody sees', { message: '\u200b\u2800\ufe0f' }],
  ['too long', { message: 'x'.repeat(501) }],
  ['an object', { message: { text: 'x' } }],
  ['a number', { message: 7 }],
  ['null', { message: null }],
  ['a command of the platform', { message: '/ban someone' }],
  ['the older form of one', { message: '.ban someone' }],
  ['a command after white space', { message: '\t\n /me' }],
  ['a command behind a control character', { message: '\u0001/me' }],
  ['a provider of the wrong type', { message: 'x', provider: 7 }],
])('a message that is %s is 400 and queues nothing', async (_name, body) => {
  const who = await streamerOn('twitch', 'kick');
  const { status, json } = await say(who, body);
  expect([status, json.errorCode]).toEqual([400, 'BAD_REQUEST']);
  // The message is looked at before the provider is chosen.
  expect(json.enabledProviders).toBeUndefined();
  expect(await queued(who)).toEqual([]);
});

test('500 UTF-16 units pass, emoji counted as two', async () => {
  const who = await streamerOn('twitch');
  expect((await say(who, { message: '🌲'.repeat(250) })).status).toBe(200);
  expect((await say(who, { message: `${'🌲'.repeat(250)}x` })).status).toBe(400);
});

test('a message longer than the platform takes is refused, naming the limit', async () => {
  const who = await streamerOn('youtube');
  const { status, json } = await say(who, { message: 'x'.repeat(201) });
  expect([status, json.errorCode, json.details]).toEqual([
    400,
    'BAD_REQUEST',
    { field: 'message', max: 200, length: 201 },
  ]);
  expect(json.error).toContain('200');
});

describe('Idempotency-Key', () => {
  test('the same message again is the same row, also when both come at once', async () => {
    const who = await streamerOn('twitch');
    const headers = { 'idempotency-key': 'key-1' };
    const [one, two] = await Promise.all([
      say(who, { message: 'once' }, headers),
      say(who, { message: 'once' }, headers),
    ]);
    const three = await say(who, { message: ' once ' }, headers);
    expect(two.json).toEqual(one.json);
    expect(three.json).toEqual(one.json);
    expect(await queued(who)).toHaveLength(1);
  });

  test('another message, or another provider, with a used key is a conflict', async () => {
    const who = await streamerOn('twitch', 'kick');
    const headers = { 'idempotency-key': 'key-2' };
    await say(who, { message: 'a', provider: 'twitch' }, headers);
    for (const body of [
      { message: 'b', provider: 'twitch' },
      { message: 'a', provider: 'kick' },
    ]) {
      const { status, json } = await say(who, body, headers);
      expect([status, json.errorCode]).toEqual([409, 'CONFLICT']);
    }
    expect(await queued(who)).toHaveLength(1);
  });

  test('the repeat of an accepted request is answered alike, whatever was switched since and however much was said', async () => {
    const limited = await startApiWorld(url, { env: { SAY_PER_30S: '2' } });
    const who = await streamerOn('youtube', 'kick');
    const ask = (body: object, key?: string) =>
      limited.ask(who, 'POST', PATH, { body, headers: key === undefined ? {} : { 'idempotency-key': key } });
    const first = await ask({ message: 'a', provider: 'kick' }, 'key-4');
    expect((await ask({ message: 'b', provider: 'kick' })).status).toBe(200);
    // The repeat of what was accepted uses nothing up, and what is used up does not refuse it.
    for (let times = 0; times < 3; times += 1) {
      expect((await ask({ message: 'a', provider: 'kick' }, 'key-4')).json).toEqual(first.json);
    }
    expect((await ask({ message: 'c', provider: 'kick' })).json.errorCode).toBe('RATE_LIMITED');
    await gate(who, 'kick', false);
    for (const body of [{ message: 'a' }, { message: 'a', provider: 'KICK' }]) {
      expect((await ask(body, 'key-4')).json).toEqual(first.json);
    }
    expect((await ask({ message: 'a', provider: 'youtube' }, 'key-4')).json.errorCode).toBe('CONFLICT');
    expect((await ask({ message: 'another' }, 'key-4')).json.errorCode).toBe('CONFLICT');
  });

  test('a key belongs to its channel', async () => {
    const [ada, ben] = [await streamerOn('twitch'), await streamerOn('twitch')];
    const headers = { 'idempotency-key': 'key-3' };
    const first = await say(ada, { message: 'a' }, headers);
    const second = await say(ben, { message: 'b' }, headers);
    expect(second.status).toBe(200);
    expect(second.json.outbox.id).not.toBe(first.json.outbox.id);
  });

  test.each(['', 'x'.repeat(129), 'two words'])('the key "%s" is refused', async (key) => {
    const who = await streamerOn('twitch');
    expect((await say(who, { message: 'a' }, { 'idempotency-key': key })).status).toBe(400);
    expect(await queued(who)).toEqual([]);
  });

  test('without a key two calls are two messages', async () => {
    const who = await streamerOn('twitch');
    await say(who, { message: 'a' });
    await say(who, { message: 'a' });
    expect(await queued(who)).toHaveLength(2);
  });
});

describe('the fate of a message', () => {
  test('is told without its text, its target or the next try', async () => {
    const who = await streamerOn('kick');
    const { json } = await say(who, { message: 'secret text' });
    await api.pg.query(
      `update "KickChatBotOutboxMessage" set status = 'failed', attempts = 3, "lastError" = 'No active live chat',
        "failedAt" = timezone('utc', now()) where id = $1`,
      [json.outbox.id],
    );
    const fate = await api.ask(who, 'GET', `/streamer/bot/outbox/KICK/${json.outbox.id}`);
    expect(fate.json).toEqual({
      provider: 'kick',
      id: json.outbox.id,
      status: 'failed',
      attempts: 3,
      lastError: 'No active live chat',
      processingAt: null,
      sentAt: null,
      failedAt: expect.stringMatching(/\.\d{3}Z$/),
      createdAt: json.outbox.createdAt,
      updatedAt: expect.stringMatching(/\.\d{3}Z$/),
      reasonText: 'Kick refused the message: No active live chat. Send another text, or ease the rules of the chat.',
      waitingFor: null,
    });
  });

  test('of another channel, of another provider or of nothing is not found', async () => {
    const [who, stranger] = [await streamerOn('twitch'), await streamerOn('twitch')];
    const { json } = await say(who, { message: 'x' });
    const { id } = json.outbox;
    expect(await api.codeOf(stranger, 'GET', `/streamer/bot/outbox/twitch/${id}`)).toEqual([404, 'NOT_FOUND']);
    expect(await api.codeOf(who, 'GET', `/streamer/bot/outbox/kick/${id}`)).toEqual([404, 'NOT_FOUND']);
    expect(await api.codeOf(who, 'GET', '/streamer/bot/outbox/twitch/nothing')).toEqual([404, 'NOT_FOUND']);
  });

  test('of an unknown provider or a blank id is a bad request', async () => {
    const who = await api.streamer();
    expect(await api.codeOf(who, 'GET', '/streamer/bot/outbox/myspace/1')).toEqual([400, 'BAD_REQUEST']);
    expect(await api.codeOf(who, 'GET', '/streamer/bot/outbox/twitch/%20')).toEqual([400, 'BAD_REQUEST']);
  });
});
