/** Reads Kick's chats: makes sure that events are delivered to the webhook, and tells how each channel stands. */
import type { ChatReader, WorkerDeps } from '../worker-side.ts';
import type { KickApi } from './api/client.ts';
import { Keeper } from './events/keeper.ts';
import { Subscriptions } from './events/subscriptions.ts';
import { Poller } from './polling/poller.ts';
import type { KickSettings } from './settings.ts';

export interface KickReader extends ChatReader {
  close(): void;
}

export function openReader(deps: WorkerDeps, settings: KickSettings, api: KickApi): KickReader {
  const keeper = new Keeper({
    ...deps,
    subscriptions: new Subscriptions({ ...deps, api }),
    syncMs: settings.KICK_CHATBOT_SYNC_SECONDS * 1000,
    state: (channelId, state) => deps.events.state(channelId, state),
  });
  const { KICK_CHAT_POLL_URL_TEMPLATE: template, KICK_CHATBOT_INGEST_POLL_MS: periodMs } = settings;
  const poller = template === null ? null : new Poller({ ...deps, template, periodMs });
  return {
    setChannels(channels) {
      keeper.setChannels(channels);
      poller?.setChannels(channels);
    },
    look: ({ channelId }) => keeper.look(channelId),
    close() {
      keeper.close();
      poller?.close();
    },
  };
}
