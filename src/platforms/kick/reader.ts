/** Reads Kick's chats: makes sure events are delivered to the webhook, and tells how each channel stands. */
import type { ChannelId } from '../../lib/brand.ts';
import type { ChatReader, ReadChannel, ReaderState, WorkerDeps } from '../platform.ts';
import type { KickApi } from './api/client.ts';
import { Keeper } from './events/keeper.ts';
import { Subscriptions } from './events/subscriptions.ts';
import { Poller } from './polling/poller.ts';
import type { KickSettings } from './settings.ts';
import { SpeakerWatch } from './speaker-watch.ts';

export interface KickReader extends ChatReader {
  close(): void;
}

export const NO_SENDER = 'Kick bot token is not configured';

export function openReader(deps: WorkerDeps, settings: KickSettings, api: KickApi): KickReader {
  const { events } = deps;
  let channels: readonly ReadChannel[] = [];
  const reading = new Map<ChannelId, ReaderState>();
  // A bot that reads and cannot speak is of no use: that comes first.
  const tell = (channelId: ChannelId) => {
    const state = reading.get(channelId);
    if (state === undefined) return;
    events.state(channelId, speaker.isThere ? state : { kind: 'needs_user_action', reason: NO_SENDER });
  };
  const speaker = new SpeakerWatch({
    ...deps,
    changed: (isThere) => {
      for (const { channelId } of channels) {
        tell(channelId);
        if (isThere) events.sendable(channelId);
      }
    },
  });
  const keeper = new Keeper({
    ...deps,
    subscriptions: new Subscriptions({ ...deps, api }),
    syncMs: settings.KICK_CHATBOT_SYNC_SECONDS * 1000,
    state: (channelId, state) => {
      reading.set(channelId, state);
      tell(channelId);
    },
  });
  const { KICK_CHAT_POLL_URL_TEMPLATE: template, KICK_CHATBOT_INGEST_POLL_MS: periodMs } = settings;
  const poller = template === null ? null : new Poller({ ...deps, template, periodMs });

  return {
    setChannels(given) {
      channels = given;
      const held = new Set(given.map(({ channelId }) => channelId));
      for (const channelId of reading.keys()) if (!held.has(channelId)) reading.delete(channelId);
      if (given.length > 0) speaker.start();
      keeper.setChannels(given);
      poller?.setChannels(given);
    },
    close() {
      speaker.close();
      keeper.close();
      poller?.close();
    },
  };
}
