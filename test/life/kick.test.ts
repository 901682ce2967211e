import { expect, onTestFinished, test, vi } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { createKickApi } from '../../src/platforms/kick/api/client.ts';
import { Keeper } from '../../src/platforms/kick/events/keeper.ts';
import { Subscriptions } from '../../src/platforms/kick/events/subscriptions.ts';
import { kick } from '../../src/platforms/kick/index.ts';
import type { ReadChannel, ReaderState } from '../../src/platforms/worker-side.ts';
import { createTestDatabase } from '../support/database.ts';
import { webhookWorld } from '../support/kick-api-world.ts';
import { addKickChannel, kickDeps, linkDefaultKickBot, simulatedKick } from '../support/kick-world.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { startTestWorker } from '../support/running-worker.ts';
import { silentLog } from '../support/silent-log.ts';

const PATH = '/public/v1/events/subscriptions';
const ALL = ['chat.message.sent', 'livestream.status.updated'];
const SYNC_MS = 30_000;
const MINUTE_MS = 60_000;
const SOON = { timeout: 15_000, interval: 20 };

/** The keeper of one channel on driven time. */
async function keeperWorld(random = 0.5) {
  const clock = new ManualClock(new Date());
  const sim = await simulatedKick(clock);
  const { url } = await createTestDatabase({ forTest: true });
  const { db, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const deps = kickDeps(sim.env(), clock);
  const credentials = { owner: async () => 'none' as const, renewed: async () => 'none' as const };
  const subscriptions = new Subscriptions({
    ...deps,
    db,
    credentials,
    api: createKickApi(deps, deps.settings as never),
  });
  const told: ReaderState[] = [];
  let running = 0;
  const ensure = subscriptions.ensure.bind(subscriptions);
  subscriptions.ensure = async (...asked) => {
    running += 1;
    return ensure(...asked).finally(() => {
      running -= 1;
    });
  };
  const state = (_: string, next: ReaderState) => void told.push(next);
  const keeper = new Keeper({ ...deps, random: () => random, db, subscriptions, syncMs: SYNC_MS, state });
  onTestFinished(() => keeper.close());
  const { channelId, slug, broadcasterId } = await addKickChannel(db, sim, 'northpine');
  const channel = { channelId, slug, target: broadcasterId } as unknown as ReadChannel;
  const settle = () => vi.waitFor(() => expect(running).toBe(0), SOON);
  const calls = (method: string) =>
    sim.calls.filter((call) => call.method === method && call.path.startsWith(PATH)).length;
  keeper.setChannels([channel]);
  await vi.waitFor(() => expect(told.at(-1)?.kind).toBe('live'), SOON);
  return {
    sim,
    keeper,
    channel,
    told,
    calls,
    subscribed: () =>
      sim.subscriptions
        .all()
        .map(({ event }) => event)
        .toSorted(),
    async drive(ms: number) {
      for (let passedMs = 0; passedMs < ms; passedMs += SYNC_MS) {
        await clock.advance(SYNC_MS);
        await settle();
      }
    },
  };
}

test.each([0, 0.999])(
  'subscriptions that vanished without a word are made anew within ten minutes, whatever the jitter (%s)',
  async (random) => {
    const { sim, calls, drive, subscribed } = await keeperWorld(random);
    await drive(20 * MINUTE_MS);
    // Right after a look, which is the longest time to the next.
    const looks = calls('GET');
    while (calls('GET') === looks) await drive(SYNC_MS);
    sim.faults.dropSubscriptions();
    await drive(10 * MINUTE_MS);
    expect(subscribed()).toEqual(ALL);
  },
);

test('a subscription that vanished soon after it was made is named at the next look, and made anew ten minutes after', async () => {
  const { sim, keeper, channel, told, drive, subscribed } = await keeperWorld();
  await drive(3 * MINUTE_MS);
  sim.faults.dropSubscriptions();
  keeper.look(channel.channelId);
  await vi.waitFor(() => expect(told.at(-1)).toEqual({ kind: 'degraded', reason: 'not_listed' }), SOON);
  await drive(10 * MINUTE_MS);
  expect(subscribed()).toEqual(ALL);
  expect(told.at(-1)?.kind).toBe('live');
});

test('eight quiet hours are no reason to say anything of a chat, or to subscribe anew', async () => {
  const { told, calls, drive } = await keeperWorld();
  const [lists, creations] = [calls('GET'), calls('POST')];
  told.length = 0;
  await drive(8 * 60 * MINUTE_MS);
  expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(['live']));
  expect(calls('POST')).toBe(creations);
  expect(calls('DELETE')).toBe(0);
  // About one in nine minutes.
  expect(calls('GET') - lists).toBeLessThan(65);
});

/** API, worker and a stream that has not begun. */
async function workerWorld() {
  const world = await webhookWorld();
  const { sim, db, databaseUrl, channel } = world;
  await linkDefaultKickBot(db, sim);
  const env = { ...sim.env(), DATABASE_URL: databaseUrl, CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9' };
  startTestWorker(kick, env);
  const health = async () => (await db.selectFrom('BotChannelHealth').select('state').execute())[0]?.state;
  await expect.poll(health, SOON).toBe('live');
  const who = await world.streamer();
  await db.updateTable('User').set({ channelId: channel.channelId }).where('id', '=', who.userId).execute();
  return {
    ...world,
    diagnose: async () => (await world.ask(who, 'GET', '/streamer/bots/kick/diagnostics')).json.findings,
    subscribed: () =>
      sim.subscriptions
        .all()
        .map(({ event }) => event)
        .toSorted(),
    beginStream: (minutesAgo: number) =>
      world.pg.query(
        `insert into "ChannelLiveState" ("channelId", provider, "isLive", since, "seenAt")
         values ($1, 'kick', true, timezone('utc', now()) - make_interval(mins => $2), timezone('utc', now()))
         on conflict ("channelId", provider) do update set "isLive" = true, since = excluded.since`,
        [channel.channelId, minutesAgo],
      ),
  };
}

test('subscriptions that vanished without a word are made anew when somebody asks how the bot is', async () => {
  const { sim, subscribed, diagnose } = await workerWorld();
  sim.faults.dropSubscriptions();
  await diagnose();
  await expect.poll(subscribed, SOON).toEqual(ALL);
});

test('subscriptions that vanished without a word are made anew when a stream begins', async () => {
  const { sim, subscribed, beginStream } = await workerWorld();
  sim.faults.dropSubscriptions();
  await beginStream(0);
  await expect.poll(subscribed, SOON).toEqual(ALL);
});

test('deliveries that are withheld while subscriptions are listed are a suspicion, and nothing is called broken', async () => {
  const { sim, pg, subscribed, diagnose, beginStream, channel } = await workerWorld();
  sim.faults.withholdDeliveries();
  sim.say(channel.slug, 'mira_k', 'nobody hears this');
  await beginStream(20);
  await pg.query(`update "BotChannelHealth" set since = since - interval '30 minutes'`);
  const found: { cause: string; verdict: string; check: string }[] = await diagnose();
  expect(found).toContainEqual(expect.objectContaining({ cause: 'chat_quiet', verdict: 'ok' }));
  const ofTheBot = found.filter(({ check }) => ['reader', 'stream', 'events', 'messages'].includes(check));
  expect(ofTheBot.map(({ verdict }) => verdict)).not.toContain('broken');
  expect(subscribed()).toEqual(ALL);
});
