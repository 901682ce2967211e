/** Asks Twitch which channels broadcast, to heal what the webhooks missed. */
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import type { CommonDeps } from '../platform.ts';
import type { LiveFact, LiveStatus, ReadChannel } from '../worker-side.ts';
import type { Helix } from './helix/client.ts';
import { streamsAnswer } from './helix/helix.external.ts';

export interface LiveStatusDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  /** The channel's streamer broadcasts under this login. */
  readonly named: (channel: ReadChannel, login: PlatformChannelId) => void;
}

/** Most ids Twitch takes in one question. */
const BATCH = 100;

/**
 * A channel that is missing from one answer is not offline yet: pages miss items, and a stream shows up a little
 * after its start was announced (docs/platforms/twitch.md#read-endpoints, docs/platforms/twitch.md#pitfalls). Missing twice in a row is.
 */
export function createLiveStatus({ clock, log, named }: LiveStatusDeps, helix: Helix): LiveStatus {
  let missing: ReadonlyMap<string, Date> = new Map();

  return {
    async poll(channels) {
      const facts = new Map<ChannelId, LiveFact>();
      const stillMissing = new Map<string, Date>();
      const known = channels.filter(hasStableId);
      const failures: { channels: number; error: unknown }[] = [];
      for (let start = 0; start < known.length; start += BATCH) {
        const batch = known.slice(start, start + BATCH);
        const live = await askLive(helix, batch).catch((error: unknown) => {
          failures.push({ channels: batch.length, error });
          return null;
        });
        for (const channel of live === null ? [] : batch) {
          const { channelId, stableId } = channel;
          const stream = live?.get(stableId);
          const startedAt = stream?.startedAt;
          if (stream?.login) named(channel, stream.login as PlatformChannelId);
          const missingSince = missing.get(stableId);
          if (startedAt !== undefined) facts.set(channelId, { isLive: true, at: startedAt });
          else if (missingSince !== undefined) facts.set(channelId, { isLive: false, at: missingSince });
          if (startedAt === undefined) stillMissing.set(stableId, missingSince ?? clock.now());
        }
      }
      missing = stillMissing;
      // One line for all: thousands of channels make dozens of questions, and one outage.
      const unasked = failures.reduce((sum, { channels: count }) => sum + count, 0);
      if (unasked > 0) log.warn('chatbot.live_poll_failed', { channels: unasked, error: failures[0]?.error });
      return facts;
    },
  };
}

function hasStableId(channel: ReadChannel): channel is ReadChannel & { stableId: string } {
  return channel.stableId !== null;
}

interface Stream {
  readonly startedAt: Date;
  /** Lower-case; empty when Twitch left it out. */
  readonly login: string;
}

/** @returns the stream of each broadcasting channel */
async function askLive(helix: Helix, channels: readonly { stableId: string }[]): Promise<ReadonlyMap<string, Stream>> {
  const query = new URLSearchParams({ first: String(BATCH) });
  for (const { stableId } of channels) query.append('user_id', stableId);
  const { data } = streamsAnswer.parse(await helix.asApp({ path: `/streams?${query}` }));
  // `type` is empty when Twitch itself had an error about the stream.
  const live = data.filter(
    ({ type, started_at: startedAt }) => type === 'live' && !Number.isNaN(Date.parse(startedAt)),
  );
  return new Map(
    live.map(({ user_id: id, user_login: login, started_at: startedAt }) => [
      id,
      { startedAt: new Date(startedAt), login: login.toLowerCase() },
    ]),
  );
}
