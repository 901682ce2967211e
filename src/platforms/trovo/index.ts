/** Trovo as the core sees it. */
import type { ProviderId } from '../../lib/brand.ts';
import type { Platform, PlatformLimits, PlatformSettings, WorkerTimers } from '../platform.ts';
import { noBotAccount } from '../words.ts';
import { openApiSide } from './api-side.ts';
import { trovoCauses } from './causes.ts';
import { createOAuth } from './oauth.ts';
import { probe } from './probe.ts';
import { trovoSettings, trovoVariables } from './settings.ts';
import { tables } from './tables.ts';
import { openWorkerSide } from './worker-side.ts';

export const trovo: Platform = {
  id: 'trovo' as ProviderId,
  title: 'Trovo',
  logPrefix: 'trovo_chatbot.',
  retiredSince: '2026-06-30',
  tables,
  linkFailures: { namesProvider: true },
  variables: trovoVariables,
  errorCodes: {
    TROVO_NOT_LINKED: { status: 400, message: 'No Trovo account is linked', cause: 'owner_not_linked' },
    TROVO_BOT_NOT_CONFIGURED: { status: 503, message: noBotAccount('Trovo') },
  },
  causes: trovoCauses,
  capabilities: {
    roles: [],
    hasPlatformRoleIds: false,
    hasFollowEvents: false,
    confirmsMessages: 'answer',
    readsBy: 'connection',
    deliversHistory: true,
    chatsOffline: 'reads_and_speaks',
  },
  limits,
  timers,
  killSwitch: (values) => ({ isOff: !trovoSettings(values).TROVO_CHAT_BOT_ENABLED, event: 'disabled_by_env' }),
  noSenderReason: 'Trovo bot token is not configured',
  oauth: createOAuth,
  openWorkerSide,
  probe,
  openApiSide,
};

/** Chat tells of streams at once; the poll only heals what was missed. */
const LIVE_POLL_MS = 60_000;
/** A little more than the second the platform counts: messages may be faster on the way than those before them. */
const SECOND_MS = 1_100;

/** The longest message is not documented; clients split at 500, in no named unit (docs/platforms/trovo.md#send). */
function limits(values: PlatformSettings): PlatformLimits {
  const settings = trovoSettings(values);
  return {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [
      // Over the whole platform, for everybody but streamers, moderators and admins (docs/platforms/trovo.md#errors-and-limits, 10908).
      { scope: 'sender', max: settings.TROVO_SEND_PER_S, periodMs: SECOND_MS, blocks: 'unprivileged' },
      { scope: 'channel', max: settings.TROVO_CHANNEL_SEND_PER_S, periodMs: SECOND_MS, blocks: 'everyone' },
    ],
    joinsPer10s: settings.TROVO_JOINS_PER_10S,
  };
}

function timers(values: PlatformSettings): WorkerTimers {
  const settings = trovoSettings(values);
  return {
    syncMs: settings.TROVO_CHATBOT_SYNC_SECONDS * 1000,
    outboxPollMs: settings.TROVO_CHATBOT_OUTBOX_POLL_MS,
    commandsRefreshMs: settings.TROVO_CHATBOT_COMMANDS_REFRESH_SECONDS * 1000,
    livePollMs: LIVE_POLL_MS,
  };
}
