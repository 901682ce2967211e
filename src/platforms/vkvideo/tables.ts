/** Where VK Video Live's rows live. */
import type { PlatformTables } from '../platform.ts';

export const tables: PlatformTables = {
  subscription: 'VkVideoChatBotSubscription',
  outbox: 'VkVideoChatBotOutboxMessage',
  override: 'VkVideoBotIntegration',
  defaultCredential: 'GlobalVkVideoBotCredential',
  targetColumn: 'vkvideoChannelId',
  extraColumns: ['vkvideoChannelUrl', 'vkvideoStableId'],
  needsOwner: false,
};
