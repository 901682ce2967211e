/** Where Kick's rows live. */
import type { PlatformTables } from '../platform.ts';

export const tables: PlatformTables = {
  subscription: 'KickChatBotSubscription',
  outbox: 'KickChatBotOutboxMessage',
  override: 'KickBotIntegration',
  defaultCredential: 'GlobalKickBotCredential',
  targetColumn: 'kickChannelId',
  extraColumns: [],
  needsOwner: true,
};
