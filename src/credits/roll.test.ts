import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createPool, type Pool } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';
import { createLogger } from '../lib/logger.ts';
import { platforms } from '../platforms/all.ts';
import { applyLiveBoundary } from './boundary.ts';
import { type CreditsRoll, createCreditsRoll } from './roll.ts';

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
  for (let round = 0; round < 20; round += 1) {
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
