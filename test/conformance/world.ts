/** A worker of any platform against its simulator and a real database, and the few things a case does with them. */
import { onTestFinished, vi } from 'vitest';
import type { Abilities, AbilityName, Simulate } from '../../simulators/world/simulated-platform.ts';
import { createPool } from '../../src/db/pool.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { startApiWorld } from '../support/api-world.ts';
import { type RunningWorker, startTestWorker, workerConfig } from '../support/running-worker.ts';
import { scriptedCreditsApi } from '../support/scripted-credits-api.ts';
import { silentLog } from '../support/silent-log.ts';
import { LeapingClock } from './leaping-clock.ts';
import * as rows from './rows.ts';

export const BOT = 'memalerts_bot';
export const STREAMER = 'northpine';

/** Where platforms that call us believe the API to be. */
const API_HOST = 'bot.example';
/** Of the machine: generous, as it is only ever used up by a failure. */
const PATIENCE = { timeout: 15_000, interval: 5 };
const LONGEST_LEAP_MS = 300_000;

/** What a suite is run for. Its cases come one after another, and each finds the database empty. */
export interface Subject {
  readonly platform: Platform;
  readonly simulate: Simulate;
  readonly databaseUrl: string;
}

export type ConformanceWorld = Awaited<ReturnType<typeof conformanceWorld>>;

/** One linked default bot, nobody streaming yet, no worker yet. */
export async function conformanceWorld({ platform, simulate, databaseUrl }: Subject) {
  const pool = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db, pg } = pool;
  await rows.empty(db);
  const clock = new LeapingClock();
  const sim = await simulate({ clock, limits: 'off' });
  onTestFinished(() => sim.stop());
  const credits = await scriptedCreditsApi();
  const env = { DATABASE_URL: databaseUrl, CHATBOT_BACKEND_BASE_URLS: credits.baseUrl, ...sim.env };
  if (platform.capabilities.readsBy === 'webhook') {
    const api = await startApiWorld(databaseUrl, { clock, env: { ...sim.env, DOMAIN: API_HOST } });
    sim.mapHost?.(API_HOST, api.url);
  }
  await rows.linkDefaultBot(db, platform, sim.linkBot(BOT));
  const streamers: string[] = [];
  const leapUntil = (check: () => unknown, limitMs = LONGEST_LEAP_MS) =>
    clock.leapUntil(check, limitMs, () => pg.query('select 1'));
  const until = (check: () => unknown) => vi.waitFor(check, PATIENCE);

  return {
    sim,
    clock,
    limits: platform.limits(workerConfig(platform, env).platform(platform.id)),
    /** @throws Error for an ability the simulated platform ought to offer and does not */
    ability<N extends AbilityName>(name: N): Abilities[N] {
      const ability = sim.abilities[name];
      if (ability === undefined) throw new Error(`the simulated platform does not offer ${name}`);
      return ability as Abilities[N];
    },
    async addStreamer(name: string): Promise<string> {
      streamers.push(name);
      return rows.addChannel(db, platform, name, sim.addStreamer(name));
    },
    addCommand: (channelId: string, trigger: string, response: string, lists: rows.CommandLists = {}) =>
      rows.addCommand(db, channelId, trigger, response, lists),
    switchBot: (channelId: string, enabled: boolean) => rows.switchBot(db, platform, channelId, enabled),
    queue: (channelId: string, ...messages: string[]) => rows.queueMessages(db, platform, channelId, messages),
    fates: (channelId: string) => rows.outboxFates(db, platform, channelId),
    linkOverride: (channelId: string, name: string) => rows.linkOverride(db, platform, channelId, sim.linkBot(name)),
    linkBotAgain: () => rows.linkAgain(db, platform, sim.linkBot(BOT)),
    /** Display names of all linked accounts. */
    async accountNames(): Promise<(string | null)[]> {
      const found = await pg.query('select "displayName" from "ExternalAccount"');
      return found.rows.map(({ displayName }) => displayName);
    },
    /** As stored. */
    async botNames(): Promise<{ login: string | null; displayName: string | null } | undefined> {
      const table = `"${platform.tables.defaultCredential}"`;
      const found = await pg.query(
        `select login, "displayName" from "ExternalAccount" where id in (select "externalAccountId" from ${table})`,
      );
      return found.rows[0];
    },
    async health(channelId: string): Promise<{ state: string; reason: string | null } | undefined> {
      const where = 'where "channelId" = $1 and provider = $2';
      const found = await pg.query(`select state, reason from "BotChannelHealth" ${where}`, [channelId, platform.id]);
      return found.rows[0];
    },
    said: (streamer: string) => sim.said(streamer).map(({ text }) => text),
    /** Whom the API was told of, in the order it heard of them. */
    credited: (streamer: string) =>
      credits.requests
        .flatMap(({ body }) => [JSON.parse(body)].flat() as { channelSlug: string; displayName: string }[])
        .filter(({ channelSlug }) => channelSlug === streamer)
        .map(({ displayName }) => displayName),
    /** Resolves when the worker reads every streamer who was added. */
    async startWorker(): Promise<RunningWorker> {
      const worker = startTestWorker(platform, env, { clock });
      await until(() => {
        for (const name of streamers) if (!sim.isRead(name)) throw new Error(`nobody reads ${name}`);
      });
      return worker;
    },
    /** In real time: for what has no reason to wait. */
    until,
    /** Lets the worker's time fly until the check passes: for what waits for a timer. */
    leapUntil,
    async leap(ms: number): Promise<void> {
      const untilMs = clock.monotonicMs() + ms;
      await leapUntil(() => {
        if (clock.monotonicMs() < untilMs) throw new Error('the time has not passed');
      });
    },
  };
}

/** One streamer whose chat is read, with the command `!mark`. @param prepare happens before the worker starts */
export async function room(
  subject: Subject,
  prepare: (world: ConformanceWorld, channelId: string) => Promise<unknown> = async () => {},
) {
  const world = await conformanceWorld(subject);
  const channelId = await world.addStreamer(STREAMER);
  await world.addCommand(channelId, '!mark', 'marked');
  await prepare(world, channelId);
  const worker = await world.startWorker();
  let seen = 0;
  return {
    ...world,
    channelId,
    stop: worker.stop,
    say: (viewer: string, text: string) => world.sim.say(STREAMER, viewer, text),
    /** What was said since the last call; lines of a channel are answered in order, so the mark closes the list. */
    async answers(): Promise<string[]> {
      world.sim.say(STREAMER, 'stage_hand', '!mark');
      const since = () => world.said(STREAMER).slice(seen);
      await world.until(() => {
        if (!since().includes('marked')) throw new Error(`the mark was not answered, only: ${since().join(' | ')}`);
      });
      const texts = since();
      const end = texts.indexOf('marked');
      seen += end + 1;
      return texts.slice(0, end);
    },
    /** All that was said, once the worker has finished what it had begun. */
    async finished(): Promise<string[]> {
      await worker.stop();
      return world.said(STREAMER);
    },
  };
}
