/** Platforms whose tables exist and whose workers are not built yet: listed, switched off, never switched on. */
import type { ProviderId } from '../lib/brand.ts';
import { BadInput } from '../lib/errors.ts';
import { integer, variables } from '../lib/settings.ts';
import type { PlatformCapabilities, PlatformDescription } from './platform.ts';

interface Announcement {
  readonly id: string;
  readonly title: string;
  readonly logPrefix: string;
  readonly retiredSince?: string;
  /** Leading part of the five table names. */
  readonly tablePrefix: string;
  readonly targetColumn: string;
  readonly extraColumns?: readonly string[];
  readonly pageAliases?: readonly string[];
  readonly authorAccountColumn?: 'login';
  readonly needsOwner: boolean;
  /** Longest message, in UTF-16 units: the cautious reading where the platform names no unit. */
  readonly messageMax: number;
  readonly capabilities: PlatformCapabilities;
}

export const noRoles = {
  roles: [],
  hasPlatformRoleIds: false,
  hasFollowEvents: false,
  confirmsMessages: 'answer',
  readsBy: 'connection',
  deliversHistory: false,
  chatsOffline: 'reads_and_speaks',
} as const;

export function announce(platform: Announcement): PlatformDescription {
  const upper = platform.id.toUpperCase();
  const channelLimit = `${upper}_CHANNEL_SEND_PER_S`;
  const notConfigured = `${upper}_BOT_NOT_CONFIGURED`;
  return {
    id: platform.id as ProviderId,
    title: platform.title,
    logPrefix: platform.logPrefix,
    pageAliases: platform.pageAliases ?? [],
    ...(platform.retiredSince === undefined ? {} : { retiredSince: platform.retiredSince }),
    ...(platform.authorAccountColumn === undefined ? {} : { authorAccountColumn: platform.authorAccountColumn }),
    tables: {
      subscription: `${platform.tablePrefix}ChatBotSubscription`,
      outbox: `${platform.tablePrefix}ChatBotOutboxMessage`,
      override: `${platform.tablePrefix}BotIntegration`,
      defaultCredential: `Global${platform.tablePrefix}BotCredential`,
      targetColumn: platform.targetColumn,
      extraColumns: platform.extraColumns ?? [],
      needsOwner: platform.needsOwner,
    },
    variables: variables({
      [channelLimit]: integer({
        help: 'messages per second and channel, 0 is off',
        readBy: [platform.id],
        default: 1,
      }),
    }),
    errorCodes: {
      [notConfigured]: { status: 503, message: `No account can speak on ${platform.title}: no default bot is linked` },
    },
    capabilities: platform.capabilities,
    limits: (settings) => ({
      message: { max: platform.messageMax, unit: 'utf16' },
      sendWindows: [{ scope: 'channel', max: Number(settings[channelLimit]), periodMs: 1000, blocks: 'everyone' }],
    }),
    openApiSide: () => ({ resolveChannel: () => Promise.reject(new BadInput(notConfigured)) }),
  };
}
