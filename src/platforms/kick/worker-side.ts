/** Kick in a worker: chat waits in the inbox, and is spoken to through the API. */
import type { WorkerDeps, WorkerSide } from '../platform.ts';
import { createKickApi } from './api/client.ts';
import { readLine } from './chat/stored-line.ts';
import { createLiveStatus } from './live-status.ts';
import { openReader } from './reader.ts';
import { createSender } from './sender.ts';
import { kickSettings } from './settings.ts';

export function openWorkerSide(deps: WorkerDeps): WorkerSide {
  const settings = kickSettings(deps.settings);
  const api = createKickApi(deps, settings);
  const reader = openReader(deps, settings, api);
  if (settings.KICK_SEND_CHAT_URL === null) {
    deps.log.warn('kick_chatbot.config', { warning: 'KICK_SEND_CHAT_URL is not set: the bot reads and cannot answer' });
  }
  return {
    reader,
    sender: createSender(deps, settings.KICK_SEND_CHAT_URL),
    liveStatus: createLiveStatus(deps, api),
    webhookInbox: { read: (channel, delivery) => readLine(channel, delivery, deps.isOwnAccount) },
    startedFields: { hasChatIngest: settings.KICK_CHAT_POLL_URL_TEMPLATE !== null },
    close: async () => reader.close(),
  };
}
