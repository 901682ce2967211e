import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool, type Pool } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import { platforms } from '../platforms/all.ts';
import { createOverlayFeed } from './overlay-feed.ts';
import { createCreditsRoll } from './roll.ts';

const { url } = await createTestDatabase();
const WAITING = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;

async function addChannel({ db }: Pick<Pool, 'db'>): Promise<ChannelId> {
  const { id } = await db
    .insertInto('Channel')
    .values({ slug: randomUUID(), name: 'NorthPine' })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id as ChannelId;
}

async function world() {
  const clock = new ManualClock();
  const pool = createPool(url, { applicationName: 'test', slowMs: 10_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const channelId = await addChannel(pool);
  const roll = createCreditsRoll(pool.db, clock, platforms);
  const feed = createOverlayFeed({ db: pool.db, roll, clock, log: silentLog(), isListening: () => true });
  const told: unknown[] = [];
  const open = (page: string, of = channelId) =>
    feed.subscribe(of, {
      tokenVersion: null,
      send: ({ name, data }) => told.push([page, name === 'credits:config' ? data : 'state']),
      end() {},
    });
  const restyle = (creditsStyleJson: string) =>
    pool.db.updateTable('Channel').set({ creditsStyleJson }).where('id', '=', channelId).execute();
  return { pool, clock, feed, channelId, told, open, restyle };
}

test('a channel is looked after while one of its pages is open, however often each of them says goodbye', async () => {
  const { clock, feed, channelId, told, open } = await world();
  const leaveFirst = await open('first');
  const leaveSecond = await open('second');
  expect(clock.pendingTimers).toBe(1);
  leaveFirst?.();
  leaveFirst?.();
  told.length = 0;
  for (let seconds = 0; seconds < 60; seconds += 5) await clock.advance(5000);
  expect(told).toEqual([['second', 'state']]);
  leaveSecond?.();
  expect(clock.pendingTimers).toBe(0);
  feed.changed(channelId);
  await clock.advance(60_000);
  expect(told).toEqual([['second', 'state']]);
});

test('a new look reaches the pages that are open, also when another opens before they were told', async () => {
  const { clock, feed, channelId, told, open, restyle } = await world();
  await open('first');
  feed.changed(channelId);
  await restyle('{"fontSize":30}');
  feed.changed(channelId);
  await open('second');
  await clock.advance(1000);
  await expect.poll(() => told).toContainEqual(['first', { creditsStyleJson: '{"fontSize":30}' }]);
});

test('what changes while the first page is being opened reaches it', async () => {
  const { pool, feed, channelId, told, open, restyle } = await world();
  const holder = await pool.pg.connect();
  await holder.query('begin; lock table "CreditsRoll"');
  const opening = open('first');
  await expect.poll(async () => (await pool.pg.query(WAITING)).rowCount).toBe(2);
  await restyle('{"fontSize":30}');
  feed.changed(channelId);
  await holder.query('commit');
  holder.release();
  await opening;
  expect(told[0]).toEqual(['first', { creditsStyleJson: null }]);
  await expect.poll(() => told).toContainEqual(['first', { creditsStyleJson: '{"fontSize":30}' }]);
});

test('however many pages are open and however slow the database is, others find connections', async () => {
  const { pool, clock, feed, told, open } = await world();
  const channels = await Promise.all(Array.from({ length: 40 }, () => addChannel(pool)));
  for (const id of channels.slice(20)) await open('page', id);
  await clock.advance(1000);
  told.length = 0;
  const holder = await pool.pg.connect();
  onTestFinished(() => holder.release(true));
  await holder.query('begin; lock table "CreditsRoll"');
  feed.changed(null);
  const opening = channels.slice(0, 20).map((id) => open('new page', id));
  await expect.poll(async () => (await pool.pg.query(WAITING)).rowCount).toBe(2);
  expect(pool.pg.waitingCount).toBe(0);
  await holder.query('commit');
  await Promise.all(opening);
  await expect.poll(() => told).toHaveLength(2 * 20);
});

test('a page that comes while the process stops is told to come again, not that its token was taken back', async () => {
  const { feed, open } = await world();
  feed.close();
  await expect(open('late')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});
