import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { lockWaits } from '../../test/support/lock-waits.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createPool, type Pool } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import { createLogger } from '../lib/logger.ts';
import { platforms } from '../platforms/all.ts';
import { applyLiveBoundary } from './boundary.ts';
import { type Chatter, type CreditsRoll, createCreditsRoll } from './roll.ts';

const MINUTE = 60_000;
const channelId = 'c1' as ChannelId;
let pool: Pool;
let clock: ManualClock;
let roll: CreditsRoll;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  const log = createLogger({ level: 'error', clock: new ManualClock() });
  pool = createPool(url, { applicationName: 'credits-test', slowMs: 10_000, log });
  return () => pool.end();
});

beforeEach(async () => {
  await pool.pg.query('truncate "Channel", "User" cascade');
  await pool.pg.query(`insert into "Channel" (id, slug, name) values ('c1', 'North', 'North')`);
  clock = new ManualClock();
  roll = createCreditsRoll(pool.db, clock, platforms);
});

const live = (isLive: boolean) =>
  pool.db
    .transaction()
    .execute((tx) => applyLiveBoundary(tx, { channelId, isLive, at: clock.now(), now: clock.now() }));

const chat = (...names: string[]) =>
  roll.addChatters(
    names.map((name) => ({ channelSlug: 'north', userId: `twitch:${name}`, displayName: name, avatarUrl: null })),
  );

const names = async () => (await roll.read(channelId)).chatters.map(({ name }) => name);

test('chatters stand in order of first appearance, and a repeat refreshes the name without moving it', async () => {
  await chat('ada', 'ben');
  await roll.addChatters([{ channelSlug: 'north', userId: 'twitch:ada', displayName: 'Ada L', avatarUrl: null }]);
  await chat('cy');
  expect(await names()).toEqual(['Ada L', 'ben', 'cy']);
});

test('a chatter is told with the platform, and who linked accounts with the one of the first', async () => {
  await pool.pg.query(`insert into "User" (id, "displayName") values ('u1', 'Mira'), ('u2', 'Lia')`);
  await pool.pg.query(
    `insert into "ExternalAccount" ("userId", provider, "providerAccountId", "linkedAs", "createdAt") values
       ('u1', 'youtube', 'b', 'bot_link', '2026-01-01'), ('u1', 'kick', 'm', null, '2026-01-02'),
       ('u1', 'twitch', 'm', null, '2026-01-03')`,
  );
  const people = ['trovo:7', 'u1', 'u2', 'vkvideo:3:4'];
  await roll.addChatters(
    people.map((userId) => ({ channelSlug: 'north', userId, displayName: userId, avatarUrl: null })),
  );
  const { chatters } = await roll.read(channelId);
  expect(chatters.map(({ name, provider }) => [name, provider])).toEqual([
    ['trovo:7', 'trovo'],
    ['u1', 'kick'],
    ['u2', null],
    ['vkvideo:3:4', 'vkvideo'],
  ]);
});

test('a stream that resumes within the reconnect window keeps its chatters, a later one starts empty', async () => {
  await live(true);
  await chat('ada');
  await live(false);
  await clock.advance(59 * MINUTE);
  await live(true);
  expect(await names()).toEqual(['ada']);
  await live(false);
  await clock.advance(61 * MINUTE);
  await live(true);
  expect(await names()).toEqual([]);
});

test('a viewer chatting in the break does not end the chance to resume the roll', async () => {
  await live(true);
  await chat('ada');
  await live(false);
  await clock.advance(MINUTE);
  await chat('ben');
  await live(true);
  expect(await names()).toEqual(['ada', 'ben']);
});

test('a viewer chatting in the break does not prolong it either: after the window the roll is gone', async () => {
  await live(true);
  await chat('ada');
  await live(false);
  await clock.advance(30 * MINUTE);
  await chat('ben');
  await clock.advance(34 * MINUTE);
  expect(await names()).toEqual(['ada', 'ben']);
  await clock.advance(1 * MINUTE);
  expect(await names()).toEqual([]);
});

test('a re-delivered stream start wipes nothing', async () => {
  await live(true);
  await chat('ada');
  await live(true);
  expect(await names()).toEqual(['ada']);
});

test("a channel's own senders and its ignored names are left out, the person who linked a sender is not", async () => {
  await pool.pg.query(`
    insert into "User" (id, "displayName", role) values ('u1', 'Owner', 'admin');
    insert into "ExternalAccount" (id, "userId", provider, "providerAccountId") values ('a1', 'u1', 'kick', '77');
    insert into "GlobalKickBotCredential" ("externalAccountId") values ('a1');
    update "Channel" set "creditsIgnoredChattersJson" = '["NightBot"]'`);
  roll.forgetRules(channelId);
  const event = { channelSlug: 'north', avatarUrl: null };
  expect(await roll.addChatters([{ ...event, userId: 'kick:77', displayName: 'bot' }])).toBe(0);
  expect(await roll.addChatters([{ ...event, userId: 'twitch:1', displayName: ' nightbot ' }])).toBe(0);
  expect(await roll.addChatters([{ ...event, userId: 'u1', displayName: 'Owner' }])).toBe(1);
});

test('an unknown channel is ignored and stores nothing', async () => {
  const event = { channelSlug: 'nowhere', userId: 'u', displayName: 'x', avatarUrl: null };
  expect(await roll.addChatters([event])).toBe(0);
  expect(await roll.addDonor({ ...event, name: 'x', amount: 5, currency: 'RUB' })).toBe(false);
});

test('a repeated donor overwrites the amount', async () => {
  const donor = { channelSlug: 'north', name: 'Zoe', amount: 5, currency: 'RUB', avatarUrl: null };
  await roll.addDonor(donor);
  await roll.addDonor({ ...donor, name: 'zoe', amount: 7 });
  expect((await roll.read(channelId)).donors).toMatchObject([{ name: 'zoe', amount: 7 }]);
});

test('batches of the same people from two API copies at once neither fail nor double anybody', async () => {
  const other = createCreditsRoll(pool.db, clock, platforms);
  const people = Array.from({ length: 100 }, (_, index) => `p${index}`);
  const events = people.map((name) => ({ channelSlug: 'north', userId: name, displayName: name, avatarUrl: null }));
  await Promise.all([roll.addChatters(events), other.addChatters([...events].reverse())]);
  expect((await names()).sort()).toEqual([...people].sort());
});

test('people credited while a roll begins, by many at once, are all in it', async () => {
  const rolls = Array.from({ length: 8 }, () => createCreditsRoll(pool.db, clock, platforms));
  const everybody = rolls.map((_, index) => `p${index}`);
  const one = (name: string) => ({ channelSlug: 'north', userId: name, displayName: name, avatarUrl: null });
  for (let round = 0; round < 6; round += 1) {
    await pool.pg.query('delete from "CreditsRoll"');
    for (const copy of rolls) copy.forgetSeen(null);
    await Promise.all(rolls.map((copy, index) => copy.addChatters([one(`p${index}`)])));
    expect((await names()).sort()).toEqual(everybody);
  }
});

test('a reset empties the roll, and who chats again is in it again', async () => {
  await chat('ada');
  await roll.reset(channelId);
  expect(await names()).toEqual([]);
  await chat('ada');
  expect(await names()).toEqual(['ada']);
});

test('a roll that begins while chatters are being stored in the former one waits for them, and nobody is refused', async () => {
  await chat('zoe');
  await chat('ada');
  const batch = await pool.pg.connect();
  // As a batch does: the roll, then people in the order of their ids.
  await batch.query('begin');
  await batch.query('select from "CreditsRoll" for no key update skip locked');
  const rename = (id: string) =>
    batch.query(`update "CreditsChatter" set "displayName" = 'x' where "userId" = $1`, [`twitch:${id}`]);
  await rename('ada');
  const reset = roll.reset(channelId);
  await lockWaits(pool.db, 1);
  await rename('zoe');
  await batch.query('commit');
  // The same without the roll: another batch has prolonged it.
  await reset;
  await chat('zoe');
  await chat('ada');
  await batch.query('begin');
  await rename('ada');
  const again = roll.reset(channelId);
  await lockWaits(pool.db, 1);
  await rename('zoe');
  // A new chatter refers to the roll.
  await batch.query(
    `insert into "CreditsChatter" ("channelId", "userId", "displayName") values ('c1', 'twitch:zz', 'z')`,
  );
  await batch.query('commit');
  batch.release();
  await again;
  await live(true);
  expect(await names()).not.toContain('ada');
});

test('whoever is being stored while all rolls may have begun anew is stored again when they chat again', async () => {
  await chat('ada');
  const holder = await pool.pg.connect();
  await holder.query(`begin; select from "CreditsChatter" for update`);
  const storing = roll.addChatters([
    { channelSlug: 'north', userId: 'twitch:ada', displayName: 'Ada L', avatarUrl: null },
  ]);
  await lockWaits(pool.db, 1);
  roll.forgetSeen(null);
  await holder.query('commit');
  holder.release();
  await storing;
  await pool.pg.query('delete from "CreditsChatter"');
  await roll.addChatters([{ channelSlug: 'north', userId: 'twitch:ada', displayName: 'Ada L', avatarUrl: null }]);
  expect(await names()).toEqual(['Ada L']);
});

/** One new chatter in each of so many channels. */
async function crowd(channels: number): Promise<Chatter[]> {
  await pool.pg.query(
    `insert into "Channel" (slug, name) select 's' || n, 's' || n from generate_series(1, $1::int) n
     on conflict do nothing`,
    [channels],
  );
  return Array.from({ length: channels }, (_, index) => ({
    channelSlug: `s${index + 1}`,
    userId: `twitch:${clock.now().getTime()}`,
    displayName: 'Ada',
    avatarUrl: null,
  }));
}

test('a batch costs one statement however many rolls live, and a handful where they begin', async () => {
  let statements = 0;
  const counted = pool.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      statements += 1;
      return result;
    },
  });
  roll = createCreditsRoll(counted, clock, platforms);
  expect(await roll.addChatters(await crowd(80))).toBe(80);
  expect(statements).toBeLessThanOrEqual(6);
  statements = 0;
  await clock.advance(5 * MINUTE);
  roll.forgetRules(null);
  expect(await roll.addChatters(await crowd(80))).toBe(80);
  expect(statements).toBe(2);
  const { rows } = await pool.pg.query('select count(*)::int as stored from "CreditsChatter"');
  expect(rows).toEqual([{ stored: 160 }]);
});

test('a roll lives as long as its chat goes on', async () => {
  await chat('ada');
  await clock.advance(5 * 60 * MINUTE);
  await chat('ben');
  await clock.advance(5 * 60 * MINUTE);
  expect(await names()).toEqual(['ada', 'ben']);
  await clock.advance(2 * 60 * MINUTE);
  expect(await names()).toEqual([]);
});

test('a channel that was deleted a moment ago costs nobody else in the batch their place', async () => {
  const events = await crowd(2);
  await roll.addChatters(events);
  await pool.pg.query(`delete from "Channel" where slug = 's1'`);
  await roll.addChatters(events.map((event) => ({ ...event, userId: 'twitch:late' })));
  const { rows } = await pool.pg.query('select "userId" from "CreditsChatter" order by seq');
  expect(rows.map(({ userId }) => userId)).toEqual([events[1]?.userId, 'twitch:late']);
});

test('whoever chats while their channel is being deleted is in no roll, and the others of the batch are in theirs', async () => {
  const events = await crowd(2);
  await roll.addChatters(events);
  const deleter = await pool.pg.connect();
  await deleter.query(`begin; delete from "Channel" where slug = 's1'`);
  const storing = roll.addChatters(events.map((event) => ({ ...event, userId: 'twitch:late' })));
  await lockWaits(pool.db, 1);
  await deleter.query('commit');
  deleter.release();
  await storing;
  const { rows } = await pool.pg.query('select "userId" from "CreditsChatter" order by seq');
  expect(rows.map(({ userId }) => userId)).toEqual([events[1]?.userId, 'twitch:late']);
});

test('a roll that is deleted takes its chatters along, also those who are being stored in it', async () => {
  await chat('ada');
  const holder = await pool.pg.connect();
  await holder.query(`begin; select from "CreditsChatter" for update`);
  const ada = { channelSlug: 'north', userId: 'twitch:ada', displayName: 'Ada L', avatarUrl: null };
  const storing = roll.addChatters([ada, { ...ada, userId: 'twitch:ben' }]);
  await lockWaits(pool.db, 1);
  const deleting = pool.pg.query('delete from "CreditsRoll"');
  await lockWaits(pool.db, 2);
  await holder.query('commit');
  holder.release();
  await Promise.all([storing, deleting]);
  const { rows } = await pool.pg.query('select "userId" from "CreditsChatter"');
  expect(rows).toEqual([]);
});

describe('while two batches are in work', () => {
  const one = (name: string): Chatter[] => [{ channelSlug: 'north', userId: name, displayName: name, avatarUrl: null }];

  /** Two batches that cannot go on until `release`. */
  async function busy() {
    await chat('first');
    const holder = await pool.pg.connect();
    await holder.query('begin; lock table "CreditsChatter" in access exclusive mode');
    const inWork = [roll.addChatters(one('a')), roll.addChatters(one('b'))];
    return {
      inWork,
      async release() {
        await holder.query('rollback');
        holder.release();
      },
    };
  }

  test('a third waits without a connection, for two seconds at most', async () => {
    const { inWork, release } = await busy();
    const third = roll.addChatters(one('c'));
    await clock.advance(2000);
    expect(await third).toBe('busy');
    await release();
    expect(await Promise.all(inWork)).toEqual([1, 1]);
    expect((await names()).sort()).toEqual(['a', 'b', 'first']);
  });

  test('one that is given up by its sender while it waits is never stored', async () => {
    const { inWork, release } = await busy();
    const sender = new AbortController();
    const givenUp = roll.addChatters(one('c'), sender.signal);
    const waiting = roll.addChatters(one('d'));
    sender.abort();
    expect(await givenUp).toBe('busy');
    await release();
    expect(await Promise.all([...inWork, waiting])).toEqual([1, 1, 1]);
    expect((await names()).sort()).toEqual(['a', 'b', 'd', 'first']);
  });
});
