/** Kick in a worker: chat waits in the inbox, and is spoken to through the API. */
import { PlatformRefused } from '../../lib/errors.ts';
import type { CredentialSource } from '../account-side.ts';
import { asDefaultBot, BOTS_ALONE } from '../bot-names.ts';
import type { NameDirectory, WorkerDeps, WorkerSide } from '../worker-side.ts';
import { createKickApi, type KickApi } from './api/client.ts';
import { findUsers } from './api/users.ts';
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
    deps.log.warn('kick_chatbot.config', {
      warning: 'KICK_SEND_CHAT_URL is not set, so the bot reads the chat and cannot answer',
    });
  }
  return {
    reader,
    sender: createSender(deps, settings.KICK_SEND_CHAT_URL),
    liveStatus: createLiveStatus(deps, api),
    names: botNames(deps.credentials, api),
    webhookInbox: { read: (channel, delivery) => readLine(channel, delivery, deps.isOwnAccount) },
    startedFields: { hasChatIngest: settings.KICK_CHAT_POLL_URL_TEMPLATE !== null },
    close: async () => reader.close(),
  };
}

/** Where the application's own token is not taken, the default bot's is. Channels are read by their id. */
function botNames(credentials: CredentialSource, api: KickApi): NameDirectory {
  return {
    ...BOTS_ALONE,
    // As many as Kick takes ids of channels: it names no number for users.
    idsPerQuestion: 50,
    async namesOf(ids) {
      const users = await findUsers((call) => api.asApp(call), ids).catch((error: unknown) => {
        if (!(error instanceof PlatformRefused)) throw error;
        return asDefaultBot(credentials, (accessToken) => findUsers((call) => api.asUser(accessToken, call), ids));
      });
      return new Map((users ?? []).map(({ id, login, name }) => [id, { login, displayName: name }]));
    },
  };
}
