/** The words of the pages for people, in the languages there are. */
import type { Language } from '../../platforms/causes/cause.ts';
import { type CoreCause, coreCauses } from '../../platforms/causes/core.ts';
import { signInCauses } from '../../platforms/causes/sign-in.ts';

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

/** Reasons of a redirect that mean a cause of another name (docs/contract/http-api.md#callback-outcomes). */
const SAME_AS: Readonly<Record<string, CoreCause>> = {
  access_denied: 'consent_refused',
  no_client_id: 'missing_oauth_env',
  no_callback_url: 'missing_oauth_env',
  unsupported_provider: 'provider_not_supported',
};

/**
 * Why a sign-in or a link failed, and what to do.
 *
 * @param reason of the redirect that the browser came by
 * @param deniedReasons what platforms call a consent that was not given
 * @returns null for a reason without words
 */
export function failureText(reason: string, deniedReasons: ReadonlySet<string>, language: Language): string | null {
  const code = deniedReasons.has(reason) ? 'consent_refused' : (SAME_AS[reason] ?? reason);
  if (!Object.hasOwn(signInCauses, code)) return null;
  return signInCauses[code as keyof typeof signInCauses][language].join(' ');
}

/** @param reason of `/readyz`. @returns what is wrong and what to do; the reason itself where it has no words */
export function troubleText(reason: string, language: Language): string {
  if (!Object.hasOwn(coreCauses, reason)) return reason;
  return coreCauses[reason as CoreCause][language].join(' ').replaceAll('`', '');
}
