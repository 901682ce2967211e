/** What can keep a bot of Trovo silent (docs/platforms/trovo.md#errors-and-limits). */
import type { CauseTable } from '../causes/cause.ts';

export const trovoCauses = {
  'Trovo bot token is not configured': 'no_bot',
  owner_login_refused: 'owner_relink_required',
  missing_scope_chat_connect: 'owner_scope_missing',
  other_channel: 'owner_channel_mismatch',
  'TROVO_CLIENT_ID is not configured': 'client_id_missing',
  client_id_missing: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 8,
    en: ['TROVO_CLIENT_ID is not set.', 'Set TROVO_CLIENT_ID.'],
    ru: ['Не задана TROVO_CLIENT_ID.', 'Задайте TROVO_CLIENT_ID.'],
  },
  client_refused: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 15,
    en: ['Trovo does not accept the application.', 'Correct TROVO_CLIENT_ID and TROVO_CLIENT_SECRET.'],
    ru: ['Trovo не принимает приложение.', 'Исправьте TROVO_CLIENT_ID и TROVO_CLIENT_SECRET.'],
  },
  chat_token_refused: {
    verdict: 'broken',
    who: 'streamer',
    action: 'link_account',
    rank: 36,
    en: ['Trovo refuses to open this chat for good.', 'Link the account of the channel again.'],
    ru: ['Trovo окончательно отказывается открыть этот чат.', 'Привяжите аккаунт канала заново.'],
  },
  chat_token_failed: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['Trovo hands out no token for the chat.', 'It is asked for again by itself.'],
    ru: ['Trovo не выдаёт токен для чата.', 'Запрос повторится сам.'],
  },
  chat_token_unreadable: 'chat_token_failed',
  auth_rejected: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['Trovo did not accept the token for the chat.', 'Another token is asked for by itself.'],
    ru: ['Trovo не принял токен для чата.', 'Запросится другой токен.'],
  },
} as const satisfies CauseTable;

declare module '../causes/cause.ts' {
  interface PlatformCauses {
    readonly trovo: keyof typeof trovoCauses;
  }
}
