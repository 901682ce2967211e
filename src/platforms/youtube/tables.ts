/** Where YouTube's rows live. */
import type { PlatformTables } from '../platform.ts';

export const tables: PlatformTables = {
  subscription: 'YouTubeChatBotSubscription',
  outbox: 'YouTubeChatBotOutboxMessage',
  override: 'YouTubeBotIntegration',
  defaultCredential: 'GlobalYouTubeBotCredential',
  targetColumn: 'youtubeChannelId',
  extraColumns: [],
  needsOwner: true,
};
