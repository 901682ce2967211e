import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { type LiveWorld, liveWorld, openLivePool } from '../../../test/support/live-world.ts';
import { type ScriptedCreditsApi, scriptedCreditsApi } from '../../../test/support/scripted-credits-api.ts';
import type { Db, Pool } from '../../db/pool.ts';
import type { PlatformUserId, ProviderId } from '../../lib/brand.ts';
import { createHttpClient } from '../../lib/http.ts';
import { platforms } from '../../platforms/all.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { ChatAuthor } from '../../platforms/worker-side.ts';
import { type Credits, createCredits } from './credits.ts';

let pool: Pool;
let world: LiveWorld;
let api: ScriptedCreditsApi;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  pool = await openLivePool(url);
  return () => pool.end();
});
beforeEach(async () => {
  world = await liveWorld(pool);
  await pool.pg.query(`
    insert into "User" (id, "displayName", "twitchUserId") values ('ann', 'Ann', '11'), ('bob', 'Bob', null), ('eve', 'Eve', null);
    insert into "ExternalAccount" ("userId", provider, "providerAccountId", login) values
      ('bob', 'twitch', '22', 'bob'), ('bob', 'kick', '22', 'bob'), ('eve', 'twitch', '11', 'ann'),
      ('eve', 'youtube', 'google-subject', 'UCeve')`);
});

function platform(id: string): PlatformDescription {
  const found = platforms.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no platform ${id}`);
  return found;
}

async function creditsOf(id: string, db: Db = pool.db): Promise<Credits> {
  api = await scriptedCreditsApi();
  const { clock, log } = world;
  return createCredits({
    db,
    platform: platform(id),
    clock,
    log,
    logPrefix: 'bot.',
    http: createHttpClient(5000),
    random: () => 0.5,
    baseUrls: [api.baseUrl],
    secret: null,
  });
}

function by(platformUserId: string, displayName = platformUserId): { author: ChatAuthor } {
  return {
    author: {
      platformUserId: platformUserId as PlatformUserId,
      login: null,
      displayName,
      avatarUrl: null,
      roles: new Set(),
    },
  };
}

/** Everything credited so far has reached the API. */
async function relayed(count: number): Promise<Record<string, unknown>[]> {
  await vi.waitFor(
    async () => {
      // Only while something waits for it: a chatter must not become too old while a request is under way.
      if (world.clock.pendingTimers > 0) await world.clock.advance(250);
      expect(api.names.length).toBeGreaterThanOrEqual(count);
    },
    { timeout: 15_000, interval: 5 },
  );
  return api.requests.flatMap(({ body }) => JSON.parse(body) as Record<string, unknown>[]);
}

const userIds = async (count: number) => (await relayed(count)).map(({ userId }) => userId);

test('a linked person is credited as themselves, anybody else by platform and id', async () => {
  const credits = await creditsOf('twitch');
  for (const id of ['11', '22', '33']) credits.credit(by(id), 'north');
  expect(await userIds(3)).toEqual(['ann', 'bob', 'twitch:33']);
});

test('an account of another platform with the same id is somebody else', async () => {
  const credits = await creditsOf('kick');
  for (const id of ['11', '22']) credits.credit(by(id), 'north');
  expect(await userIds(2)).toEqual(['kick:11', 'bob']);
});

test('where chat names authors by another id than the account, the account is found by that id', async () => {
  const credits = await creditsOf('youtube');
  for (const id of ['UCeve', 'google-subject']) credits.credit(by(id), 'north');
  expect(await userIds(2)).toEqual(['eve', 'youtube:google-subject']);
});

test('many new chatters share their look-ups, and are not looked up again for five minutes', async () => {
  let asked = 0;
  const counted = pool.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      asked += 1;
      return result;
    },
  });
  // Linked accounts and users: one statement asks for both.
  const credits = await creditsOf('twitch', counted);
  const people = Array.from({ length: 800 }, (_, index) => by(`p${index}`));
  for (const person of people) credits.credit(person, 'north');
  await relayed(800);
  expect(asked).toBe(1);
  await world.clock.advance(4 * 60_000);
  for (const person of people) credits.credit(person, 'north');
  await relayed(1600);
  expect(asked).toBe(1);
  await world.clock.advance(2 * 60_000);
  credits.credit(by('p1'), 'north');
  await relayed(1601);
  expect(asked).toBe(2);
});

test('a chatter of two channels is credited in both, with the latest name', async () => {
  const credits = await creditsOf('kick');
  credits.credit(by('5', 'zoe'), 'north');
  credits.credit(by('5', 'Zoe'), 'north');
  credits.credit(by('5', 'Zoe'), 'south');
  expect(await relayed(2)).toEqual([
    { channelSlug: 'north', userId: 'kick:5', displayName: 'Zoe' },
    { channelSlug: 'south', userId: 'kick:5', displayName: 'Zoe' },
  ]);
});

test('without the database everybody counts as not linked, one warning says so, and links are found again soon', async () => {
  const credits = await creditsOf('twitch');
  await pool.pg.query('alter table "ExternalAccount" rename to "Away"');
  credits.credit(by('22'), 'north');
  expect(await userIds(1)).toEqual(['twitch:22']);
  credits.credit(by('33'), 'north');
  expect(await userIds(2)).toEqual(['twitch:22', 'twitch:33']);
  expect(world.lines.map(({ event }) => event)).toEqual(['bot.identity_lookup_failed']);
  await pool.pg.query('alter table "Away" rename to "ExternalAccount"');
  await world.clock.advance(31_000);
  credits.credit(by('22'), 'north');
  expect(await userIds(3)).toEqual(['twitch:22', 'twitch:33', 'bob']);
});

test('a platform the database does not know yet links nobody and breaks nothing', async () => {
  api = await scriptedCreditsApi();
  const { clock, log } = world;
  const credits = createCredits({
    db: pool.db,
    platform: { id: 'sixth' as ProviderId },
    clock,
    log,
    logPrefix: 'bot.',
    http: createHttpClient(5000),
    random: () => 0.5,
    baseUrls: [api.baseUrl],
    secret: null,
  });
  credits.credit(by('1'), 'north');
  expect(await userIds(1)).toEqual(['sixth:1']);
});

test('a drain waits for look-ups that are under way', async () => {
  const credits = await creditsOf('twitch');
  credits.credit(by('11'), 'north');
  const drained = credits.drain(5000);
  await world.clock.advance(25);
  await drained;
  expect(api.names).toEqual(['11']);
  expect(credits.stats()).toEqual({ added: 1, delivered: 1, repeated: 0, dropped: 0 });
});

test('a busy chat costs each repeated line a few microseconds at most', async () => {
  const credits = await creditsOf('kick');
  const people = Array.from({ length: 500 }, (_, index) => by(`p${index}`));
  for (const person of people) credits.credit(person, 'north');
  await relayed(500);
  const lines = 200_000;
  const perLineUs = Math.min(
    ...[1, 2, 3].map(() => {
      const before = process.threadCpuUsage();
      for (let line = 0; line < lines; line += 1) credits.credit(people[line % 500] ?? by('x'), 'north');
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / lines;
    }),
  );
  expect(perLineUs).toBeLessThan(5);
});
