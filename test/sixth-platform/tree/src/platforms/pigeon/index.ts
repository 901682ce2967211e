/** Pigeon, a chat platform that does not exist: what a sixth platform has to bring, and no more. */
import type { PlatformChannelId, ProviderId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Platform } from '../platform.ts';
import { pigeonCauses } from './causes.ts';
import { createOAuth } from './oauth.ts';
import { pigeonSettings, pigeonVariables } from './settings.ts';
import { openWorkerSide } from './worker-side.ts';

export const pigeon: Platform = {
  id: 'pigeon' as ProviderId,
  title: 'Pigeon',
  logPrefix: 'pigeon_chatbot.',
  tables: {
    subscription: 'PigeonChatBotSubscription',
    outbox: 'PigeonChatBotOutboxMessage',
    override: 'PigeonBotIntegration',
    defaultCredential: 'GlobalPigeonBotCredential',
    targetColumn: 'pigeonLoft',
    extraColumns: [],
    needsOwner: false,
  },
  variables: pigeonVariables,
  errorCodes: {
    PIGEON_BOT_NOT_CONFIGURED: { status: 503, message: 'No account can speak on Pigeon: no default bot is linked' },
  },
  causes: pigeonCauses,
  capabilities: {
    roles: ['moderator'],
    hasPlatformRoleIds: false,
    hasFollowEvents: false,
    confirmsMessages: 'answer',
    readsBy: 'connection',
    deliversHistory: false,
    chatsOffline: 'reads_and_speaks',
  },
  limits: (values) => ({
    message: { max: 140, unit: 'codePoint' },
    sendWindows: [
      {
        scope: 'channel',
        max: pigeonSettings(values).PIGEON_CHANNEL_SEND_PER_S,
        periodMs: 1000,
        blocks: 'everyone',
      },
    ],
  }),
  timers: () => ({ syncMs: 30_000, outboxPollMs: 1000, commandsRefreshMs: 30_000, livePollMs: 60_000 }),
  noSenderReason: 'no_default_client',
  oauth: createOAuth,
  openWorkerSide,
  openApiSide: () => ({
    async resolveChannel({ body, hasSender }) {
      if (!(await hasSender())) throw new BadInput('PIGEON_BOT_NOT_CONFIGURED');
      return { target: String(body.pigeonLoft ?? '') as PlatformChannelId, extra: {}, warnings: [] };
    },
  }),
};
