import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import {
  HOUR,
  kick,
  type LiveWorld,
  liveWorld,
  MINUTE,
  north,
  openLivePool,
  twitch,
} from '../../../test/support/live-world.ts';
import type { Db, Pool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { createLiveView, type LiveView, onlineMsAt } from './live-view.ts';

let url: string;
let pool: Pool;
let world: LiveWorld;
let view: LiveView;
/** Statements the view has sent. */
let asked = 0;
let isListening = true;

beforeAll(async () => {
  ({ url } = await createTestDatabase());
  pool = await openLivePool(url);
  return () => pool.end();
});
beforeEach(async () => {
  world = await liveWorld(pool);
  asked = 0;
  isListening = true;
  view = viewOf(counted(pool.db));
});

function viewOf(db: Db): LiveView {
  const { clock, log } = world;
  return createLiveView({ db, clock, log, logPrefix: 'bot.', isListening: () => isListening });
}

function counted(db: Db): Db {
  return db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      asked += 1;
      return result;
    },
  });
}

test('a channel nobody heard of is not live and has run for nothing', async () => {
  await view.load([north]);
  expect(view.of(north)).toMatchObject({ isLive: false, onlineMs: 0, segmentStartedAt: null });
});

test('held channels are read by one query, and asking about them then costs none', async () => {
  await pool.pg.query(
    `insert into "Channel" (id, slug, name) select 'c' || n, 'c' || n, 'n' from generate_series(1, 500) n`,
  );
  const channels = Array.from({ length: 500 }, (_, index) => `c${index + 1}` as ChannelId);
  await view.load(channels);
  for (const channelId of channels) expect(view.of(channelId)).toMatchObject({ isLive: false });
  await view.load([...channels, north]);
  expect(asked).toBe(2);
});

test('a hint makes the next answer the new one', async () => {
  await view.load([north]);
  await world.event(twitch, true);
  view.invalidate(north);
  expect(await view.of(north)).toMatchObject({ isLive: true, segmentStartedAt: world.clock.now() });
  await world.clock.advance(30 * MINUTE);
  await world.event(twitch, false);
  view.invalidate(null);
  expect(await view.of(north)).toMatchObject({ isLive: false, onlineMs: 30 * MINUTE, segmentStartedAt: null });
});

test('a hint that comes while the answer is under way is not lost', async () => {
  const answered = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  const slow = pool.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      answered.resolve();
      await changed.promise;
      return result;
    },
  });
  const slowView = viewOf(slow);
  const first = slowView.of(north);
  await answered.promise;
  await world.event(twitch, true);
  slowView.invalidate(north);
  changed.resolve();
  expect(await first).toMatchObject({ isLive: true });
});

test('hints of one moment share a query', async () => {
  await view.load([north]);
  for (let count = 0; count < 50; count += 1) view.invalidate(north);
  await view.of(north);
  expect(asked).toBe(2);
});

test('a channel is live while any of its platforms is', async () => {
  await world.event(twitch, true);
  await world.event(kick, true);
  await world.event(twitch, false);
  await view.load([north]);
  expect(view.of(north)).toMatchObject({ isLive: true });
});

test('online time is that of the closed segments and of the running one', async () => {
  await world.event(twitch, true);
  await world.clock.advance(30 * MINUTE);
  await world.event(twitch, false);
  await world.clock.advance(MINUTE);
  await world.event(twitch, true);
  await view.load([north]);
  await world.clock.advance(5 * MINUTE);
  const snapshot = await view.of(north);
  expect(snapshot && onlineMsAt(snapshot, world.clock.now())).toBe(35 * MINUTE);
});

test('what nobody confirmed for 48 hours is forgotten, what was confirmed meanwhile is not', async () => {
  const startedAt = world.clock.now();
  await world.event(twitch, true);
  await view.load([north]);
  await world.clock.advance(47 * HOUR);
  expect(view.of(north)).toMatchObject({ isLive: true });
  await world.poll(twitch, true, startedAt);
  await world.clock.advance(2 * HOUR);
  expect(await view.of(north)).toMatchObject({ isLive: true, segmentStartedAt: startedAt });
  await world.clock.advance(47 * HOUR);
  expect(await view.of(north)).toMatchObject({ isLive: false, onlineMs: 0 });
});

test('without hints nothing is believed for longer than five seconds', async () => {
  await view.load([north]);
  isListening = false;
  expect(view.of(north)).toMatchObject({ isLive: false });
  await world.event(twitch, true);
  await world.clock.advance(5000);
  expect(await view.of(north)).toMatchObject({ isLive: true });
});

test('while the database is away the answer is null, with one warning a minute, and comes back by itself', async () => {
  await sql`alter table "StreamRun" rename to "Away"`.execute(pool.db);
  await view.load([north]);
  for (let second = 0; second < 120; second += 1) {
    expect(await view.of(north)).toBeNull();
    await world.clock.advance(1000);
  }
  const warnings = world.lines.filter(({ event }) => event === 'bot.live_state_unavailable');
  expect(warnings.map(({ level }) => level)).toEqual(['warn', 'warn']);
  await sql`alter table "Away" rename to "StreamRun"`.execute(pool.db);
  expect(await view.of(north)).toMatchObject({ isLive: false });
});

test('an unreachable server is null as well, never an error', async () => {
  const lost = await openLivePool('postgres://nobody@127.0.0.1:1/none');
  const blind = viewOf(lost.db);
  await blind.load([north]);
  expect(blind.of(north)).toBeNull();
  await lost.end();
});
