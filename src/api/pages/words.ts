/** The words of the pages for people, in the languages there are. */
import type { CallbackRefusal } from '../../accounts/linking/callback.ts';
import type { Language } from '../../platforms/causes/cause.ts';

type Words = Readonly<Record<Language, string>>;

export const WORDS = {
  title: { en: 'MemAlerts Bots', ru: 'MemAlerts Bots' },
  what: {
    en: 'Chat bots for streamers: they read the chat, answer commands, greet, and collect the credits of a stream.',
    ru: 'Чат-боты для стримеров: читают чат, отвечают на команды, приветствуют и собирают титры стрима.',
  },
  isWell: { en: 'This installation works.', ru: 'Установка работает.' },
  isIll: { en: 'This installation does not work right now.', ru: 'Установка сейчас не работает.' },
  signIn: { en: 'Sign in with', ru: 'Войти через' },
  cannotSignIn: {
    en: 'Nobody can sign in yet: the operator has not set up the application of any platform.',
    ru: 'Войти пока нельзя: оператор не настроил приложение ни одной платформы.',
  },
  signedInAs: { en: 'You are signed in as', ru: 'Вы вошли как' },
  channel: { en: 'Your channel', ru: 'Ваш канал' },
  next: { en: 'What comes next', ru: 'Что дальше' },
  noChannel: {
    en: 'You have no channel here yet. The operator of this installation gives you one with this command:',
    ru: 'У вас здесь ещё нет канала. Его даёт оператор установки такой командой:',
  },
  firstOwner: {
    en: 'If this installation is yours, make yourself its owner with this command:',
    ru: 'Если установка ваша, сделайте себя её владельцем такой командой:',
  },
  linkDefaultBot: {
    en: 'Link the account that the bot speaks with, once for each platform. Consent there as the bot:',
    ru: 'Привяжите аккаунт, от имени которого говорит бот, по одному на платформу. Согласие дайте от имени бота:',
  },
  linkAccount: {
    en: 'Link your accounts on the platforms where the bot should be:',
    ru: 'Привяжите свои аккаунты на платформах, где нужен бот:',
  },
  switchOn: {
    en: 'Switch the bot on for a platform. There is no panel yet; a request does it:',
    ru: 'Включите бота на платформе. Панели пока нет, это делается запросом:',
  },
  tryIt: { en: 'It can be sent from the page of all requests:', ru: 'Его можно отправить со страницы всех запросов:' },
  failed: { en: 'That did not work.', ru: 'Не получилось.' },
  reason: { en: 'Reason', ru: 'Причина' },
} as const satisfies Readonly<Record<string, Words>>;

/** Codes of `/readyz`; one that is not here is shown as it is. */
export const TROUBLES: Readonly<Record<string, Words>> = {
  database_unavailable: { en: 'Its database cannot be used.', ru: 'База данных недоступна.' },
  schema_missing: {
    en: 'Its database lacks tables. The operator runs: pnpm memalerts migrate',
    ru: 'В базе нет таблиц. Оператору нужно выполнить: pnpm memalerts migrate',
  },
  cannot_write: { en: 'Its database takes no writes.', ru: 'База данных не принимает запись.' },
  transaction_pooler: {
    en: 'Its database is behind a pooler in transaction mode.',
    ru: 'База данных за пулером в режиме транзакций.',
  },
};

const STALE: Words = {
  en: 'This attempt took longer than ten minutes, began in another browser, or was used already. Start again.',
  ru: 'Попытка длилась больше десяти минут, началась в другом браузере или уже использована. Начните заново.',
};
const DENIED: Words = {
  en: 'The platform was not given the consent it asked for. Nothing was changed. Start again if that was a mistake.',
  ru: 'Платформа не получила согласия. Ничего не изменилось. Если это ошибка, начните заново.',
};
const NOT_SET_UP: Words = {
  en: 'This platform is not set up here. The operator has to set the variables of its application.',
  ru: 'Эта платформа здесь не настроена. Оператору нужно задать переменные её приложения.',
};
const SIGN_IN_FIRST: Words = {
  en: 'You are not signed in any more, or as somebody else than at the start. Sign in and start again.',
  ru: 'Вы больше не вошли или вошли не тем, кто начинал. Войдите и начните заново.',
};
const NO_ANSWER: Words = {
  en: 'The platform did not answer as it should. Nothing was changed. Try again in a minute.',
  ru: 'Платформа ответила не так, как должна. Ничего не изменилось. Попробуйте через минуту.',
};

type OtherReason =
  | 'access_denied'
  | 'state_not_found'
  | 'state_already_used'
  | 'state_expired'
  | 'invalid_state_kind'
  | 'no_code'
  | 'exception'
  | 'no_client_id'
  | 'no_callback_url'
  | 'unsupported_provider';

/** Reasons in the address that a sign-in or a link ends at (docs/contract/http-api.md#callback-outcomes). */
export const FAILURES: Readonly<Record<CallbackRefusal | OtherReason, Words>> = {
  access_denied: DENIED,
  state_not_found: STALE,
  state_already_used: STALE,
  state_expired: STALE,
  invalid_state_kind: STALE,
  no_code: NO_ANSWER,
  no_token: NO_ANSWER,
  no_user: NO_ANSWER,
  exception: NO_ANSWER,
  login_not_supported: NOT_SET_UP,
  provider_not_supported: NOT_SET_UP,
  unsupported_provider: NOT_SET_UP,
  missing_oauth_env: NOT_SET_UP,
  no_client_id: NOT_SET_UP,
  no_callback_url: NOT_SET_UP,
  missing_link_user: SIGN_IN_FIRST,
  login_required: SIGN_IN_FIRST,
  link_user_mismatch: SIGN_IN_FIRST,
  user_not_found: SIGN_IN_FIRST,
  account_already_linked: {
    en: 'This account belongs to another user here. Unlink it there first, or sign in with it.',
    ru: 'Этот аккаунт принадлежит здесь другому пользователю. Сначала отвяжите его там или войдите через него.',
  },
  forbidden: {
    en: 'You may not link a bot here. Ask an owner of this installation.',
    ru: 'Вам нельзя привязывать здесь бота. Обратитесь к владельцу установки.',
  },
  subscription_required: {
    en: 'Your channel may not have a bot of its own. An owner of this installation can grant it.',
    ru: 'У вашего канала нет права на собственного бота. Его может дать владелец установки.',
  },
  bot_account_in_use: {
    en: 'This account is the bot of another channel. Choose another account.',
    ru: 'Этот аккаунт уже бот другого канала. Выберите другой.',
  },
};

/** @param deniedReasons what platforms call a consent that was not given. @returns null for a reason without words */
export function failureText(reason: string, deniedReasons: ReadonlySet<string>, language: Language): string | null {
  if (deniedReasons.has(reason)) return DENIED[language];
  return Object.hasOwn(FAILURES, reason) ? FAILURES[reason as keyof typeof FAILURES][language] : null;
}
