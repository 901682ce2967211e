/** Kick as the core sees it. */
import { announce, noRoles } from '../announced.ts';

export const kick = announce({
  id: 'kick',
  title: 'Kick',
  logPrefix: 'kick_chatbot.',
  tablePrefix: 'Kick',
  targetColumn: 'kickChannelId',
  needsOwner: true,
  messageMax: 500,
  capabilities: { ...noRoles, roles: ['vip', 'moderator', 'subscriber'], readsBy: 'webhook' },
});
