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
  START,
  twitch,
} from '../../../test/support/live-world.ts';
import type { Pool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { recordPolledLive } from './record-polled.ts';

let pool: Pool;
let world: LiveWorld;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  pool = await openLivePool(url);
  return () => pool.end();
});
beforeEach(async () => {
  world = await liveWorld(pool);
});

test('a start and an end that no event told are found by polling', async () => {
  const startedAt = world.clock.now();
  await world.clock.advance(MINUTE);
  await world.poll(twitch, true, startedAt);
  expect(await world.run()).toMatchObject({ status: 'online', segmentStartedAt: startedAt });
  await world.clock.advance(HOUR);
  await world.poll(twitch, false);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 61 * MINUTE });
});

test('a poll that still shows the stream just after its end is told does not bring it back, a lasting one does', async () => {
  const startedAt = world.clock.now();
  await world.event(twitch, true);
  await world.clock.advance(HOUR);
  await world.event(twitch, false);
  await world.clock.advance(30_000);
  await world.poll(twitch, true, startedAt);
  expect(await world.run()).toMatchObject({ status: 'offline' });
  await world.clock.advance(5 * MINUTE);
  await world.poll(twitch, true, startedAt);
  expect(await world.run()).toMatchObject({ status: 'online', onlineMs: HOUR });
});

test('a new stream counts at once, however soon after the last', async () => {
  await world.event(twitch, true);
  await world.clock.advance(HOUR);
  await world.event(twitch, false);
  await world.clock.advance(10_000);
  await world.poll(twitch, true);
  expect(await world.run()).toMatchObject({ status: 'online' });
});

test('an unchanged poll of 5,000 channels is one statement that writes nothing', async () => {
  await world.pg.query(
    `insert into "Channel" (id, slug, name) select 'c' || n, 'c' || n, 'n' from generate_series(1, 5000) n`,
  );
  await world.pg.query(`insert into "BotChannelLease" (provider, "channelId", "startNumber")
    select 'twitch', id, ${START} from "Channel" where id like 'c%'`);
  const at = world.clock.now();
  const facts = new Map(
    Array.from({ length: 5000 }, (_, index) => [`c${index + 1}` as ChannelId, { isLive: index < 20, at }]),
  );
  await recordPolledLive(world, twitch, facts, START);
  const written = () => sql`select "channelId", xmin::text from "ChannelLiveState" order by 1`.execute(world.db);
  const before = await written();
  expect(before.rows).toHaveLength(5000);

  await world.clock.advance(MINUTE);
  const statements: string[] = [];
  const watched = {
    ...world,
    db: world.db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        statements.push('one');
        return result;
      },
    }),
  };
  await recordPolledLive(watched, twitch, facts, START);
  expect(statements).toHaveLength(1);
  expect(await written()).toEqual(before);
});

test('a stream longer than 48 hours keeps its run while polls confirm it', async () => {
  const startedAt = world.clock.now();
  await world.event(twitch, true);
  for (let hour = 0; hour < 60; hour += 1) {
    await world.clock.advance(HOUR);
    await world.poll(twitch, true, startedAt);
  }
  expect(await world.fact(twitch)).toMatchObject({ seenAt: world.clock.now(), since: startedAt });
  await world.event(twitch, false);
  expect(await world.run()).toMatchObject({ onlineMs: 60 * HOUR });
});

test('a live stream is confirmed every 10 minutes and no sooner', async () => {
  const startedAt = world.clock.now();
  await world.event(twitch, true);
  await world.clock.advance(9 * MINUTE);
  await world.poll(twitch, true, startedAt);
  expect(await world.fact(twitch)).toMatchObject({ seenAt: startedAt });
  await world.clock.advance(MINUTE);
  await world.poll(twitch, true, startedAt);
  expect(await world.fact(twitch)).toMatchObject({ seenAt: world.clock.now() });
  expect(await world.run()).toMatchObject({ updatedAt: world.clock.now() });
});

test('a stream that nobody confirmed for 48 hours begins a new run', async () => {
  const startedAt = world.clock.now();
  await world.event(twitch, true);
  await world.clock.advance(72 * HOUR);
  const second = world.clock.now();
  await world.poll(twitch, true, second);
  expect(await world.run()).toMatchObject({ startedAt: second });
  expect(second).not.toEqual(startedAt);
});

test('a first "not live" on one platform leaves the run of another alone', async () => {
  await world.event(kick, true);
  await world.poll(twitch, false);
  expect(await world.fact(twitch)).toMatchObject({ isLive: false });
  expect(await world.run()).toMatchObject({ status: 'online' });
});

test('a worker that lost the channel writes nothing', async () => {
  const facts = (isLive: boolean) => new Map([[north, { isLive, at: world.clock.now() }]]);
  await recordPolledLive(world, twitch, facts(false), START + 1);
  await recordPolledLive(world, twitch, facts(true), START + 1);
  expect(await world.fact(twitch)).toBeUndefined();
  await world.event(twitch, true);
  const before = await world.fact(twitch);
  await world.clock.advance(HOUR);
  await recordPolledLive(world, twitch, facts(true), START + 1);
  await recordPolledLive(world, twitch, facts(false), START + 1);
  expect(await world.fact(twitch)).toEqual(before);
});
