/** Where Trovo's rows live. */
import type { PlatformTables } from '../platform.ts';

export const tables: PlatformTables = {
  subscription: 'TrovoChatBotSubscription',
  outbox: 'TrovoChatBotOutboxMessage',
  override: 'TrovoBotIntegration',
  defaultCredential: 'GlobalTrovoBotCredential',
  targetColumn: 'trovoChannelId',
  extraColumns: [],
  needsOwner: true,
};
