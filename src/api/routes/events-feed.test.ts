import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { platforms } from '../../platforms/all.ts';
import { createChannelFeed } from './events-feed.ts';

const { url } = await createTestDatabase();

async function world({ isListening = true } = {}) {
  const clock = new ManualClock();
  const pool = createPool(url, { applicationName: 'test', slowMs: 10_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { id } = await pool.db
    .insertInto('Channel')
    .values({ slug: randomUUID(), name: 'NorthPine' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const channelId = id as ChannelId;
  const feed = createChannelFeed({
    db: pool.db,
    platforms,
    bots: async () => [],
    clock,
    log: silentLog(),
    isListening: () => isListening,
  });
  onTestFinished(() => feed.close());
  const told: [page: string, message: string, status: string][] = [];
  const open = (page: string) =>
    feed.subscribe(channelId, {
      send: ({ name, data }) => name === 'outbox:message' && told.push([page, data.message, data.status]),
      end: () => void told.push([page, 'the end', '']),
    });
  const queue = (message: string, status = 'pending') =>
    pool.db
      .insertInto('ChatBotOutboxMessage')
      .values({ channelId, twitchLogin: 't', message, status })
      .returning('id')
      .executeTakeFirstOrThrow();
  const settle = (row: { id: string }, status: string) =>
    pool.db.updateTable('ChatBotOutboxMessage').set({ status }).where('id', '=', row.id).execute();
  const hint = (...ids: string[]) =>
    feed.hint({
      kind: 'message',
      provider: 'twitch' as ProviderId,
      channelId,
      ...(ids.length > 0 ? { rowIds: ids } : {}),
    });
  const watchedUntil = async () =>
    (await pool.db.selectFrom('ChannelWatch').select('until').where('channelId', '=', channelId).executeTakeFirst())
      ?.until;
  return { pool, clock, feed, channelId, told, open, queue, settle, hint, watchedUntil };
}

test('a channel is watched while one of its pages is open, and no longer', async () => {
  const { clock, feed, told, open, queue, hint, watchedUntil } = await world();
  const leaveFirst = await open('first');
  const leaveSecond = await open('second');
  const began = await watchedUntil();
  expect(began?.getTime()).toBeGreaterThan(Date.now() + 60_000);
  leaveFirst();
  leaveFirst();
  await clock.advance(31_000);
  await expect.poll(async () => (await watchedUntil())?.getTime()).toBeGreaterThan(began?.getTime() ?? 0);
  leaveSecond();
  // The look that is under way is the last one.
  await expect.poll(() => clock.pendingTimers).toBe(0);
  const ended = await watchedUntil();
  hint((await queue('unheard')).id);
  await clock.advance(120_000);
  expect([told, await watchedUntil(), clock.pendingTimers]).toEqual([[], ended, 0]);
  feed.close();
});

test('a page that opens while others are told sees each message in its last state, as the others do', async () => {
  const { clock, told, open, queue, settle, hint } = await world();
  await open('first');
  const row = await queue('hi');
  hint(row.id);
  await clock.advance(100);
  await expect.poll(() => told).toEqual([['first', 'hi', 'pending']]);
  await settle(row, 'sent');
  const opening = open('second');
  hint(row.id);
  await opening;
  await clock.advance(1000);
  const lastOf = (wanted: string) => told.filter(([page]) => page === wanted).at(-1);
  await expect
    .poll(() => [lastOf('first'), lastOf('second')])
    .toEqual([
      ['first', 'hi', 'sent'],
      ['second', 'hi', 'sent'],
    ]);
});

test('nothing is told twice, however often it is hinted at', async () => {
  const { clock, told, open, queue, hint } = await world();
  await open('page');
  const { id } = await queue('hi');
  for (let round = 0; round < 3; round += 1) {
    hint(id);
    hint();
    await clock.advance(100);
    await expect.poll(() => told).toEqual([['page', 'hi', 'pending']]);
  }
});

test('however much happens, the database is asked no more than ten times a second', async () => {
  const { pool, clock, told, open, queue, settle, hint } = await world();
  await open('page');
  const row = await queue('hi');
  let looks = 0;
  pool.pg.on('acquire', () => {
    looks += 1;
  });
  for (let round = 0; round < 200; round += 1) hint(row.id);
  await clock.advance(100);
  await expect.poll(() => told).toHaveLength(1);
  await settle(row, 'sent');
  looks = 0;
  for (let round = 0; round < 200; round += 1) hint(row.id);
  await clock.advance(100);
  await expect.poll(() => told).toHaveLength(2);
  expect(looks).toBe(1);
});

test('a message that a page last saw unfinished is read again, even if it is no longer among the latest', async () => {
  const { clock, feed, told, open, queue, settle } = await world();
  const old = await queue('old');
  await open('page');
  for (let number = 0; number < 60; number += 1) await queue(`m${number}`, 'sent');
  await settle(old, 'failed');
  feed.listening();
  await clock.advance(100);
  await expect.poll(() => told).toContainEqual(['page', 'old', 'failed']);
});

test('while no hints arrive the page is told every five seconds', async () => {
  const { clock, told, open, queue } = await world({ isListening: false });
  await open('page');
  await clock.advance(1000);
  await queue('hi');
  await clock.advance(5000);
  await expect.poll(() => told).toEqual([['page', 'hi', 'pending']]);
});

test('while the database is away no page can open, and the open pages catch up once it is back', async () => {
  const { pool, clock, told, open, queue } = await world();
  await open('page');
  await clock.advance(1000);
  await pool.pg.query('alter table "ChannelWatch" rename to "Elsewhere"');
  await expect(open('late')).rejects.toThrow('ChannelWatch');
  await queue('hi');
  await pool.pg.query('alter table "Elsewhere" rename to "ChannelWatch"');
  await clock.advance(5000);
  await expect.poll(() => told).toEqual([['page', 'hi', 'pending']]);
});

test('closing the feed ends every open page and refuses new ones', async () => {
  const { pool, clock, feed, told, open } = await world();
  await open('page');
  const holder = await pool.pg.connect();
  await holder.query('begin; lock table "ChannelWatch"');
  const opening = open('opening');
  const waiting = open('waiting');
  feed.close();
  const stopping = { code: 'DATABASE_UNAVAILABLE' };
  await expect(waiting).rejects.toMatchObject(stopping);
  expect([told, clock.pendingTimers]).toEqual([[['page', 'the end', '']], 0]);
  await holder.query('commit');
  holder.release();
  await opening;
  expect(told.at(-1)).toEqual(['opening', 'the end', '']);
  await expect(open('late')).rejects.toMatchObject(stopping);
  expect(clock.pendingTimers).toBe(0);
});
