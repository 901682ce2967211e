/** Twitch as the core sees it. */
import type { ProviderId } from '../../lib/brand.ts';
import type { Platform, PlatformLimits, PlatformSettings, WorkerTimers } from '../platform.ts';
import { noBotAccount } from '../words.ts';
import { deliveryAddress, openApiSide } from './api-side.ts';
import { twitchCauses } from './causes.ts';
import { findLegacySender } from './legacy-sender.ts';
import { createOAuth } from './oauth.ts';
import { probe } from './probe.ts';
import { twitchSettings, twitchVariables } from './settings.ts';
import { tables } from './tables.ts';
import { openWorkerSide } from './worker-side.ts';

export const twitch: Platform = {
  id: 'twitch' as ProviderId,
  title: 'Twitch',
  logPrefix: 'chatbot.',
  tables,
  userColumns: { id: 'twitchUserId', accessToken: 'twitchAccessToken', refreshToken: 'twitchRefreshToken' },
  channelIdColumn: 'twitchChannelId',
  variables: twitchVariables,
  errorCodes: {
    TWITCH_CHANNEL_NOT_LINKED: { status: 400, message: 'The channel has no linked Twitch account' },
    TWITCH_BOT_NOT_CONFIGURED: { status: 503, message: noBotAccount('Twitch') },
  },
  causes: twitchCauses,
  capabilities: {
    roles: ['vip', 'moderator', 'subscriber'],
    hasPlatformRoleIds: false,
    hasFollowEvents: true,
    confirmsMessages: 'answer',
    readsBy: 'connection',
    deliversHistory: false,
    chatsOffline: 'reads_and_speaks',
  },
  limits,
  timers,
  noSenderReason: 'no_default_client',
  oauth: createOAuth,
  legacySender: findLegacySender,
  openWorkerSide,
  probe,
  webhook: deliveryAddress,
  openApiSide,
};

/** Live state comes by webhook; the poll only heals what was missed. */
const LIVE_POLL_MS = 60_000;

/** Twitch counts characters in no documented unit; UTF-16 units never let a longer text through (docs/platforms/twitch.md#size-limits). */
function limits(values: PlatformSettings): PlatformLimits {
  const settings = twitchSettings(values);
  return {
    message: { max: 500, unit: 'utf16' },
    // A message where the bot is moderator fills the small window too, but does not wait for it (docs/platforms/twitch.md#rate-limits).
    sendWindows: [
      { scope: 'sender', max: settings.TWITCH_SEND_PER_30S, periodMs: 30_000, blocks: 'unprivileged' },
      { scope: 'sender', max: settings.TWITCH_SEND_PRIVILEGED_PER_30S, periodMs: 30_000, blocks: 'everyone' },
      { scope: 'channel', max: settings.TWITCH_CHANNEL_SEND_PER_S, periodMs: 1000, blocks: 'unprivileged' },
    ],
    joinsPer10s: settings.TWITCH_JOINS_PER_10S,
  };
}

function timers(values: PlatformSettings): WorkerTimers {
  const settings = twitchSettings(values);
  return {
    syncMs: settings.CHATBOT_SYNC_SECONDS * 1000,
    outboxPollMs: settings.CHATBOT_OUTBOX_POLL_MS,
    commandsRefreshMs: settings.CHATBOT_COMMANDS_REFRESH_SECONDS * 1000,
    livePollMs: LIVE_POLL_MS,
  };
}
