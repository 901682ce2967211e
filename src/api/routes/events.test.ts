import { expect, test } from 'vitest';
import { type ApiWorld, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { type EventReader, openEvents } from '../../../test/support/event-reader.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';

const { url } = await createTestDatabase();
const PATH = '/streamer/events';

interface Shown {
  readonly message: string;
  readonly status: string;
  readonly lastError: string | null;
}

const dataOf = <T>({ events }: EventReader, wanted: string): T[] =>
  events.filter(([name]) => name === wanted).map(([, data]) => data as T);
const toldMessages = (reader: EventReader) =>
  dataOf<Shown>(reader, 'outbox:message').map(({ message, status, lastError }) => [message, status, lastError]);
type ToldState = Record<'provider' | 'state' | 'reason' | 'since' | 'isCurrent', unknown>;
const lastStates = (reader: EventReader) => dataOf<{ items: ToldState[] }>(reader, 'bots:state').at(-1)?.items;

/** Resolves when the stream has shown what there was. */
async function open(api: ApiWorld, who: StreamerPerson): Promise<EventReader> {
  const reader = await openEvents(api.port, PATH, who);
  await expect.poll(() => dataOf(reader, 'credits:state').length).toBeGreaterThan(0);
  return reader;
}

async function queue(
  api: ApiWorld,
  who: StreamerPerson,
  message: string,
  table = 'ChatBotOutboxMessage',
  target = 'twitchLogin',
) {
  const { rows } = await api.pg.query<{ id: string }>(
    `insert into "${table}" ("channelId", "${target}", message) values ($1, 'there', $2) returning id`,
    [who.channelId, message],
  );
  return rows[0]?.id ?? '';
}

const settle = (api: ApiWorld, id: string, status: string, lastError: string | null = null) =>
  api.pg.query(`update "ChatBotOutboxMessage" set status = $2, "lastError" = $3 where id = $1`, [
    id,
    status,
    lastError,
  ]);

const report = (api: ApiWorld, who: StreamerPerson, provider: string, state: string, reason: string | null = null) =>
  api.pg.query(
    `insert into "BotChannelHealth" (provider, "channelId", state, reason) values ($1, $2, $3, $4)
     on conflict (provider, "channelId") do update set state = excluded.state, reason = excluded.reason`,
    [provider, who.channelId, state, reason],
  );

test('what becomes of a message is told as it happens, with the reason, whoever wrote it and whichever copy is asked', async () => {
  const [one, two] = [await startApiWorld(url), await startApiWorld(url)];
  const who = await one.streamer();
  await one.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, 'solo')`, [
    who.channelId,
  ]);
  const readers = [await open(one, who), await open(two, who)];
  const { json } = await one.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'hi' } });
  const told: unknown[] = [['hi', 'pending', null]];
  for (const reader of readers) await expect.poll(() => toldMessages(reader)).toEqual(told);
  for (const [status, reason] of [
    ['processing', null],
    ['pending', 'rate_limited'],
    ['failed', 'rejected: banned'],
  ] as const) {
    await settle(two, json.outbox.id, status, reason);
    told.push(['hi', status, reason]);
    for (const reader of readers) await expect.poll(() => toldMessages(reader)).toEqual(told);
  }
  const history = (await one.ask(who, 'GET', '/streamer/bot/outbox')).json.items;
  const { waitingFor, ...shown } = history[0];
  expect(waitingFor).toBe(null);
  expect(dataOf(readers[0] as EventReader, 'outbox:message').at(-1)).toEqual(shown);
});

test('a message of every platform is told, and one born on its way too', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const reader = await open(api, who);
  const outboxes = [
    ['YouTubeChatBotOutboxMessage', 'youtubeChannelId'],
    ['VkVideoChatBotOutboxMessage', 'vkvideoChannelId'],
    ['TrovoChatBotOutboxMessage', 'trovoChannelId'],
    ['KickChatBotOutboxMessage', 'kickChannelId'],
  ] as const;
  for (const [table, target] of outboxes) {
    const { rows } = await api.pg.query(
      `insert into "${table}" ("channelId", "${target}", message, status) values ($1, 't', $2, 'processing') returning id`,
      [who.channelId, table],
    );
    await api.pg.query(`update "${table}" set status = 'sent' where id = $1`, [rows[0].id]);
    await expect.poll(() => toldMessages(reader)).toContainEqual([table, 'sent', null]);
  }
});

test('a page that opens is shown the newest 50 messages, the newest last', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  await api.pg.query(
    `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message, status)
     select $1, 't', 'm' || n, 'sent' from generate_series(1, 60) n`,
    [who.channelId],
  );
  const reader = await open(api, who);
  const names = toldMessages(reader).map(([message]) => message);
  expect(names).toEqual(Array.from({ length: 50 }, (_, index) => `m${index + 11}`));
});

test('how each reader is comes at once, then at every change, and a bot that is off has no state', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  await report(api, who, 'kick', 'needs_user_action', 'not_linked');
  const reader = await open(api, who);
  const time = expect.stringMatching(/\.\d{3}Z$/);
  const kick = { provider: 'kick', state: 'needs_user_action', reason: 'not_linked', since: time, isCurrent: false };
  const told = () =>
    lastStates(reader)?.map(({ provider, state, reason, since, isCurrent }) => ({
      provider,
      state,
      reason,
      since,
      isCurrent,
    }));
  expect(told()).toEqual([kick]);
  await report(api, who, 'twitch', 'live');
  const twitch = { provider: 'twitch', state: 'live', reason: null, since: time, isCurrent: false };
  await expect.poll(told).toEqual([twitch, kick]);
  await report(api, who, 'twitch', 'degraded', 'mute_socket');
  await expect.poll(told).toEqual([{ ...twitch, state: 'degraded', reason: 'mute_socket' }, kick]);
  await api.pg.query(`delete from "BotChannelHealth" where provider = 'kick' and "channelId" = $1`, [who.channelId]);
  await expect.poll(told).toEqual([{ ...twitch, state: 'degraded', reason: 'mute_socket' }]);
});

test('the credits come too, and an overlay address that is taken back ends nothing here', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const reader = await open(api, who);
  expect(dataOf(reader, 'credits:config')).toEqual([{ creditsStyleJson: null }]);
  await api.ask(who, 'POST', '/streamer/credits/token/rotate');
  await api.ask(null, 'POST', '/internal/credits/chatter', {
    body: { channelSlug: who.slug, userId: 'twitch:1', displayName: 'Ada' },
    headers: { 'x-memalerts-internal': 'credits-event' },
  });
  const state = { chatters: [{ name: 'Ada', avatarUrl: null, provider: 'twitch' }], donors: [] };
  await expect.poll(() => dataOf(reader, 'credits:state').at(-1)).toEqual(state);
});

test('nobody is told of another channel', async () => {
  const api = await startApiWorld(url);
  const [who, stranger] = [await api.streamer(), await api.streamer()];
  const [reader, foreign] = [await open(api, who), await open(api, stranger)];
  await settle(api, await queue(api, who, 'mine'), 'sent');
  await report(api, who, 'twitch', 'live');
  await expect.poll(() => toldMessages(reader)).toContainEqual(['mine', 'sent', null]);
  await expect.poll(() => lastStates(reader)).toHaveLength(1);
  expect([toldMessages(foreign), lastStates(foreign)]).toEqual([[], []]);
});

test('what happened while no hints arrived is told when they do again', async () => {
  const own = await createTestDatabase({ forTest: true });
  const api = await startApiWorld(own.url);
  const who = await api.streamer();
  const [first, second] = [await queue(api, who, 'first'), await queue(api, who, 'second')];
  const reader = await open(api, who);
  await api.pg.query(
    `with cut as materialized (
       select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'memalerts-api-hints' and datname = current_database()
     ) select from cut`,
  );
  await api.pg.query(`update "ChatBotOutboxMessage" set status = 'sent' where id = any($1)`, [[first, second]]);
  await expect.poll(() => toldMessages(reader)).toContainEqual(['first', 'sent', null]);
  await expect.poll(() => toldMessages(reader)).toContainEqual(['second', 'sent', null]);
});

test('a thousand messages that end at once are all told', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const reader = await open(api, who);
  const insert = `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message)
    select $1, 't', 'm' || n from generate_series(1, 1000) n returning id`;
  const { rows } = await api.pg.query<{ id: string }>(insert, [who.channelId]);
  for (let from = 0; from < rows.length; from += 150) {
    const ids = rows.slice(from, from + 150).map(({ id }) => id);
    await api.pg.query(`update "ChatBotOutboxMessage" set status = 'sent' where id = any($1)`, [ids]);
  }
  const sent = () => new Set(toldMessages(reader).flatMap(([message, status]) => (status === 'sent' ? [message] : [])));
  await expect.poll(() => sent().size).toBe(1000);
});

test('a stream ends when the rights that opened it are gone', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(url, { clock });
  const [who, moved, fine] = [await api.streamer(), await api.streamer(), await api.streamer()];
  const [reader, other, kept] = [await open(api, who), await open(api, moved), await open(api, fine)];
  await clock.advance(10_000);
  await api.pg.query(`update "User" set role = 'viewer' where id = $1`, [who.userId]);
  await api.pg.query('update "User" set "channelId" = $2 where id = $1', [moved.userId, fine.channelId]);
  await clock.advance(21_000);
  await Promise.all([reader.ended, other.ended]);
  expect(kept.response.destroyed).toBe(false);
});

test('a page that leaves while its rights are looked at is not asked about again', async () => {
  const own = await createTestDatabase({ forTest: true });
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(own.url, { clock });
  const who = await api.streamer();
  const reader = await open(api, who);
  await clock.advance(10_000);
  const holder = await api.pg.connect();
  const hold = () => holder.query('begin; lock table "User"');
  const waiting = `select from pg_locks, pg_sleep(0.2) where not granted and relation = '"User"'::regclass`;
  const looks = async () => (await holder.query(waiting)).rowCount;
  await hold();
  await clock.advance(10_000);
  await expect.poll(looks).toBe(1);
  reader.close();
  await reader.ended;
  // Whoever closed is known to the server once it has answered somebody who came later.
  expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
  await holder.query('rollback');
  await api.ask(who, 'GET', '/streamer/bots');
  await hold();
  await clock.advance(30_000);
  expect(await looks()).toBe(0);
  await holder.query('rollback');
  holder.release();
});

test('only who is signed in for a channel is told anything, and no token of a tool is', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  expect(await api.codeOf(null, 'GET', PATH)).toEqual([401, 'UNAUTHORIZED']);
  expect(await api.codeOf(await api.person('viewer'), 'GET', PATH)).toEqual([403, 'FORBIDDEN']);
  expect((await api.ask(who, 'HEAD', PATH)).status).toBe(404);
});

test('stopping the API does not wait for open streams', async () => {
  const api = await startApiWorld(url);
  const reader = await open(api, await api.streamer());
  await api.close();
  await reader.ended;
});

test('without its tables the stream is a missing feature', async () => {
  const own = await createTestDatabase({ forTest: true });
  const api = await startApiWorld(own.url);
  const who = await api.streamer();
  await api.pg.query('drop table "ChannelWatch"');
  expect(await api.codeOf(who, 'GET', PATH)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
});
