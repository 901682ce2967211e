/** VK Video Live as the core sees it. */
import { announce, noRoles } from '../announced.ts';

export const vkvideo = announce({
  id: 'vkvideo',
  title: 'VK Video Live',
  logPrefix: 'vkvideo_chatbot.',
  tablePrefix: 'VkVideo',
  targetColumn: 'vkvideoChannelId',
  extraColumns: ['vkvideoChannelUrl'],
  pageAliases: ['vk'],
  needsOwner: false,
  messageMax: 500,
  capabilities: { ...noRoles, roles: ['moderator'], hasPlatformRoleIds: true, chatsOffline: 'reads' },
});
