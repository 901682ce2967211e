/** Asks Twitch which channels broadcast, to heal what the webhooks missed. */
import type { ChannelId } from '../../lib/brand.ts';
import type { CommonDeps, LiveFact, LiveStatus, ReadChannel } from '../platform.ts';
import type { Helix } from './helix/client.ts';
import { streamsAnswer } from './helix/helix.external.ts';

/** Most ids Twitch takes in one question. */
const BATCH = 100;

/**
 * A channel that is missing from one answer is not offline yet: pages miss items, and a stream shows up a little
 * after its start was announced (sheet §2.3, §5). Missing twice in a row is.
 */
export function createLiveStatus({ clock, log }: Pick<CommonDeps, 'clock' | 'log'>, helix: Helix): LiveStatus {
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
        for (const { channelId, stableId } of live === null ? [] : batch) {
          const startedAt = live?.get(stableId);
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

/** @returns when the stream of each broadcasting channel began */
async function askLive(helix: Helix, channels: readonly { stableId: string }[]): Promise<ReadonlyMap<string, Date>> {
  const query = new URLSearchParams({ first: String(BATCH) });
  for (const { stableId } of channels) query.append('user_id', stableId);
  const { data } = streamsAnswer.parse(await helix.asApp({ path: `/streams?${query}` }));
  // `type` is empty when Twitch itself had an error about the stream.
  const live = data.filter(
    ({ type, started_at: startedAt }) => type === 'live' && !Number.isNaN(Date.parse(startedAt)),
  );
  return new Map(live.map((stream) => [stream.user_id, new Date(stream.started_at)]));
}
