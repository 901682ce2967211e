/** Trovo in a worker: one socket per chat reads, REST speaks. */
import { nameOfDefaultBot } from '../bot-names.ts';
import type { ChatReader, WorkerDeps, WorkerSide } from '../worker-side.ts';
import { JoinGate } from './chat/join-gate.ts';
import { Oddities } from './chat/oddities.ts';
import { openReader, type TrovoReader } from './chat/reader.ts';
import { createLiveStatus } from './live-status.ts';
import { createOAuth } from './oauth.ts';
import { createRest } from './rest/client.ts';
import { createSender } from './sender.ts';
import { trovoSettings, trovoUrls } from './settings.ts';

export function openWorkerSide(deps: WorkerDeps): WorkerSide {
  const settings = trovoSettings(deps.settings);
  const urls = trovoUrls(settings);
  const rest = createRest(deps, settings);
  const liveStatus = createLiveStatus({
    ...deps,
    rest,
    url: urls.channel,
    isLive: (channelId) => reader.isLive(channelId),
  });
  const oddities = new Oddities(deps.log);
  const reader: TrovoReader = openReader({
    ...deps,
    rest,
    url: urls.chatToken,
    socketUrl: settings.TROVO_CHAT_WS_URL,
    oddities,
    gate: new JoinGate({ ...deps, joinsPer10s: settings.TROVO_JOINS_PER_10S }),
    userActionRetryMs: settings.TROVO_CHATBOT_SYNC_SECONDS * 1000,
    joined: ({ channelId }) => liveStatus.ask(channelId),
  });
  return {
    reader: settings.TROVO_CLIENT_ID === null ? withoutApplication(deps) : reader,
    sender: createSender({ ...deps, rest, settings, url: urls.send, isPrivileged: reader.isPrivileged }),
    // `getusers` finds accounts by the very name that changes.
    ...(settings.TROVO_CLIENT_ID === null
      ? {}
      : { liveStatus, names: nameOfDefaultBot(deps.credentials, createOAuth(deps).identify) }),
    details: () => ({ oddities: oddities.counts() }),
    close: () => reader.close(),
  };
}

/** Every call carries the application's id: without it there is nothing to try. */
function withoutApplication({ log, events }: WorkerDeps): ChatReader {
  let isTold = false;
  return {
    setChannels(channels) {
      for (const { channelId } of channels) {
        events.state(channelId, { kind: 'needs_user_action', reason: 'TROVO_CLIENT_ID is not configured' });
      }
      if (channels.length > 0 && !isTold) log.error('trovo_chatbot.missing_env', { key: 'TROVO_CLIENT_ID' });
      isTold ||= channels.length > 0;
    },
  };
}
