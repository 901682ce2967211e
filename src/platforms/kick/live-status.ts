/** Asks Kick which channels broadcast: its notices of streams come late or not at all (docs/platforms/kick.md#ten-facts-that-decide-the-design, docs/platforms/kick.md#channels). */
import type { ChannelId } from '../../lib/brand.ts';
import type { CommonDeps } from '../platform.ts';
import type { LiveFact, LiveStatus, ReadChannel } from '../worker-side.ts';
import type { KickApi } from './api/client.ts';
import { channelsAnswer } from './api/kick.external.ts';

/** Most ids Kick takes in one question. */
const BATCH = 50;

/** Reads lag behind what happened: one answer of "offline" may be older than the stream, two in a row are not. */
export function createLiveStatus({ clock, log }: Pick<CommonDeps, 'clock' | 'log'>, api: KickApi): LiveStatus {
  let offline: ReadonlyMap<ChannelId, Date> = new Map();

  return {
    async poll(channels) {
      const facts = new Map<ChannelId, LiveFact>();
      const stillOffline = new Map<ChannelId, Date>();
      const failures: { channels: number; error: unknown }[] = [];
      for (let start = 0; start < channels.length; start += BATCH) {
        const batch = channels.slice(start, start + BATCH);
        const known = await ask(api, batch).catch((error: unknown) => {
          failures.push({ channels: batch.length, error });
          return null;
        });
        for (const { channelId, target } of batch) {
          const stream = known?.get(target);
          // A channel Kick does not know may be one whose id is wrong: that says nothing about a stream.
          if (stream === undefined) continue;
          const offlineSince = offline.get(channelId);
          if (stream.isLive) facts.set(channelId, { isLive: true, at: stream.startedAt ?? clock.now() });
          else {
            stillOffline.set(channelId, offlineSince ?? clock.now());
            if (offlineSince !== undefined) facts.set(channelId, { isLive: false, at: offlineSince });
          }
        }
      }
      offline = stillOffline;
      // One line for all: many channels make many questions, and one outage.
      const unasked = failures.reduce((sum, { channels: count }) => sum + count, 0);
      if (unasked > 0) log.warn('kick_chatbot.live_poll_failed', { channels: unasked, error: failures[0]?.error });
      return facts;
    },
  };
}

interface Stream {
  readonly isLive: boolean;
  /** Null for a stream without a start, and while there is none. */
  readonly startedAt: Date | null;
}

/** @throws PlatformRefused, PlatformUnreachable, and what no schema of ours describes */
async function ask(api: KickApi, channels: readonly ReadChannel[]): Promise<ReadonlyMap<string, Stream>> {
  const query = new URLSearchParams();
  for (const { target } of channels) query.append('broadcaster_user_id', target);
  const { data } = channelsAnswer.parse(await api.asApp({ path: `/channels?${query}` }));
  return new Map(
    data.map(({ broadcaster_user_id: id, stream }) => {
      const isLive = stream?.is_live === true;
      return [id, { isLive, startedAt: isLive ? readTime(stream?.start_time) : null }];
    }),
  );
}

/** @returns null also for the year 1, which Kick writes where there is no time (docs/platforms/kick.md#channels) */
export function readTime(text: string | null | undefined): Date | null {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 2000 ? null : date;
}
