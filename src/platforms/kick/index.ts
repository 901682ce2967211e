/** Kick as the core sees it. */
import type { Platform, PlatformLimits, PlatformSettings, WorkerTimers } from '../platform.ts';
import { noBotAccount } from '../words.ts';
import { openApiSide } from './api-side.ts';
import { kickCauses } from './causes.ts';
import { KICK } from './chat/stored-line.ts';
import { createOAuth } from './oauth.ts';
import { probe } from './probe.ts';
import { kickSettings, kickVariables } from './settings.ts';
import { tables } from './tables.ts';
import { deliveryAddress } from './webhook/address.ts';
import { openWorkerSide } from './worker-side.ts';

export const kick: Platform = {
  id: KICK,
  title: 'Kick',
  logPrefix: 'kick_chatbot.',
  tables,
  linkFailures: { namesProvider: true },
  variables: kickVariables,
  errorCodes: {
    KICK_NOT_LINKED: { status: 400, message: 'No Kick account is linked' },
    KICK_SCOPE_MISSING_EVENTS_SUBSCRIBE: {
      status: 400,
      message: 'The linked Kick account lacks the scope events:subscribe',
      cause: 'owner_scope_missing',
    },
    KICK_ACCESS_TOKEN_MISSING: { status: 401, message: 'The Kick account must be linked again' },
    KICK_SUBSCRIPTION_CREATE_FAILED: { status: 502, message: 'Kick does not deliver the chat of this channel' },
    KICK_BOT_NOT_CONFIGURED: { status: 503, message: noBotAccount('Kick') },
    KICK_PUBLIC_KEY_UNAVAILABLE: {
      status: 503,
      message: 'The signing key of Kick cannot be fetched. Try again later.',
    },
  },
  causes: kickCauses,
  capabilities: {
    roles: ['vip', 'moderator', 'subscriber'],
    hasPlatformRoleIds: false,
    hasFollowEvents: false,
    confirmsMessages: 'answer',
    readsBy: 'webhook',
    deliversHistory: false,
    chatsOffline: 'reads_and_speaks',
  },
  limits,
  timers,
  noSenderReason: 'Kick bot token is not configured',
  killSwitch: (values) => ({ isOff: !kickSettings(values).KICK_CHAT_BOT_ENABLED, event: 'disabled_by_env' }),
  oauth: createOAuth,
  openWorkerSide,
  probe,
  webhook: deliveryAddress,
  openApiSide,
};

/** Kick's notices of streams are late or missing (docs/platforms/kick.md#ten-facts-that-decide-the-design): the poll heals them. */
const LIVE_POLL_MS = 60_000;

/** What Kick counts is not known; UTF-16 units never let a longer text through (docs/platforms/kick.md#send-chat). */
function limits(values: PlatformSettings): PlatformLimits {
  const { KICK_CHANNEL_SEND_PER_S: max } = kickSettings(values);
  return {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [{ scope: 'channel', max, periodMs: 1000, blocks: 'everyone' }],
  };
}

function timers(values: PlatformSettings): WorkerTimers {
  const settings = kickSettings(values);
  return {
    syncMs: settings.KICK_CHATBOT_SYNC_SECONDS * 1000,
    outboxPollMs: settings.KICK_CHATBOT_OUTBOX_POLL_MS,
    commandsRefreshMs: settings.KICK_CHATBOT_COMMANDS_REFRESH_SECONDS * 1000,
    livePollMs: LIVE_POLL_MS,
  };
}
