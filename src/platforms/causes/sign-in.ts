/** Causes of a sign-in or a link that came to nothing (docs/contract/http-api.md#callback-outcomes). */
import type { CauseTable } from './cause.ts';

const AGAIN = { verdict: 'broken', who: 'streamer', action: 'none', rank: 35 } as const;
const OPERATOR = { verdict: 'broken', who: 'operator', action: 'set_variable', rank: 34 } as const;

export const signInCauses = {
  no_code: {
    ...AGAIN,
    en: ['The platform sent no code back.', 'Begin again.'],
    ru: ['Платформа не вернула код.', 'Начните заново.'],
  },
  state_not_found: {
    ...AGAIN,
    en: ['This attempt is not known, or it was begun in another browser.', 'Begin again in this browser.'],
    ru: ['Такой попытки нет, или она начата в другом браузере.', 'Начните заново в этом браузере.'],
  },
  state_already_used: {
    ...AGAIN,
    en: ['This attempt was used already.', 'Begin again.'],
    ru: ['Эта попытка уже использована.', 'Начните заново.'],
  },
  state_expired: {
    ...AGAIN,
    en: ['This attempt is older than ten minutes.', 'Begin again.'],
    ru: ['Этой попытке больше десяти минут.', 'Начните заново.'],
  },
  invalid_state_kind: {
    ...AGAIN,
    en: ['This attempt is of a kind that this version does not know.', 'Begin again.'],
    ru: ['Эта версия не знает попыток такого вида.', 'Начните заново.'],
  },
  login_not_supported: {
    ...AGAIN,
    en: ['This platform cannot be used to sign in.', 'Sign in with another platform, then link this one.'],
    ru: ['Войти через эту платформу нельзя.', 'Войдите через другую и привяжите эту.'],
  },
  provider_not_supported: {
    ...AGAIN,
    en: ['Accounts of that platform cannot be linked here.', 'Choose another platform.'],
    ru: ['Аккаунты этой платформы здесь не привязать.', 'Выберите другую платформу.'],
  },
  missing_oauth_env: {
    ...OPERATOR,
    en: ['Variables that this platform needs for signing in are not set.', 'Set the variables of the platform.'],
    ru: ['Не заданы переменные, нужные платформе для входа.', 'Задайте переменные платформы.'],
  },
  missing_link_user: {
    ...AGAIN,
    en: ['The link does not say whose account it is for.', 'Begin again.'],
    ru: ['Не указано, кому привязывается аккаунт.', 'Начните заново.'],
  },
  login_required: {
    ...AGAIN,
    en: ['Nobody is signed in.', 'Sign in, then link the account again.'],
    ru: ['Никто не вошёл.', 'Войдите и привяжите аккаунт снова.'],
  },
  link_user_mismatch: {
    ...AGAIN,
    en: [
      'The person who is signed in is not the one who began to link.',
      'Sign in as the same person and begin again.',
    ],
    ru: ['Вошёл не тот, кто начал привязку.', 'Войдите тем же человеком и начните заново.'],
  },
  no_token: {
    ...AGAIN,
    en: ['The platform did not accept the consent.', 'Begin again.'],
    ru: ['Платформа не приняла согласие.', 'Начните заново.'],
  },
  no_user: {
    ...AGAIN,
    en: ['The platform did not tell whose account it is.', 'Begin again.'],
    ru: ['Платформа не сказала, чей это аккаунт.', 'Начните заново.'],
  },
  account_already_linked: {
    ...AGAIN,
    en: ['That account belongs to another user.', 'Use another account, or unlink it there first.'],
    ru: ['Этот аккаунт принадлежит другому пользователю.', 'Возьмите другой или сначала отвяжите его там.'],
  },
  user_not_found: {
    ...AGAIN,
    en: ['The user who began does not exist any more.', 'Sign in again.'],
    ru: ['Пользователя, который начал, больше нет.', 'Войдите снова.'],
  },
  forbidden: {
    ...AGAIN,
    en: ['This person may not link a bot there.', 'Ask an owner.'],
    ru: ['Этому человеку нельзя привязывать туда бота.', 'Обратитесь к владельцу.'],
  },
  subscription_required: {
    verdict: 'broken',
    who: 'owner',
    action: 'contact_owner',
    rank: 35,
    en: ['The channel has no right to a bot of its own.', 'Ask an owner of this installation for it.'],
    ru: ['У канала нет права на собственного бота.', 'Попросите его у владельца этой установки.'],
  },
  bot_account_in_use: {
    ...AGAIN,
    en: ['That account is the bot of another channel.', 'Use another account.'],
    ru: ['Этот аккаунт — бот другого канала.', 'Возьмите другой аккаунт.'],
  },
  consent_refused: {
    ...AGAIN,
    en: ['The consent was not given.', 'Begin again and allow what is asked for.'],
    ru: ['Согласие не дано.', 'Начните заново и разрешите всё, о чём просят.'],
  },
  exception: {
    verdict: 'waiting',
    who: null,
    action: 'wait',
    rank: 35,
    en: ['The platform did not answer, or something unexpected happened.', 'Try again in a minute.'],
    ru: ['Платформа не ответила или случилось непредвиденное.', 'Повторите через минуту.'],
  },
} as const satisfies CauseTable;
