import { setTimeout as realDelay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Prices } from '../../../simulators/youtube/quota.ts';
import { startYouTubeSimulator } from '../../../simulators/youtube/simulator.ts';
import * as rows from '../../../test/conformance/rows.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { startTestWorker } from '../../../test/support/running-worker.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { BOT, READ_SCOPE, STREAMER, WRITE_SCOPE, youtubeWorld } from '../../../test/support/youtube-world.ts';
import { createPool } from '../../db/pool.ts';
import { youtube } from './index.ts';

const HOURS = 12;
const REPLIES = 500;
const SPACING_MS = (HOURS * 3_600_000) / REPLIES;
/** Live checks are five minutes apart: leaps this long change little about when they come. Answers wait a minute at most. */
const LEAP_MS = SPACING_MS / 2;
/** While messages wait, each is to have its try before it expires. */
const STEP_MS = SPACING_MS / 5;
const PATIENCE_MS = 20_000;

/** Eight in the morning in Los Angeles: the whole stream lies in one day of units. */
const STARTS_AT = new Date('2026-11-22T16:00:00Z');

interface Cost {
  readonly list: number;
  readonly stream: number;
  readonly insert: number;
}

async function streamingDay({ list, stream, insert }: Cost) {
  const clock = new ManualClock(STARTS_AT);
  const prices: Partial<Prices> = {
    'liveChatMessages.list': list,
    'liveChatMessages.streamList': stream,
    'liveChatMessages.insert': insert,
  };
  // The server ends a stream now and then: twice an hour, at the least.
  const sim = await startYouTubeSimulator({ clock, prices, behaviour: { streamSeconds: 1800 } });
  onTestFinished(() => sim.stop());
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const linked = (name: string, scopes: string[]) => {
    const { id: login, ownerId: platformUserId } = sim.addChannel(name);
    const { access: accessToken, refresh: refreshToken } = sim.issueToken(name, scopes);
    return { platformUserId, login, accessToken, refreshToken, scopes };
  };
  await rows.linkDefaultBot(pool.db, youtube, linked(BOT, [WRITE_SCOPE, 'openid']));
  const account = linked(STREAMER, [READ_SCOPE, 'openid']);
  const streamer = { target: sim.channel(STREAMER).id, stableId: null, extra: {}, account };
  const channelId = await rows.addChannel(pool.db, youtube, STREAMER, streamer);
  await rows.addCommand(pool.db, channelId, '!hi', 'hello', {});
  sim.startBroadcast(STREAMER);
  const worker = startTestWorker(
    youtube,
    {
      DATABASE_URL: url,
      CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
      ...sim.env(),
      YOUTUBE_LIST_UNITS: String(list),
      YOUTUBE_STREAM_UNITS: String(stream),
      YOUTUBE_INSERT_UNITS: String(insert),
    },
    { clock },
  );
  /** Whoever asked the database something has its answer, too: a lost connection would be made anew. */
  const breathe = () => pool.pg.query('select 1');
  return { sim, clock, worker, breathe, fates: () => rows.outboxFates(pool.db, youtube, channelId) };
}

async function until(clock: ManualClock, check: () => unknown): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
    await clock.advance(20);
    await realDelay(3);
  }
}

test.for([
  { list: 5, stream: 5, insert: 20, sentAtLeast: 480, readingAtMost: 400 },
  { list: 1, stream: 1, insert: 50, sentAtLeast: 190, readingAtMost: 250 },
])(
  'a stream of 12 hours with 500 questions at %o stays inside the day, and every answer has a fate',
  {
    timeout: 240_000,
  },
  async ({ sentAtLeast, readingAtMost, ...cost }) => {
    const { sim, clock, worker, breathe, fates } = await streamingDay(cost);
    /** A message on its way takes real time: none may see its deadline pass because the clock leaps. */
    const pass = async (ms: number) => {
      const stepMs = worker.worker.outbox.stats().retried === 0 ? LEAP_MS : STEP_MS;
      for (let passed = 0; passed < ms; passed += stepMs) {
        await clock.leap(stepMs);
        await breathe();
        await realDelay(2);
        while (worker.worker.outbox.stats().sending > 0) await realDelay(1);
      }
    };
    await until(clock, () => expect(sim.isRead(STREAMER)).toBe(true));
    for (let asked = 1; asked <= REPLIES; asked += 1) {
      await until(clock, () => expect(sim.isRead(STREAMER)).toBe(true));
      sim.say(STREAMER, `viewer_${asked % 40}`, '!hi');
      await until(clock, () => expect(worker.worker.pipeline.stats().answered).toBe(asked));
      await until(clock, () => {
        const { sent, failed, retried } = worker.worker.outbox.stats();
        expect(sent + failed === asked || retried > 0).toBe(true);
      });
      await pass(SPACING_MS);
    }
    const outlook = worker.worker.details()?.quota as { unitsLeft: number; hoursLeft: number | null };
    await pass(20 * 60_000);
    await until(clock, async () => {
      const statuses = (await fates()).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 'sent' && status !== 'failed')).toEqual([]);
    });

    const all = await fates();
    const sent = all.filter(({ status }) => status === 'sent');
    const failed = all.filter(({ status }) => status === 'failed');
    const { units, calls, searches, refused } = sim.spending();
    const reading = units - sent.length * cost.insert;
    console.info(
      `at ${JSON.stringify(cost)}: ${sent.length} sent, ${failed.length} failed, reading ${reading}, ${units} units`,
    );
    expect(all).toHaveLength(REPLIES);
    expect([...new Set(failed.map(({ lastError }) => lastError))]).toEqual(['quota_exhausted']);
    expect(sim.messagesIn(STREAMER).filter(({ transport }) => transport === 'rest')).toHaveLength(sent.length);
    expect(calls['liveChatMessages.insert']).toBe(sent.length);
    expect({ units: units <= 10_000, searches, refused }).toEqual({ units: true, searches: 0, refused: 0 });
    expect(calls).not.toHaveProperty('search.list');
    expect(sent.length).toBeGreaterThanOrEqual(sentAtLeast);
    expect(reading).toBeLessThanOrEqual(readingAtMost);
    expect(outlook.hoursLeft).toEqual(expect.any(Number));
    expect(sim.isRead(STREAMER)).toBe(true);
  },
);

test('names are not asked for when the units of the day get short: the last ones are for the chats', async () => {
  const { sim, open, bot, accounts } = await youtubeWorld({ env: { YOUTUBE_DAILY_QUOTA_UNITS: '20' } });
  const { login, ...sender } = bot();
  const credentials = Object.assign(accounts, { defaultSender: async () => ({ ...sender, login }) });
  const { names } = open({ credentials });
  const ask = () => names?.namesOf([String(login)]);
  expect(await ask()).toEqual(new Map([[login, { login, displayName: BOT }]]));
  for (let round = 0; round < 30; round += 1) await ask();
  expect(await ask()).toEqual(new Map());
  expect(sim.spending().calls).toEqual({ 'channels.list': 19 });
});
