/** The real chat client of Twitch against the simulated Twitch, over real sockets, on driven time. */
import { onTestFinished, vi } from 'vitest';
import type { LimitChoice } from '../../simulators/twitch/limits.ts';
import { startTwitchSimulator } from '../../simulators/twitch/simulator.ts';
import { openIrc } from '../../src/platforms/twitch/irc/irc.ts';
import type { ChatMessage, ReadChannel } from '../../src/platforms/worker-side.ts';
import { ManualClock } from './manual-clock.ts';
import { recordingLog } from './recording-log.ts';
import { Accounts, account, channel } from './twitch-chat-world.ts';

const LONG_SECONDS = 7 * 24 * 3600;
const SECOND_MS = 1_000;
/** Turns of the loop in which a connection is made or noticed to be gone. */
const TURNS = 20;

/** Every channel is read when this resolves. Twitch's limits apply, but for the number of channels. */
export async function chatLifeWorld(slugs: readonly string[], limits: LimitChoice = { joinedChannels: 0 }) {
  const clock = new ManualClock();
  const sim = await startTwitchSimulator({ clock, limits });
  const { access } = sim.issueToken(sim.addPerson('helperbot'), ['chat:read', 'chat:edit'], { seconds: LONG_SECONDS });
  const accounts = new Accounts();
  accounts.shared = account('helperbot', access, 'default');
  const { log, lines } = recordingLog();
  /** Every state that was told after the start, with its time. */
  const told: { slug: string; kind: string; reason: string | null; atMs: number }[] = [];
  const heard: ChatMessage[] = [];
  const irc = openIrc({
    url: sim.urls.irc,
    joinsPer10s: 20,
    clock,
    log,
    random: () => 0.5,
    credentials: accounts,
    events: {
      message: (message) => heard.push(message),
      state: (slug, { kind, reason }) => told.push({ slug, kind, reason, atMs: clock.monotonicMs() }),
      live: () => {},
      sendable: () => {},
      renamed: () => {},
      lost: () => {},
    },
    isOwnAccount: () => false,
    limitShare: () => 1,
  });
  onTestFinished(async () => {
    await irc.close();
    await sim.stop();
  });
  const channels: readonly ReadChannel[] = slugs.map((slug) => channel(sim.addChannel(slug).login));

  const settle = async () => {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await sim.irc.settled();
  };
  const drive = async (ms: number, stepMs = SECOND_MS) => {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      await clock.advance(stepMs);
      await settle();
    }
  };
  /** Drives time until it is so. @returns how long that took, in seconds; at most the limit, after which it need not be so */
  const secondsUntil = async (isSo: () => boolean, limitSeconds = 180) => {
    let seconds = 0;
    for (; seconds < limitSeconds && !isSo(); seconds += 1) await drive(SECOND_MS);
    return seconds;
  };
  const state = (slug: string) => told.findLast((each) => each.slug === slug) ?? { kind: 'unknown', reason: null };

  irc.reader.setChannels(channels);
  await vi.waitFor(() => {
    if (sim.irc.sessions().length === 0) throw new Error('nobody is logged in');
  });
  await secondsUntil(() => slugs.every((slug) => state(slug).kind === 'live'), 1_000);
  told.length = 0;
  return {
    clock,
    sim,
    irc,
    channels,
    told,
    heard,
    state,
    drive,
    secondsUntil,
    logged: (event: string) => lines.filter((line) => line.event === event).length,
    /** Whether the bot hears what is said there now. */
    async hears(slug: string): Promise<boolean> {
      const before = heard.length;
      sim.say(slug, 'mira_k', `line ${before}`);
      await settle();
      return heard.length > before;
    },
  };
}
