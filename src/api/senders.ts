/** How answers name a bot's account, and the account that speaks (docs/contract/http-api.md#show-the-custom-sender, docs/contract/http-api.md#default-bot). */
import { z } from 'zod';
import { type BotAccount, SENDER_REASONS } from '../accounts/senders-stored.ts';
import { isoTime } from './fields.ts';

export const effectiveSender = z
  .object({
    kind: z.enum(['override', 'default', 'legacy', 'none']),
    login: z.string().nullable(),
    displayName: z.string().nullable(),
    reason: z.enum(SENDER_REASONS),
  })
  .describe('the account that speaks, and why it is this one');

export const botAccount = z
  .object({
    login: z.string().nullable(),
    displayName: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    state: z.enum(['ok', 'relink', 'unreadable']).describe('`relink`: it has to be linked again'),
    reason: z.string().nullable(),
    grantEndsAt: isoTime.nullable().describe('when it will have to be linked again, where the platform tells'),
  })
  .nullable();

export function botAccountAnswer(account: BotAccount | null) {
  return account && { ...account, grantEndsAt: account.grantEndsAt?.toISOString() ?? null };
}
