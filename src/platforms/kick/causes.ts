/** What can keep a bot of Kick silent (docs/platforms/kick.md#event-subscriptions). */
import type { CauseTable } from '../causes/cause.ts';

export const kickCauses = {
  'Kick bot token is not configured': 'no_bot',
  reconnect_required: {
    verdict: 'broken',
    who: 'streamer',
    action: 'link_account',
    rank: 32,
    en: ['Kick refuses to deliver the chat of this channel.', 'Link the account again and allow everything.'],
    ru: ['Kick отказывается доставлять чат этого канала.', 'Привяжите аккаунт заново и разрешите всё.'],
  },
  subscription_limit: {
    verdict: 'broken',
    who: 'operator',
    action: 'raise_quota',
    rank: 57,
    en: [
      'The Kick application has no event subscription left.',
      'Have the application verified by Kick, or switch bots off.',
    ],
    ru: ['У приложения Kick не осталось подписок на события.', 'Подтвердите приложение в Kick или выключите ботов.'],
  },
  'event subscription limit reached': 'subscription_limit',
  not_listed: {
    verdict: 'waiting',
    who: 'operator',
    action: 'fix_webhook_address',
    rank: 62,
    en: [
      'Kick does not list the subscription to the chat.',
      'It is asked for again after ten minutes. If this stays, check that webhooks are switched on in the Kick application.',
    ],
    ru: [
      'Kick не показывает подписку на чат.',
      'Запрос повторится через десять минут. Если не проходит, проверьте, включены ли вебхуки в приложении Kick.',
    ],
  },
  not_subscribed: 'not_listed',
  'livestream.status.updated': {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 76,
    en: ['The chat is read; Kick does not deliver events of the stream.', 'The stream is looked at once a minute.'],
    ru: ['Чат читается; событий трансляции Kick не доставляет.', 'Трансляция проверяется раз в минуту.'],
  },
  not_sent: {
    verdict: 'broken',
    who: 'streamer',
    action: 'make_bot_moderator',
    rank: 81,
    en: ['Kick took the message and did not put it into the chat.', 'Make the bot a moderator, or send another text.'],
    ru: ['Kick принял сообщение и не показал его в чате.', 'Сделайте бота модератором или отправьте другой текст.'],
  },
  'KICK_SEND_CHAT_URL is not configured': 'send_address_missing',
  send_address_missing: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 8,
    en: ['KICK_SEND_CHAT_URL is not set, so the bot reads and cannot answer.', 'Set KICK_SEND_CHAT_URL.'],
    ru: ['Не задана KICK_SEND_CHAT_URL: бот читает и не может отвечать.', 'Задайте KICK_SEND_CHAT_URL.'],
  },
} as const satisfies CauseTable;

declare module '../causes/cause.ts' {
  interface PlatformCauses {
    readonly kick: keyof typeof kickCauses;
  }
}
