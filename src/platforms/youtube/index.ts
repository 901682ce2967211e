/** YouTube as the core sees it. */
import type { ProviderId } from '../../lib/brand.ts';
import type { LegacySender } from '../account-side.ts';
import type { CommonDeps, Platform, PlatformLimits, PlatformSettings, WorkerTimers } from '../platform.ts';
import { noBotAccount } from '../words.ts';
import { openApiSide } from './api-side.ts';
import { youtubeCauses } from './causes.ts';
import { createOAuth } from './google/oauth.ts';
import { probe } from './probe.ts';
import { youtubeSettings, youtubeVariables } from './settings.ts';
import { tables } from './tables.ts';
import { openWorkerSide } from './worker-side.ts';

export const youtube: Platform = {
  id: 'youtube' as ProviderId,
  title: 'YouTube',
  logPrefix: 'youtube_chatbot.',
  tables,
  // The account's own id is that of the Google account; the channel id is stored beside it when it is linked.
  authorAccountColumn: 'login',
  variables: youtubeVariables,
  errorCodes: {
    YOUTUBE_ENABLE_FAILED: {
      status: 400,
      message: 'The YouTube channel of the linked account could not be determined',
    },
    YOUTUBE_CHANNEL_REQUIRED: { status: 409, message: 'The linked Google account has no YouTube channel' },
    YOUTUBE_RELINK_REQUIRED: {
      status: 412,
      message: 'The YouTube account must be linked again',
      cause: 'owner_scope_missing',
    },
    YOUTUBE_BOT_NOT_CONFIGURED: { status: 503, message: noBotAccount('YouTube') },
    YOUTUBE_API_NOT_CONFIGURED: {
      status: 503,
      message: 'The YouTube Data API is not enabled in the Google project of this instance',
    },
    YOUTUBE_API_QUOTA: {
      status: 503,
      message: 'The daily YouTube quota of this instance is used up. Try again tomorrow.',
    },
  },
  causes: youtubeCauses,
  capabilities: {
    roles: ['moderator', 'subscriber'],
    hasPlatformRoleIds: false,
    hasFollowEvents: false,
    confirmsMessages: 'answer',
    readsBy: 'connection',
    deliversHistory: true,
    chatsOffline: 'neither',
  },
  limits,
  timers,
  noSenderReason: 'YouTube bot token is not configured',
  oauth: createOAuth,
  legacySender: findLegacySender,
  openWorkerSide,
  probe,
  openApiSide,
};

/** The live checks know first; this only heals what could not be stored then. */
const LIVE_POLL_MS = 60_000;

/** 200 of which unit is written nowhere; UTF-16 units never let a longer text through (docs/platforms/youtube.md#insert-delete-transition). */
function limits(values: PlatformSettings): PlatformLimits {
  const { YOUTUBE_CHANNEL_SEND_PER_S: max } = youtubeSettings(values);
  return {
    message: { max: 200, unit: 'utf16' },
    sendWindows: [{ scope: 'channel', max, periodMs: 1000, blocks: 'everyone' }],
  };
}

function timers(values: PlatformSettings): WorkerTimers {
  const settings = youtubeSettings(values);
  return {
    syncMs: settings.YOUTUBE_CHATBOT_SYNC_SECONDS * 1000,
    outboxPollMs: settings.YOUTUBE_CHATBOT_OUTBOX_POLL_MS,
    commandsRefreshMs: settings.YOUTUBE_CHATBOT_COMMANDS_REFRESH_SECONDS * 1000,
    livePollMs: LIVE_POLL_MS,
  };
}

type Tokens = Pick<LegacySender, 'accessToken' | 'expiresAt'>;

/** The environment has no place for access tokens: they live as long as the process that was given these settings. */
const knownTokens = new WeakMap<object, Tokens & { readonly refreshToken: string }>();

/**
 * The sender an old installation names by YOUTUBE_BOT_REFRESH_TOKEN (docs/contract/workers.md#resolution-order).
 *
 * @returns null when the environment names nobody
 */
async function findLegacySender({ settings }: CommonDeps): Promise<LegacySender | null> {
  const refreshToken = youtubeSettings(settings).YOUTUBE_BOT_REFRESH_TOKEN;
  if (refreshToken === null) return null;
  const last = knownTokens.get(settings);
  const { accessToken, expiresAt } =
    last?.refreshToken === refreshToken ? last : { accessToken: null, expiresAt: null };
  return {
    accountId: null,
    platformUserId: null,
    login: null,
    accessToken,
    refreshToken,
    expiresAt,
    async save(tokens) {
      knownTokens.set(settings, { accessToken: tokens.accessToken, expiresAt: tokens.expiresAt, refreshToken });
    },
  };
}
