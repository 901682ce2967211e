/** Causes of messages: why one waits, and why one was not said. */
import type { CauseTable } from './cause.ts';

export const messageCauses = {
  nothing_waits: {
    verdict: 'ok',
    who: null,
    action: 'none',
    rank: 107,
    en: ['No message waits.', ''],
    ru: ['Ни одно сообщение не ждёт.', ''],
  },
  message_waits: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 80,
    en: ['The message waits for its turn.', 'It goes out by itself.'],
    ru: ['Сообщение ждёт своей очереди.', 'Оно уйдёт само.'],
  },
  send_limit: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 80,
    en: [
      'The message waits until {until}, because {platform} limits how fast a bot may speak.',
      'It goes out by itself.',
    ],
    ru: ['Сообщение ждёт до {until}: {platform} ограничивает, как часто бот может говорить.', 'Оно уйдёт само.'],
  },
  expired: {
    verdict: 'broken',
    who: null,
    action: 'none',
    rank: 82,
    en: ['The message could not be said in time.', 'Send it again once the bot can speak.'],
    ru: ['Сообщение не удалось сказать вовремя.', 'Отправьте его снова, когда бот сможет говорить.'],
  },
  interrupted: {
    verdict: 'broken',
    who: null,
    action: 'none',
    rank: 82,
    en: ['The worker died while the message was on its way; it may have been said.', 'Look into the chat.'],
    ru: ['Воркер умер, пока сообщение было в пути; возможно, оно прозвучало.', 'Посмотрите в чат.'],
  },
  unconfirmed: {
    verdict: 'broken',
    who: null,
    action: 'none',
    rank: 82,
    en: ['{platform} did not say what became of the message; it may have been said.', 'Look into the chat.'],
    ru: ['{platform} не сказала, что стало с сообщением; возможно, оно прозвучало.', 'Посмотрите в чат.'],
  },
  empty_message: {
    verdict: 'broken',
    who: 'streamer',
    action: 'none',
    rank: 82,
    en: [
      'Nothing visible is left of the text without control characters and a leading / or dot.',
      'Send another text.',
    ],
    ru: [
      'Без управляющих символов и начальных / и точки от текста не остаётся ничего видимого.',
      'Отправьте другой текст.',
    ],
  },
  message_refused: {
    verdict: 'broken',
    who: 'streamer',
    action: 'none',
    rank: 81,
    en: ['{platform} refused the message: {detail}.', 'Send another text, or ease the rules of the chat.'],
    ru: ['{platform} не приняла сообщение: {detail}.', 'Отправьте другой текст или смягчите правила чата.'],
  },
} as const satisfies CauseTable;
