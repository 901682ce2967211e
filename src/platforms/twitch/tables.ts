/** Where Twitch's rows live. */
import type { PlatformTables } from '../platform.ts';

export const tables: PlatformTables = {
  subscription: 'ChatBotSubscription',
  outbox: 'ChatBotOutboxMessage',
  override: 'TwitchBotIntegration',
  defaultCredential: 'GlobalTwitchBotCredential',
  targetColumn: 'twitchLogin',
  extraColumns: [],
  needsOwner: false,
};
