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
import { lockWaits } from '../../../test/support/lock-waits.ts';
import type { Pool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { forgetLive, recordLive } from './record-live.ts';

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

async function rollStatus(): Promise<string | undefined> {
  const { rows } = await sql<{ status: string }>`select status from "CreditsRoll"`.execute(world.db);
  return rows[0]?.status;
}

test('a stream that begins is a fact, a run and a credits roll', async () => {
  const startedAt = world.clock.now();
  await world.clock.advance(3 * MINUTE);
  await world.event(twitch, true, startedAt);
  expect(await world.fact(twitch)).toMatchObject({ isLive: true, since: startedAt, seenAt: world.clock.now() });
  expect(await world.run()).toMatchObject({ status: 'online', segmentStartedAt: startedAt, onlineMs: 0 });
  expect(await rollStatus()).toBe('online');
});

test('the run lasts from the first platform that goes live to the last that ends', async () => {
  const begin = world.clock.now();
  await world.event(twitch, true);
  await world.clock.advance(10 * MINUTE);
  await world.event(kick, true);
  await world.clock.advance(10 * MINUTE);
  await world.event(twitch, false);
  expect(await world.run()).toMatchObject({ status: 'online', segmentStartedAt: begin });
  expect(await rollStatus()).toBe('online');
  await world.clock.advance(10 * MINUTE);
  await world.event(kick, false);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 30 * MINUTE, offlineAt: world.clock.now() });
  expect(await rollStatus()).toBe('offline');
});

test('the last end counts even when it was heard of first', async () => {
  await world.event(twitch, true);
  await world.event(kick, true);
  await world.clock.advance(30 * MINUTE);
  await world.event(kick, false);
  await world.event(twitch, false, new Date(world.clock.now().getTime() - 5 * MINUTE));
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 30 * MINUTE });
});

test("the channel's own break credit decides whether a run goes on", async () => {
  await world.pg.query(`update "Channel" set "streamDurationCommandJson" = '{"breakCreditMinutes":5}'`);
  await world.event(twitch, true);
  await world.clock.advance(10 * MINUTE);
  await world.event(twitch, false);
  await world.clock.advance(6 * MINUTE);
  await world.event(twitch, true);
  expect(await world.run()).toMatchObject({ onlineMs: 0, startedAt: world.clock.now() });
});

test('an event that is delivered again changes nothing', async () => {
  const startedAt = world.clock.now();
  await world.event(twitch, true);
  await world.clock.advance(10 * MINUTE);
  await world.event(twitch, false);
  const before = [await world.run(), await world.fact(twitch)];
  await world.clock.advance(MINUTE);
  await world.event(twitch, true, startedAt);
  expect([await world.run(), await world.fact(twitch)]).toEqual(before);
});

test('an end that arrives after the next start does not end that stream', async () => {
  await world.event(twitch, true);
  await world.clock.advance(10 * MINUTE);
  const endedAt = world.clock.now();
  await world.clock.advance(10 * MINUTE);
  await world.event(twitch, true);
  await world.event(twitch, false, endedAt);
  expect(await world.fact(twitch)).toMatchObject({ isLive: true });
  expect(await world.run()).toMatchObject({ status: 'online' });
});

test("a platform's clock that runs ahead does not make later events look old", async () => {
  await world.event(twitch, true, new Date(world.clock.now().getTime() + 24 * HOUR));
  await world.clock.advance(MINUTE);
  await world.event(twitch, false);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: MINUTE });
});

test('a channel that was never live has no roll to end, and a channel that is gone is no error', async () => {
  await world.event(twitch, false);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 0 });
  expect(await rollStatus()).toBeUndefined();
  await recordLive(world, twitch, 'gone' as ChannelId, { isLive: true, at: world.clock.now() });
});

test('what nobody confirmed for 48 hours is forgotten', async () => {
  await world.event(twitch, true);
  await world.clock.advance(48 * HOUR);
  await world.event(kick, true);
  await world.clock.advance(MINUTE);
  await world.event(kick, false);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: MINUTE });
});

test('a stream found hours after its start gets a roll that lives on from now', async () => {
  const startedAt = world.clock.now();
  await world.clock.advance(10 * HOUR);
  await world.event(twitch, true, startedAt);
  const { rows } = await sql<{ expiresAt: Date }>`select "expiresAt" from "CreditsRoll"`.execute(world.db);
  expect(rows[0]?.expiresAt.getTime()).toBeGreaterThan(world.clock.now().getTime() + HOUR);
});

test('a worker that lost the channel writes nothing', async () => {
  const fact = { isLive: true, at: world.clock.now() };
  await recordLive(world, twitch, north, fact, { startNumber: START + 1 });
  expect(await world.fact(twitch)).toBeUndefined();
  await recordLive(world, twitch, north, fact, { startNumber: START });
  expect(await world.fact(twitch)).toMatchObject({ isLive: true });
});

test('events of two platforms and their repeats, all at once, make one run and one roll', async () => {
  await Promise.all([twitch, kick, twitch, kick, twitch, kick].map((provider) => world.event(provider, true)));
  expect(await world.run()).toMatchObject({ status: 'online', onlineMs: 0 });
  await world.clock.advance(20 * MINUTE);
  await Promise.all([kick, twitch, kick, twitch].map((provider) => world.event(provider, false)));
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 20 * MINUTE });
  expect(await rollStatus()).toBe('offline');
});

test('the last two platforms that end at the same moment end the run', async () => {
  await world.event(twitch, true);
  await world.event(kick, true);
  await world.clock.advance(20 * MINUTE);
  const holder = await world.pg.connect();
  await holder.query(`begin; select from "ChannelLiveState" where "channelId" = 'north' for update`);
  const ends = [twitch, kick].map((provider) => world.event(provider, false));
  await lockWaits(world.db, 2);
  await holder.query('commit');
  holder.release();
  await Promise.all(ends);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 20 * MINUTE });
  expect(await rollStatus()).toBe('offline');
});

test('a bot that is switched off in mid-stream ends the run there and then, unless another platform is live', async () => {
  const begin = world.clock.now();
  await world.event(twitch, true);
  await world.event(kick, true);
  await world.clock.advance(10 * MINUTE);
  await forgetLive(world, kick, north);
  expect(await world.fact(kick)).toBeUndefined();
  expect(await world.run()).toMatchObject({ status: 'online', segmentStartedAt: begin });

  await world.clock.advance(10 * MINUTE);
  await forgetLive(world, twitch, north);
  expect(await world.run()).toMatchObject({ status: 'offline', onlineMs: 20 * MINUTE, offlineAt: world.clock.now() });
  expect(await rollStatus()).toBe('offline');
  await forgetLive(world, twitch, north);
});

test('a bot that is switched on again in mid-stream goes on with the run as soon as a poll shows the stream', async () => {
  const begin = world.clock.now();
  await world.poll(kick, true);
  await world.clock.advance(10 * MINUTE);
  await forgetLive(world, kick, north);
  await world.clock.advance(MINUTE);
  await world.poll(kick, true, begin);
  expect(await world.run()).toMatchObject({ status: 'online', onlineMs: 10 * MINUTE });
});

test('who takes a channel over waits for the fact that its former worker is writing, and sees it', async () => {
  await world.event(twitch, false);
  await world.clock.advance(MINUTE);
  const holder = await world.pg.connect();
  await holder.query(`begin; select from "ChannelLiveState" where "channelId" = 'north' for update`);
  const deps = { db: world.db, clock: world.clock };
  const fact = { isLive: true, at: world.clock.now() };
  const writing = recordLive(deps, twitch, north, fact, { startNumber: START });
  await lockWaits(world.db, 1);
  let isTaken = false;
  const takeOver = async () => {
    await world.pg.query(`update "BotChannelLease" set "startNumber" = 8 where provider = 'twitch'`);
    isTaken = true;
    return world.fact(twitch);
  };
  const seen = takeOver();
  await Promise.race([lockWaits(world.db, 2), seen]);
  expect(isTaken).toBe(false);
  await holder.query('commit');
  holder.release();
  expect(await seen).toMatchObject({ isLive: true });
  await writing;
});
