/** VK Video Live as the core sees it. */
import type { ProviderId } from '../../lib/brand.ts';
import type { Platform, PlatformLimits, PlatformSettings, WorkerTimers } from '../platform.ts';
import { noBotAccount } from '../words.ts';
import { openApiSide } from './api-side.ts';
import { vkvideoCauses } from './causes.ts';
import { createOAuth } from './oauth.ts';
import { probe } from './probe.ts';
import { vkvideoSettings, vkvideoVariables } from './settings.ts';
import { tables } from './tables.ts';
import { openWorkerSide } from './worker-side.ts';

export const vkvideo: Platform = {
  id: 'vkvideo' as ProviderId,
  title: 'VK Video Live',
  logPrefix: 'vkvideo_chatbot.',
  pageAliases: ['vk'],
  tables,
  linkFailures: { deniedReason: 'vk_oauth_error' },
  variables: vkvideoVariables,
  errorCodes: {
    VKVIDEO_BOT_NOT_CONFIGURED: {
      status: 503,
      message: noBotAccount('VK Video Live'),
    },
    VKVIDEO_NOT_LINKED: { status: 400, message: 'No VK Video Live account is linked, or it must be linked again' },
    VKVIDEO_CURRENT_USER_FAILED: {
      status: 400,
      message: 'VK Video Live did not list the channels of the linked account. Try again, or link the account again.',
    },
  },
  causes: vkvideoCauses,
  capabilities: {
    roles: ['moderator'],
    hasPlatformRoleIds: true,
    hasFollowEvents: false,
    confirmsMessages: 'answer',
    readsBy: 'connection',
    deliversHistory: false,
    chatsOffline: 'reads',
  },
  limits,
  timers,
  noSenderReason: 'missing_sender_access_token',
  // A word that is no switch value has no meaning yet: the start is refused by its name, and nothing is switched off.
  killSwitch: (values) => ({ isOff: vkvideoSettings(values).VKVIDEO_CHAT_BOT_ENABLED === false, event: 'disabled' }),
  oauth: createOAuth,
  openWorkerSide,
  probe,
  openApiSide,
};

/** VK names no longest message; 500 is what independent clients keep to, in the cautious unit (docs/platforms/vkvideo.md#send-message). */
function limits(values: PlatformSettings): PlatformLimits {
  const { VKVIDEO_CHANNEL_SEND_PER_S: perSecond } = vkvideoSettings(values);
  return {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [{ scope: 'channel', max: perSecond, periodMs: 1000, blocks: 'everyone' }],
  };
}

function timers(values: PlatformSettings): WorkerTimers {
  const settings = vkvideoSettings(values);
  const syncMs = settings.VKVIDEO_CHATBOT_SYNC_SECONDS * 1000;
  return {
    syncMs,
    outboxPollMs: settings.VKVIDEO_CHATBOT_OUTBOX_POLL_MS,
    commandsRefreshMs: settings.VKVIDEO_CHATBOT_COMMANDS_REFRESH_SECONDS * 1000,
    // No event tells reliably of a stream's begin and end (docs/platforms/vkvideo.md#decisions-in-short).
    livePollMs: syncMs,
  };
}
