import { expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import { createOverlayFeed } from './overlay-feed.ts';

const { url } = await createTestDatabase();

test('a channel is looked after while one of its pages is open, however often each of them says goodbye', async () => {
  const clock = new ManualClock();
  const pool = createPool(url, { applicationName: 'test', slowMs: 10_000, log: silentLog() });
  const { id } = await pool.db
    .insertInto('Channel')
    .values({ slug: 'northpine', name: 'NorthPine' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const channelId = id as ChannelId;
  const roll = { read: async () => ({ chatters: [], donors: [] }) };
  const feed = createOverlayFeed({ db: pool.db, roll, clock, log: silentLog(), isListening: () => true });
  const told: string[] = [];
  const open = (page: string) =>
    feed.subscribe(channelId, { tokenVersion: null, send: ({ name }) => told.push(`${page} ${name}`), end() {} });

  const leaveFirst = await open('first');
  const leaveSecond = await open('second');
  expect(clock.pendingTimers).toBe(1);
  leaveFirst?.();
  leaveFirst?.();
  told.length = 0;
  await clock.advance(5000);
  expect(told).toEqual(['second credits:state']);
  leaveSecond?.();
  expect(clock.pendingTimers).toBe(0);
  feed.changed(channelId);
  await clock.advance(60_000);
  expect(told).toEqual(['second credits:state']);
  await pool.end();
});
