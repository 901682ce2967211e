/** How answers name a bot's account, and the account that speaks (docs/contract/http-api.md#show-the-custom-sender, docs/contract/http-api.md#default-bot). */
import { z } from 'zod';
import type { BotAccount } from '../accounts/account-state.ts';
import { SENDER_REASONS } from '../accounts/senders-stored.ts';
import { isoTime } from './fields.ts';

export const effectiveSender = z
  .object({
    kind: z
      .enum(['override', 'default', 'legacy', 'none'])
      .describe(
        '`override`: the custom bot of the channel. `default`: the default bot. `legacy`: the account that environment variables name. `none`: no account can speak.',
      ),
    login: z.string().nullable(),
    displayName: z.string().nullable(),
    reason: z
      .enum(SENDER_REASONS)
      .describe('Why this account speaks, or what keeps the custom bot or the default bot from speaking.'),
  })
  .describe('The account that speaks in the chat.');

export const botAccount = z
  .object({
    login: z.string().nullable(),
    displayName: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    state: z
      .enum(['ok', 'relink', 'unreadable'])
      .describe(
        '`relink`: the account must be linked again. `unreadable`: this instance lacks the key that decrypts its tokens.',
      ),
    reason: z.string().nullable().describe('Code of what is wrong with the account, or null.'),
    grantEndsAt: isoTime
      .nullable()
      .describe('When the account must be linked again. Null when the platform does not say.'),
  })
  .nullable()
  .describe('The linked account of the bot, or null when no bot is linked.');

export function botAccountAnswer(account: BotAccount | null) {
  return account && { ...account, grantEndsAt: account.grantEndsAt?.toISOString() ?? null };
}
