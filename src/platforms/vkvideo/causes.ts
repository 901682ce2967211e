/** What can keep a bot of VK Video Live silent (docs/platforms/vkvideo.md#send-message). */
import type { CauseTable } from '../causes/cause.ts';

export const vkvideoCauses = {
  missing_sender_access_token: 'no_bot',
  vk_oauth_error: 'consent_refused',
  missing_channel_url: {
    verdict: 'broken',
    who: 'streamer',
    action: 'name_channel_url',
    rank: 40,
    en: [
      'The address of the channel at VK Video Live is not known.',
      'Switch the bot on again with the address of the channel, or link the account that has one channel.',
    ],
    ru: [
      'Не известен адрес канала на VK Video Live.',
      'Включите бота заново с адресом канала или привяжите аккаунт с одним каналом.',
    ],
  },
  missing_channel_context: 'missing_channel_url',
  channel_not_found: {
    verdict: 'broken',
    who: 'streamer',
    action: 'choose_channel',
    rank: 41,
    en: [
      'VK Video Live knows no channel of this name, or it belongs to somebody else now.',
      'Switch the bot on again under the new name, or link the account.',
    ],
    ru: [
      'VK Video Live не знает канала с таким именем, или теперь оно чужое.',
      'Включите бота заново под новым именем или привяжите аккаунт.',
    ],
  },
  'VKVIDEO_API_BASE_URL is not configured': 'api_address_missing',
  api_address_missing: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 8,
    en: ['VKVIDEO_API_BASE_URL is not set.', 'Set VKVIDEO_API_BASE_URL or VKVIDEO_USERINFO_URL.'],
    ru: ['Не задана VKVIDEO_API_BASE_URL.', 'Задайте VKVIDEO_API_BASE_URL или VKVIDEO_USERINFO_URL.'],
  },
  no_chat_ws_channels: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['VK Video Live names no chat of the channel.', 'It is asked again by itself.'],
    ru: ['VK Video Live не называет чат канала.', 'Запрос повторится сам.'],
  },
  deliveries_withheld: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 62,
    en: [
      'Messages are written in the chat that VK Video Live does not deliver to the bot.',
      'The bot connects again and checks the chat every few minutes by itself.',
    ],
    ru: [
      'В чат пишут сообщения, которые VK Video Live не доставляет боту.',
      'Бот подключится заново и сам проверяет чат каждые несколько минут.',
    ],
  },
  no_access: {
    verdict: 'broken',
    who: 'streamer',
    action: 'make_bot_moderator',
    rank: 55,
    en: ['The chat of the channel is restricted, and the bot may not read it.', 'Let the bot into the chat.'],
    ru: ['Чат канала ограничен, боту нельзя его читать.', 'Пустите бота в чат.'],
  },
  channel_info_failed: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['VK Video Live did not tell about the channel.', 'It is asked again by itself.'],
    ru: ['VK Video Live не ответил о канале.', 'Запрос повторится сам.'],
  },
  channel_fetch_failed: 'channel_info_failed',
  websocket_token_failed: {
    verdict: 'waiting',
    who: 'owner',
    action: 'link_default_bot',
    rank: 57,
    en: [
      'VK Video Live hands out no token for reading chats.',
      'It is asked for again by itself. If this stays, link the default bot again.',
    ],
    ru: [
      'VK Video Live не выдаёт токен для чтения чатов.',
      'Запрос повторится сам. Если это не проходит, привяжите общего бота заново.',
    ],
  },
  subscription_refused: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['VK Video Live refused the subscription to the chat.', 'It is tried again by itself.'],
    ru: ['VK Video Live отказал в подписке на чат.', 'Попытка повторится сама.'],
  },
  no_active_stream: 'no_live_chat',
  send_too_fast: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 80,
    en: ['The chat is in slow mode.', 'The message goes out in a few seconds.'],
    ru: ['В чате медленный режим.', 'Сообщение уйдёт через несколько секунд.'],
  },
  same_message: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 80,
    en: ['The same text was said a moment ago.', 'The message goes out when the chat takes it again.'],
    ru: ['Тот же текст только что прозвучал.', 'Сообщение уйдёт, когда чат примет его снова.'],
  },
} as const satisfies CauseTable;

declare module '../causes/cause.ts' {
  interface PlatformCauses {
    readonly vkvideo: keyof typeof vkvideoCauses;
  }
}
