/** Whole workers in this process against a simulated VK Video Live and a real database, with time that leaps. */
import { onTestFinished } from 'vitest';
import { simulated } from '../../simulators/vkvideo/simulated-platform.ts';
import { startVkVideoSimulator } from '../../simulators/vkvideo/simulator.ts';
import { createPool } from '../../src/db/pool.ts';
import { vkvideo } from '../../src/platforms/vkvideo/index.ts';
import { LeapingClock } from '../conformance/leaping-clock.ts';
import * as rows from '../conformance/rows.ts';
import { createTestDatabase } from './database.ts';
import { startTestWorker } from './running-worker.ts';
import { silentLog } from './silent-log.ts';

const LEAP_MAX_MS = 2 * 3_600_000;

/** A bot that is linked; no worker runs yet. */
export async function vkvideoWorkerWorld(bot: string) {
  const clock = new LeapingClock();
  const { url } = await createTestDatabase({ forTest: true });
  const sim = await startVkVideoSimulator({ limits: 'off', clock });
  onTestFinished(() => sim.stop());
  const platform = simulated(sim, true);
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db, pg } = pool;
  await rows.linkDefaultBot(db, vkvideo, await platform.linkBot(bot));
  const breathe = () => Promise.all([pg.query('select 1'), fetch(sim.urls.control)]);
  return {
    sim,
    pg,
    /** A live channel with the bot switched on. @returns its id */
    async addStreamer(slug: string, change: { isLinked?: boolean } = {}): Promise<string> {
      const streamer = await platform.addStreamer(slug);
      const account = change.isLinked === false ? null : streamer.account;
      return rows.addChannel(db, vkvideo, slug, { ...streamer, account });
    },
    startWorker: () =>
      startTestWorker(
        vkvideo,
        { DATABASE_URL: url, CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9', ...platform.env },
        { clock },
      ),
    leapUntil: (check: () => unknown) => clock.leapUntil(check, LEAP_MAX_MS, breathe),
    /** Requests of one path so far. */
    calls: (path: string) => sim.calls.filter((call) => call.path === path).length,
    async subscription(channelId: string): Promise<Record<string, unknown>> {
      const { rows: found } = await pg.query(
        `select "vkvideoChannelId" as id, "vkvideoChannelUrl" as url, "vkvideoStableId" as stable
        from "VkVideoChatBotSubscription" where "channelId" = $1`,
        [channelId],
      );
      return found[0];
    },
    async health(channelId: string): Promise<unknown> {
      const { rows: found } = await pg.query('select state, reason from "BotChannelHealth" where "channelId" = $1', [
        channelId,
      ]);
      return found[0];
    },
  };
}
