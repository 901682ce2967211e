import { afterAll, expect, test } from 'vitest';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const PATH = '/streamer/bot/outbox';

const OUTBOXES: Readonly<Record<string, readonly [table: string, target: string]>> = {
  twitch: ['ChatBotOutboxMessage', 'twitchLogin'],
  vkvideo: ['VkVideoChatBotOutboxMessage', 'vkvideoChannelId'],
  youtube: ['YouTubeChatBotOutboxMessage', 'youtubeChannelId'],
  trovo: ['TrovoChatBotOutboxMessage', 'trovoChannelId'],
  kick: ['KickChatBotOutboxMessage', 'kickChannelId'],
};
const PROVIDERS = Object.keys(OUTBOXES);

interface Item {
  readonly provider: string;
  readonly message: string;
  readonly status: string;
}

interface Row {
  readonly message: string;
  readonly status?: string;
  readonly lastError?: string;
  readonly at?: string;
}

async function queued(who: StreamerPerson, provider: string, ...rows: readonly Row[]): Promise<void> {
  const [table, target] = OUTBOXES[provider] ?? [];
  for (const { message, status = 'pending', lastError = null, at = '2026-01-02T03:04:05.678' } of rows) {
    await api.pg.query(
      `insert into "${table}" ("channelId", "${target}", message, status, "lastError", "createdAt")
       values ($1, 'there', $2, $3, $4, $5::timestamp)`,
      [who.channelId, message, status, lastError, at],
    );
  }
}

const ask = (who: StreamerPerson, query = '') => api.ask(who, 'GET', `${PATH}${query}`);
const messages = (items: readonly Item[]) => items.map(({ message }) => message);

/** All pages one after the other, and what `meanwhile` does between them. */
async function everyPage(who: StreamerPerson, query: string, meanwhile = async () => {}): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, json } = await ask(who, `?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    items.push(...json.items);
    cursor = json.nextCursor;
    await meanwhile();
  }
  return items;
}

test('a message is shown with everything that became of it, and why', async () => {
  const who = await api.streamer();
  await api.pg.query(
    `insert into "KickChatBotOutboxMessage" ("channelId", "kickChannelId", message, source, status, attempts,
       "lastError", "processingAt", "failedAt", "createdAt")
     values ($1, '77', 'hi there', 'greeting', 'failed', 3, 'rejected: banned', '2026-01-02T03:04:06',
       '2026-01-02T03:04:07', '2026-01-02T03:04:05.678')`,
    [who.channelId],
  );
  const { status, json } = await ask(who);
  expect([status, json]).toEqual([
    200,
    {
      items: [
        {
          provider: 'kick',
          id: expect.any(String),
          source: 'greeting',
          message: 'hi there',
          status: 'failed',
          attempts: 3,
          lastError: 'rejected: banned',
          platformMessageId: null,
          nextAttemptAt: null,
          expiresAt: null,
          processingAt: '2026-01-02T03:04:06.000Z',
          sentAt: null,
          failedAt: '2026-01-02T03:04:07.000Z',
          createdAt: '2026-01-02T03:04:05.678Z',
          updatedAt: expect.stringMatching(/\.\d{3}Z$/),
          reasonText: expect.stringContaining('rejected: banned'),
          waitingFor: null,
        },
      ],
      nextCursor: null,
    },
  ]);
});

test('one that waits says when it is tried again, and when it is given up', async () => {
  const who = await api.streamer();
  await queued(who, 'twitch', { message: 'later' });
  const [item] = (await ask(who)).json.items;
  const time = expect.stringMatching(/^20.*\.\d{3}Z$/);
  expect(item).toMatchObject({ status: 'pending', nextAttemptAt: time, expiresAt: time });
});

test('pages hold every message of all platforms once, newest first, also of one moment and while others come', async () => {
  const who = await api.streamer();
  for (const provider of PROVIDERS) {
    const rows = ['01', '02', '03'].flatMap((second) =>
      ['sent', 'failed', 'processing'].map((status) => ({
        message: `${second} ${provider} ${status}`,
        status,
        at: `2026-01-02T03:04:${second}`,
      })),
    );
    await queued(who, provider, ...rows);
  }
  let late = 0;
  const whileOthersCome = async () => {
    late += 1;
    await queued(who, 'twitch', { message: `late ${late}`, at: '2026-01-02T03:04:09' });
  };
  const whole = messages((await ask(who, '?limit=100')).json.items);
  expect(whole).toHaveLength(45);
  expect(whole.map((text) => text.slice(0, 2))).toEqual([...whole.map((text) => text.slice(0, 2))].sort().reverse());
  expect(messages(await everyPage(who, 'limit=4', whileOthersCome))).toEqual(whole);
  expect(new Set(whole).size).toBe(45);
});

test('messages of one moment on one platform are shown in the order of their queue, the last one first', async () => {
  const who = await api.streamer();
  await queued(who, 'trovo', ...['a', 'b', 'c', 'd', 'e'].map((message) => ({ message })));
  expect(messages(await everyPage(who, 'limit=2'))).toEqual(['e', 'd', 'c', 'b', 'a']);
});

test('a platform and a state narrow the history down, page by page too', async () => {
  const who = await api.streamer();
  for (const provider of ['kick', 'youtube']) {
    await queued(who, provider, { message: `${provider} went`, status: 'sent' });
    await queued(who, provider, { message: `${provider} failed`, status: 'failed', lastError: 'expired' });
    await queued(who, provider, { message: `${provider} failed too`, status: 'failed', lastError: 'expired' });
  }
  expect(messages(await everyPage(who, 'limit=1&provider=%20KICK&status=failed'))).toEqual([
    'kick failed too',
    'kick failed',
  ]);
  expect(messages(await everyPage(who, 'limit=2&status=sent'))).toEqual(['youtube went', 'kick went']);
  expect((await ask(who, '?provider=trovo')).json).toEqual({ items: [], nextCursor: null });
});

test("another channel's messages are nobody's business", async () => {
  const [who, stranger] = [await api.streamer(), await api.streamer()];
  await queued(who, 'twitch', { message: 'mine' }, { message: 'mine too' });
  const { nextCursor } = (await ask(who, '?limit=1')).json;
  expect((await ask(stranger)).json).toEqual({ items: [], nextCursor: null });
  expect((await ask(stranger, `?cursor=${nextCursor}`)).json).toEqual({ items: [], nextCursor: null });
});

const sealed = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');

test.each([
  ['cursor', 'cursor=abc'],
  ['cursor', 'cursor='],
  ['cursor', `cursor=${'x'.repeat(600)}`],
  ['cursor', `cursor=${sealed([1767323045678, 'some id'])}`],
  ['cursor', `cursor=${sealed([-1, 'kick', 1])}`],
  ['cursor', `cursor=${sealed([9e15, 'kick', 1])}`],
  ['cursor', `cursor=${sealed([1767323045678, '\u0000', 1])}`],
  ['cursor', `cursor=${sealed([1767323045678, 'kick', 1.5])}`],
  ['cursor', 'cursor=a&cursor=b'],
  ['limit', 'limit=0'],
  ['limit', 'limit=101'],
  ['limit', 'limit=some'],
  ['limit', 'limit='],
  ['status', 'status=lost'],
  ['status', 'status='],
])('a wrong %s is told by its name: %s', async (field, query) => {
  const who = await api.streamer();
  const { status, json } = await ask(who, `?${query}`);
  expect([status, json.errorCode, json.details]).toEqual([400, 'BAD_REQUEST', { field }]);
  expect(json.error).toMatch(new RegExp(`^${field} must `));
});

test('an unknown platform is refused with those there are', async () => {
  const { status, json } = await ask(await api.streamer(), '?provider=myspace');
  expect([status, json.errorCode, json.details]).toEqual([
    400,
    'VALIDATION_ERROR',
    { field: 'provider', allowed: PROVIDERS },
  ]);
});

test('a platform without its table has no history, and takes none from the others', async () => {
  const { url: full } = await createTestDatabase({ forTest: true });
  const lacking = await startApiWorld(full);
  const who = await lacking.streamer();
  await lacking.pg.query('drop table "TrovoChatBotOutboxMessage"');
  await lacking.pg.query(
    `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message) values ($1, 't', 'here')`,
    [who.channelId],
  );
  expect(messages((await lacking.ask(who, 'GET', PATH)).json.items)).toEqual(['here']);
  expect(await lacking.codeOf(who, 'GET', `${PATH}?provider=trovo`)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
});
