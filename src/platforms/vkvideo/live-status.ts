/** Asks VK which channels broadcast; what else it says about them reaches the reader and the sender (docs/contract/workers.md#live-status-per-platform). */
import type { ChannelId } from '../../lib/brand.ts';
import type { CommonDeps } from '../platform.ts';
import type { LiveFact, LiveStatus, ReadChannel } from '../worker-side.ts';
import { type Directory, factOf } from './directory.ts';

/** @param known the channel with the URL the reader found for it */
export function createLiveStatus(
  { clock, log }: Pick<CommonDeps, 'clock' | 'log'>,
  directory: Directory,
  known: (channel: ReadChannel) => ReadChannel,
): LiveStatus {
  let failedBefore = 0;
  return {
    async poll(channels) {
      const facts = new Map<ChannelId, LiveFact>();
      const startedMs = clock.monotonicMs();
      const failures = await directory.refresh(channels.map(known));
      for (const channel of channels) {
        const info = directory.get(known(channel));
        if (info && info.readAtMs >= startedMs) facts.set(channel.channelId, factOf(info, clock));
      }
      // One line for all, and none for what fails as it did before: dozens of questions, and one outage.
      if (failures.size > 0 && failures.size !== failedBefore) {
        const [error] = failures.values();
        log.warn('vkvideo_chatbot.live_poll_failed', { channels: failures.size, error });
      }
      failedBefore = failures.size;
      return facts;
    },
  };
}
