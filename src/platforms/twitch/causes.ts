/** What can keep a bot of Twitch silent, in Twitch's codes and ours (docs/platforms/twitch.md#send-chat-message). */
import type { CauseTable } from '../causes/cause.ts';

const REFUSED = { verdict: 'broken', who: 'streamer', action: 'none', rank: 81 } as const;

export const twitchCauses = {
  no_default_client: 'no_bot',
  join_limit: {
    verdict: 'broken',
    who: 'streamer',
    action: 'make_bot_moderator',
    rank: 55,
    en: [
      'The bot is in 100 channels without being a moderator, and Twitch lets it read no more.',
      'Make the bot a moderator of the channel: /mod and its name.',
    ],
    ru: [
      'Бот читает 100 каналов, где он не модератор, больше Twitch не разрешает.',
      'Сделайте бота модератором канала: /mod и его имя.',
    ],
  },
  join_unconfirmed: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: [
      'Twitch does not answer when the bot enters the chat.',
      'The name of the channel is looked up; it tries again.',
    ],
    ru: ['Twitch не отвечает, когда бот входит в чат.', 'Имя канала уточняется, попытка повторится.'],
  },
  invalid_login: {
    verdict: 'broken',
    who: 'streamer',
    action: 'choose_channel',
    rank: 41,
    en: ['The name of the channel is no Twitch login.', 'Switch the bot on again, or link the Twitch account.'],
    ru: ['Имя канала не похоже на логин Twitch.', 'Включите бота заново или привяжите аккаунт Twitch.'],
  },
  parted: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 60,
    en: ['Twitch took the bot out of the chat.', 'The bot enters again by itself and learns why.'],
    ru: ['Twitch вывел бота из чата.', 'Бот войдёт снова сам и узнает причину.'],
  },
  not_configured: {
    verdict: 'off',
    who: 'operator',
    action: 'set_variable',
    rank: 95,
    en: [
      'Twitch delivers no events, because no public host is set up. The chat works without them.',
      'Set DOMAIN, and the bot greets followers and hears at once that a stream begins.',
    ],
    ru: [
      'Twitch не доставляет события: публичный хост не задан. Чат работает и без них.',
      'Задайте DOMAIN, и бот будет приветствовать подписавшихся и сразу узнавать о начале эфира.',
    ],
  },
  webhook_callback_verification_failed: {
    verdict: 'broken',
    who: 'operator',
    action: 'fix_webhook_address',
    rank: 62,
    en: [
      'Twitch got no answer at the webhook address, so it does not deliver the event {event}.',
      'Make the address reachable from the internet over HTTPS on port 443. It is tried again every ten minutes.',
    ],
    ru: [
      'Twitch не получил ответа по адресу вебхука и не доставляет событие {event}.',
      'Сделайте адрес доступным из интернета по HTTPS на порту 443. Попытка повторяется каждые десять минут.',
    ],
  },
  permission_missing: {
    verdict: 'broken',
    who: 'streamer',
    action: 'link_account',
    rank: 63,
    en: [
      'The Twitch account of the channel does not allow the event {event}.',
      'Link the Twitch account again and allow everything.',
    ],
    ru: [
      'Аккаунт Twitch этого канала не разрешает событие {event}.',
      'Привяжите аккаунт Twitch заново и разрешите всё.',
    ],
  },
  quota: {
    verdict: 'broken',
    who: 'operator',
    action: 'raise_quota',
    rank: 62,
    en: [
      'The Twitch application has no event subscription left for {event}.',
      'Let streamers sign in with Twitch: events of channels that did cost nothing. Or switch bots off.',
    ],
    ru: [
      'У приложения Twitch не осталось подписок для события {event}.',
      'Пусть стримеры войдут через Twitch: подписки их каналов ничего не стоят. Или выключите ботов.',
    ],
  },
  application_refused: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 61,
    en: ['Twitch refuses the application itself.', 'Correct TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET.'],
    ru: ['Twitch не принимает само приложение.', 'Исправьте TWITCH_CLIENT_ID и TWITCH_CLIENT_SECRET.'],
  },
  missing_channel_id: {
    verdict: 'broken',
    who: 'streamer',
    action: 'link_account',
    rank: 42,
    en: ['The Twitch id of the channel is not known.', 'Sign in with the Twitch account of the channel.'],
    ru: ['Не известен Twitch id канала.', 'Войдите аккаунтом Twitch этого канала.'],
  },
  not_joined: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 80,
    en: ['The bot is not in the chat yet.', 'The message goes out once it has entered.'],
    ru: ['Бот ещё не в чате.', 'Сообщение уйдёт, когда он войдёт.'],
  },
  send_in_flight: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 80,
    en: ['The message before it has not been answered yet.', 'This takes a few seconds.'],
    ru: ['Twitch ещё не ответил на предыдущее сообщение.', 'Это займёт несколько секунд.'],
  },
  dropped: {
    ...REFUSED,
    en: ['Twitch dropped the message without a reason.', 'Send another text.'],
    ru: ['Twitch отбросил сообщение без причины.', 'Отправьте другой текст.'],
  },
  msg_ratelimit: 'rate_limited',
  msg_slowmode: {
    verdict: 'waiting',
    who: 'streamer',
    action: 'make_bot_moderator',
    rank: 80,
    en: ['The chat is in slow mode.', 'The message goes out later; a moderator does not have to wait.'],
    ru: ['В чате медленный режим.', 'Сообщение уйдёт позже; модератору ждать не нужно.'],
  },
  msg_duplicate: {
    ...REFUSED,
    action: 'make_bot_moderator',
    en: ['Twitch takes no text twice within 30 seconds.', 'Make the bot a moderator, or send another text.'],
    ru: [
      'Twitch не принимает один текст дважды за 30 секунд.',
      'Сделайте бота модератором или отправьте другой текст.',
    ],
  },
  msg_timedout: {
    ...REFUSED,
    action: 'unban_bot',
    en: ['The bot is timed out in this chat.', 'Wait for the end of the timeout, or lift it: /untimeout and its name.'],
    ru: ['Бот временно отстранён в этом чате.', 'Дождитесь конца или снимите отстранение: /untimeout и его имя.'],
  },
  user_timed_out: 'msg_timedout',
  msg_banned: 'banned',
  channel_settings: 'msg_channel_settings',
  msg_channel_settings: {
    ...REFUSED,
    action: 'make_bot_moderator',
    en: ['The rules of the chat do not let the bot write.', 'Make the bot a moderator, or ease the rules.'],
    ru: ['Правила чата не дают боту писать.', 'Сделайте бота модератором или смягчите правила.'],
  },
  msg_followersonly: 'msg_channel_settings',
  msg_followersonly_followed: 'msg_channel_settings',
  msg_followersonly_zero: 'msg_channel_settings',
  msg_subsonly: 'msg_channel_settings',
  msg_emoteonly: 'msg_channel_settings',
  msg_verified_email: 'msg_channel_settings',
  msg_requires_verified_phone_number: 'msg_channel_settings',
  msg_rejected: {
    ...REFUSED,
    en: ['AutoMod held the text back.', 'A moderator can allow it in the AutoMod queue; or send another text.'],
    ru: ['AutoMod задержал текст.', 'Модератор может разрешить его в очереди AutoMod; или отправьте другой текст.'],
  },
  automod_held: 'msg_rejected',
  msg_rejected_mandatory: {
    ...REFUSED,
    en: [
      'The text contains something that the channel has blocked.',
      'Send another text, or look at the blocked terms.',
    ],
    ru: ['В тексте есть то, что запрещено на канале.', 'Отправьте другой текст или проверьте список запретных слов.'],
  },
  msg_bad_characters: {
    ...REFUSED,
    en: ['Twitch refused characters of the text.', 'Send another text.'],
    ru: ['Twitch не принял символы в тексте.', 'Отправьте другой текст.'],
  },
  msg_r9k: {
    ...REFUSED,
    action: 'make_bot_moderator',
    en: ['The chat takes no text twice.', 'Make the bot a moderator, or send another text.'],
    ru: ['В чате запрещены повторы.', 'Сделайте бота модератором или отправьте другой текст.'],
  },
  unrecognized_cmd: {
    ...REFUSED,
    en: [
      'Twitch read the text as a command that it does not know.',
      'Send a text that does not begin with / or a dot.',
    ],
    ru: ['Twitch принял текст за незнакомую команду.', 'Отправьте текст, который не начинается с / или точки.'],
  },
  msg_channel_blocked: 'banned',
  msg_suspended: 'suspended',
  msg_channel_suspended: 'suspended',
  tos_ban: 'suspended',
} as const satisfies CauseTable;

declare module '../causes/cause.ts' {
  interface PlatformCauses {
    readonly twitch: keyof typeof twitchCauses;
  }
}
