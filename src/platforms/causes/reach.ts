/** Causes of the ways between processes, platforms and the public: ports, relays, webhooks, and what a live look is answered. */
import type { CauseTable } from './cause.ts';

export const reachCauses = {
  port_taken: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 8,
    en: ['Another program listens on port {port}.', 'Stop that program or set another port.'],
    ru: ['Порт {port} занят другой программой.', 'Остановите её или задайте другой порт.'],
  },
  relay_unreachable: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 91,
    en: [
      'Chatters do not reach the API at {url}, so the credits stay empty.',
      'Correct CHATBOT_BACKEND_BASE_URLS, INTERNAL_RELAY_SECRET or the network between the two.',
    ],
    ru: [
      'Участники чата не доходят до API по адресу {url}, титры остаются пустыми.',
      'Исправьте CHATBOT_BACKEND_BASE_URLS, INTERNAL_RELAY_SECRET или сеть между ними.',
    ],
  },
  api_reachable: {
    verdict: 'ok',
    who: null,
    action: 'none',
    rank: 101,
    en: ['The API answers at {url}.', ''],
    ru: ['API отвечает по адресу {url}.', ''],
  },
  api_silent_about_itself: {
    verdict: 'unknown',
    who: 'operator',
    action: 'none',
    rank: 95,
    en: [
      'The API at {url} does not tell how it is. It is of an older version, or has another INTERNAL_RELAY_SECRET.',
      'Update the API, or give it the same INTERNAL_RELAY_SECRET.',
    ],
    ru: [
      'API по адресу {url} не сообщает о себе: у него старая версия или другой INTERNAL_RELAY_SECRET.',
      'Обновите API или задайте ему тот же INTERNAL_RELAY_SECRET.',
    ],
  },
  webhook_address_right: {
    verdict: 'ok',
    who: null,
    action: 'none',
    rank: 102,
    en: ['{platform} can deliver to {url}.', ''],
    ru: ['{platform} может доставлять на {url}.', ''],
  },
  webhook_address_wrong: {
    verdict: 'broken',
    who: 'operator',
    action: 'fix_webhook_address',
    rank: 15,
    en: [
      '{platform} cannot deliver to the webhook address {url}.',
      'Set DOMAIN to the public host, and name this address in the application of {platform}.',
    ],
    ru: [
      '{platform} не может доставлять на адрес вебхука {url}.',
      'Задайте публичный хост в DOMAIN и укажите этот адрес в приложении {platform}.',
    ],
  },
  webhook_signature_refused: {
    verdict: 'broken',
    who: 'operator',
    action: 'fix_webhook_address',
    rank: 16,
    en: [
      'Deliveries of {platform} arrive with a signature that does not fit ({reason}).',
      'Let the proxy pass bodies and headers unchanged, and check the secret or key of the webhook and the clock.',
    ],
    ru: [
      'Доставки {platform} приходят с неверной подписью ({reason}).',
      'Прокси не должен менять тело и заголовки; проверьте секрет или ключ вебхука и часы.',
    ],
  },
  webhook_key_unavailable: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 17,
    en: ['The key that {platform} signs deliveries with cannot be fetched.', 'It is asked for again by itself.'],
    ru: ['Не удаётся получить ключ, которым {platform} подписывает доставки.', 'Запрос повторится сам.'],
  },
  public_address_unreachable: {
    verdict: 'broken',
    who: 'operator',
    action: 'set_variable',
    rank: 18,
    en: ['The API does not answer at its public address {url}.', 'Correct DOMAIN, the proxy or the certificate.'],
    ru: ['API не отвечает по публичному адресу {url}.', 'Исправьте DOMAIN, прокси или сертификат.'],
  },
  public_address_reachable: {
    verdict: 'ok',
    who: null,
    action: 'none',
    rank: 102,
    en: ['The API answers at its public address {url}.', ''],
    ru: ['API отвечает по публичному адресу {url}.', ''],
  },
  platform_reachable: {
    verdict: 'ok',
    who: null,
    action: 'none',
    rank: 103,
    en: ['{platform} can be reached from here.', ''],
    ru: ['{platform} отсюда доступна.', ''],
  },
  live_answer_right: {
    verdict: 'ok',
    who: null,
    action: 'none',
    rank: 104,
    en: ['{platform} answers the stored token of {login} as expected. Asking cost {units} units of quota.', ''],
    ru: ['{platform} отвечает на сохранённый токен {login} как ожидалось. Вопрос стоил единиц квоты: {units}.', ''],
  },
  live_answer_differs: {
    verdict: 'broken',
    who: 'operator',
    action: 'none',
    rank: 96,
    en: [
      '{platform} answers otherwise than this program relies on: {detail}.',
      'Look for a newer version of this program, and check the application at {platform}.',
    ],
    ru: [
      '{platform} отвечает не так, как рассчитывает программа: {detail}.',
      'Поищите новую версию программы и проверьте приложение на {platform}.',
    ],
  },
  look_failed: {
    verdict: 'unknown',
    who: 'operator',
    action: 'none',
    rank: 97,
    en: ['The doctor could not finish one of its looks: {detail}.', 'Try again; if this stays, report it.'],
    ru: ['Доктор не смог закончить одну из проверок: {detail}.', 'Повторите; если не проходит, сообщите об этом.'],
  },
  platform_unreachable: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 19,
    en: ['{platform} does not answer.', 'It is tried again by itself; messages wait for ten minutes.'],
    ru: ['{platform} не отвечает.', 'Попытки повторяются сами; сообщения ждут десять минут.'],
  },
  subscription_gone: {
    verdict: 'waiting',
    who: 'operator',
    action: 'fix_webhook_address',
    rank: 62,
    en: [
      '{platform} delivers the event {event} no more.',
      'It is subscribed to again by itself; if this stays, check the webhook address in the application of {platform}.',
    ],
    ru: [
      '{platform} больше не доставляет событие {event}.',
      'Подписка обновится сама; если нет, проверьте адрес вебхука в приложении {platform}.',
    ],
  },
} as const satisfies CauseTable;
