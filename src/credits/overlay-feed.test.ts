import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import { platforms } from '../platforms/all.ts';
import { createOverlayFeed } from './overlay-feed.ts';
import { createCreditsRoll } from './roll.ts';

const { url } = await createTestDatabase();

async function world() {
  const clock = new ManualClock();
  const pool = createPool(url, { applicationName: 'test', slowMs: 10_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { id } = await pool.db
    .insertInto('Channel')
    .values({ slug: randomUUID(), name: 'NorthPine' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const channelId = id as ChannelId;
  const roll = createCreditsRoll(pool.db, clock, platforms);
  const feed = createOverlayFeed({ db: pool.db, roll, clock, log: silentLog(), isListening: () => true });
  const told: unknown[] = [];
  const open = (page: string) =>
    feed.subscribe(channelId, {
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
  await clock.advance(5000);
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
  await expect.poll(() => told).toHaveLength(3);
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
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await expect.poll(async () => (await pool.pg.query(waiting)).rowCount).toBe(2);
  await restyle('{"fontSize":30}');
  feed.changed(channelId);
  await holder.query('commit');
  holder.release();
  await opening;
  expect(told[0]).toEqual(['first', { creditsStyleJson: null }]);
  await expect.poll(() => told).toContainEqual(['first', { creditsStyleJson: '{"fontSize":30}' }]);
});
