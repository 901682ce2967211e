/** YouTube as the core sees it. */
import { announce, noRoles } from '../announced.ts';

export const youtube = announce({
  id: 'youtube',
  title: 'YouTube',
  logPrefix: 'youtube_chatbot.',
  tablePrefix: 'YouTube',
  targetColumn: 'youtubeChannelId',
  // The account's own id is that of the Google account; the channel id is stored beside it when it is linked.
  authorAccountColumn: 'login',
  needsOwner: true,
  messageMax: 200,
  capabilities: { ...noRoles, roles: ['moderator', 'subscriber'], deliversHistory: true, chatsOffline: 'neither' },
});
