import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { settingsOf } from '../../../../test/support/youtube-world.ts';
import { createPool } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { youtubeSettings } from '../settings.ts';
import { createLedger } from './ledger.ts';
import { type Method, sendingShare } from './plan.ts';

const INSERT: Method = 'liveChatMessages.insert';
const STREAM: Method = 'liveChatMessages.streamList';
const POLL: Method = 'liveChatMessages.list';

async function project(env: Record<string, string> = {}, startsAt = '2026-11-22T20:00:00Z') {
  const clock = new ManualClock(new Date(startsAt));
  const { url } = await createTestDatabase({ forTest: true });
  const log = silentLog();
  const settings = youtubeSettings(settingsOf({ YOUTUBE_CLIENT_ID: 'cid', ...env }));
  const open = (databaseUrl = url, clockOfHost: Pick<ManualClock, 'now'> = clock) => {
    const pool = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log });
    onTestFinished(() => pool.end());
    return createLedger({ db: pool.db, clock: clockOfHost, log, random: () => 0.5, settings, share: () => 1 });
  };
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log });
  onTestFinished(() => pool.end());
  return { clock, open, url, pg: pool.pg };
}

async function takeAll(take: () => Promise<boolean>): Promise<number> {
  let taken = 0;
  while (await take()) taken += 1;
  return taken;
}

test('two copies that spend at once never spend more than the project has', async () => {
  const { open, pg } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '1000' });
  const copies = [open(), open(), open()];
  const counts = await Promise.all(copies.map((ledger) => takeAll(() => ledger.take(STREAM))));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
  const { rows } = await pg.query('select method, calls, units from "QuotaLedger" order by method');
  expect(rows).toEqual([
    { method: STREAM, calls: 200, units: 1000 },
    { method: 'total', calls: 200, units: 1000 },
  ]);
});

test('when units run out polls go first, then messages, and streams are opened to the end', async () => {
  // Midnight in Los Angeles has just been: the whole day has to be paid.
  const { open } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '1000' }, '2026-11-22T08:00:00Z');
  const ledger = open();
  expect(await takeAll(() => ledger.take(POLL))).toBe(180);
  expect(await takeAll(() => ledger.take(INSERT))).toBe(4);
  expect(await takeAll(() => ledger.take(STREAM))).toBe(4);
  expect(ledger.outlook()).toMatchObject({ unitsLeft: 0, unitsMax: 1000, hoursLeft: 0 });
});

test('what was kept back is given free as the day goes by', async () => {
  const { open, clock } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '1000' }, '2026-11-22T08:00:00Z');
  const ledger = open();
  await takeAll(() => ledger.take(POLL));
  await clock.advance(12 * 3_600_000);
  expect(await takeAll(() => ledger.take(POLL))).toBe(10);
});

test('a new day in Los Angeles is a new budget', async () => {
  const { open, clock } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '10' });
  const ledger = open();
  expect(await takeAll(() => ledger.take(STREAM))).toBe(2);
  expect(ledger.renewedAt).toEqual(new Date('2026-11-23T08:00:00Z'));
  await clock.advance(12 * 3_600_000 - 1);
  expect(await ledger.take(STREAM)).toBe(false);
  await clock.advance(1);
  expect(await takeAll(() => ledger.take(STREAM))).toBe(2);
});

test('once Google says that nothing is left nobody asks before midnight there, whichever copy heard it', async () => {
  const { open, clock } = await project();
  const [heard, other] = [open(), open()];
  expect(await heard.take(STREAM)).toBe(true);
  heard.refused();
  await expect.poll(() => other.take(STREAM)).toBe(false);
  expect(await heard.take(STREAM)).toBe(false);
  expect(other.renewedAt).toEqual(new Date('2026-11-23T08:01:00Z'));
  await clock.advance(other.renewedAt.getTime() - clock.now().getTime());
  expect(await other.take(STREAM)).toBe(true);
  expect(await heard.take(STREAM)).toBe(true);
});

test('a refusal soon after midnight is asked again soon: units are renewed late', async () => {
  const { open, clock } = await project({}, '2026-11-22T08:10:00Z');
  const ledger = open();
  await ledger.take(STREAM);
  ledger.refused();
  expect(ledger.renewedAt).toEqual(new Date('2026-11-22T08:40:00Z'));
  await clock.advance(30 * 60_000);
  await expect.poll(() => ledger.take(STREAM)).toBe(true);
});

test('a payment that ends after midnight is no part of the new day', async () => {
  const { open, clock } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '10' }, '2026-11-23T07:59:59Z');
  const ledger = open();
  await ledger.take(STREAM);
  const last = ledger.take(STREAM);
  await clock.advance(1000);
  expect(ledger.outlook().unitsLeft).toBe(10);
  expect(await last).toBe(true);
  expect(ledger.outlook().unitsLeft).toBe(10);
});

test('a pause written by a clock that was ahead ends with it', async () => {
  const { open, url } = await project();
  let now = new Date('2027-11-22T20:00:00Z');
  const ledger = open(url, { now: () => now });
  ledger.refused();
  expect(await ledger.take(STREAM)).toBe(false);
  now = new Date('2026-11-22T20:00:00Z');
  expect(await ledger.take(STREAM)).toBe(true);
});

test('from the half of the day’s units on a channel may spend its share of the rest for messages', async () => {
  const { open, clock } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '1000' });
  const ledger = open();
  const [busy, other] = ['busy', 'other'] as ChannelId[] as [ChannelId, ChannelId];
  const send = (channelId: ChannelId, onAir: number) => async () =>
    ledger.takeShare(channelId, onAir) && (await ledger.take(INSERT));
  // 500 that are anybody's, and a fifth of the other 500.
  expect(await takeAll(send(busy, 5))).toBe(25 + 5);
  expect(await takeAll(send(other, 5))).toBe(5);
  // Others went off the air.
  expect(await takeAll(send(busy, 2))).toBe(7);
  await clock.advance(12 * 3_600_000);
  expect(await send(busy, 5)()).toBe(true);
});

test('however many channels are on the air, each may say something', () => {
  expect(sendingShare(10_000, 20, 5000)).toBe(20);
});

test('without the database a copy counts for itself', async () => {
  const { open } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '100' });
  const ledger = open('postgres://127.0.0.1:9/none');
  expect(await takeAll(() => ledger.take(STREAM))).toBe(20);
});

test('checks are spread over what is left of the day, and over the channels', async () => {
  const { open } = await project({}, '2026-11-22T08:00:00Z');
  const ledger = open();
  expect(ledger.distanceMs('liveBroadcasts.list', 1)).toBe(21_600);
  expect(ledger.distanceMs('liveBroadcasts.list', 20)).toBe(432_000);
  await takeAll(() => ledger.take(INSERT));
  expect(ledger.distanceMs('liveBroadcasts.list', 1)).toBe(1_080_000);
});

test('a thousand channels are looked at again when the next units are there, not days later', async () => {
  const { open } = await project({ YOUTUBE_DAILY_QUOTA_UNITS: '30' }, '2026-11-23T04:00:00Z');
  const ledger = open();
  await ledger.take(INSERT);
  expect(ledger.distanceMs('liveBroadcasts.list', 1000)).toBe(4 * 3_600_000);
});
