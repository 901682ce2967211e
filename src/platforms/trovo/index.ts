/** Trovo as the core sees it. */
import { announce, noRoles } from '../announced.ts';

export const trovo = announce({
  id: 'trovo',
  title: 'Trovo',
  logPrefix: 'trovo_chatbot.',
  retiredSince: '2026-06-30',
  tablePrefix: 'Trovo',
  targetColumn: 'trovoChannelId',
  needsOwner: true,
  messageMax: 500,
  capabilities: { ...noRoles, deliversHistory: true },
});
