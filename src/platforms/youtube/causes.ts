/** What can keep a bot of YouTube silent, in Google's words and ours (docs/platforms/youtube.md#errors). */
import type { CauseTable } from '../causes/cause.ts';

export const youtubeCauses = {
  'YouTube bot token is not configured': 'no_bot',
  'No active live chat': 'no_live_chat',
  chat_disabled: {
    verdict: 'broken',
    who: 'streamer',
    action: 'start_stream',
    rank: 55,
    en: ['The chat of the broadcast is switched off.', 'Switch the chat on in the settings of the broadcast.'],
    ru: ['У трансляции выключен чат.', 'Включите чат в настройках трансляции.'],
  },
  chat_forbidden: {
    verdict: 'broken',
    who: 'streamer',
    action: 'link_account',
    rank: 55,
    en: ['The linked account may not read this chat.', 'Link the account that broadcasts, or open the chat to it.'],
    ru: [
      'Привязанному аккаунту нельзя читать этот чат.',
      'Привяжите аккаунт, который ведёт трансляцию, или откройте чат.',
    ],
  },
  members_only: {
    verdict: 'broken',
    who: 'streamer',
    action: 'make_bot_moderator',
    rank: 54,
    en: [
      'Only members of the YouTube channel may write in the chat, and the bot is none.',
      'Make the bot a moderator of the channel, or switch the members-only mode of the chat off.',
    ],
    ru: [
      'В чат могут писать только спонсоры канала YouTube, а бот не спонсор.',
      'Сделайте бота модератором канала или выключите режим чата «только для спонсоров».',
    ],
  },
  echo_missing: {
    verdict: 'broken',
    who: 'streamer',
    action: 'make_bot_moderator',
    rank: 75,
    en: [
      'What the bot says does not show up in the chat: YouTube holds it back.',
      'Make the bot a moderator, and look at the blocked words and links of the channel.',
    ],
    ru: [
      'Сказанное ботом не появляется в чате: YouTube его придерживает.',
      'Сделайте бота модератором, проверьте запретные слова и ссылки канала.',
    ],
  },
  echo_unseen: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 76,
    en: [
      'The last message of the bot has not come back from YouTube, and nobody else has written since.',
      'The next line of the chat tells whether YouTube held the message back. Nobody has to act before.',
    ],
    ru: [
      'Последнее сообщение бота не вернулось от YouTube, и с тех пор в чате никто не писал.',
      'Следующая строка чата покажет, придержал ли YouTube сообщение. До неё ничего делать не нужно.',
    ],
  },
  quota_exhausted: {
    verdict: 'broken',
    who: 'operator',
    action: 'raise_quota',
    rank: 52,
    en: [
      'The daily units of the Google project are spent.',
      'They are renewed at midnight in Los Angeles. Ask Google for more units, or set YOUTUBE_DAILY_QUOTA_UNITS.',
    ],
    ru: [
      'Единицы проекта Google на сегодня кончились.',
      'Новые будут в полночь Лос-Анджелеса. Запросите у Google больше или задайте YOUTUBE_DAILY_QUOTA_UNITS.',
    ],
  },
  quotaExceeded: 'quota_exhausted',
  dailyLimitExceeded: 'quota_exhausted',
  quota_low: {
    verdict: 'broken',
    who: 'operator',
    action: 'raise_quota',
    rank: 92,
    en: [
      'Only {unitsLeft} of {unitsMax} daily units of the Google project are left.',
      'Chats are read more slowly and less is said. Ask Google for more units.',
    ],
    ru: [
      'Из {unitsMax} единиц проекта Google на сегодня осталось {unitsLeft}.',
      'Чаты читаются медленнее, говорится меньше. Запросите у Google больше единиц.',
    ],
  },
  channel_quota_spent: {
    verdict: 'waiting',
    who: 'operator',
    action: 'raise_quota',
    rank: 80,
    en: [
      'The channel has used its share of the daily units for messages.',
      'The message waits until the units are renewed; ask Google for more units.',
    ],
    ru: [
      'Канал израсходовал свою долю единиц на сообщения.',
      'Сообщение ждёт новых единиц; запросите у Google больше.',
    ],
  },
  live_check_failed: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['It could not be found out whether the channel broadcasts.', 'It is tried again by itself.'],
    ru: ['Не удалось узнать, идёт ли трансляция.', 'Попытка повторится сама.'],
  },
  live_check_pending: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['It is not known yet whether the channel broadcasts.', 'The first look takes a few seconds.'],
    ru: ['Ещё не известно, идёт ли трансляция.', 'Первая проверка займёт несколько секунд.'],
  },
  api_not_enabled: {
    verdict: 'broken',
    who: 'operator',
    action: 'raise_quota',
    rank: 15,
    en: ['The YouTube Data API is switched off in the Google project.', 'Switch it on in the Google Cloud console.'],
    ru: ['В проекте Google выключен YouTube Data API.', 'Включите его в консоли Google Cloud.'],
  },
  liveStreamingNotEnabled: {
    verdict: 'broken',
    who: 'streamer',
    action: 'none',
    rank: 34,
    en: ['The YouTube channel may not broadcast live.', 'Enable live streaming at YouTube.'],
    ru: ['Каналу YouTube нельзя вести трансляции.', 'Включите прямые трансляции на YouTube.'],
  },
} as const satisfies CauseTable;

declare module '../causes/cause.ts' {
  interface PlatformCauses {
    readonly youtube: keyof typeof youtubeCauses;
  }
}
