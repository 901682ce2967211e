/** The conversation the demo plays: who is there, what the bot knows, what is said, and what has to come of it. */
import type { PlatformDescription, Role } from '../src/platforms/platform.ts';

export interface Cast {
  readonly owner: string;
  /** Also the channel's name. */
  readonly streamer: string;
  /** A moderator of the channel, as bots are: without that Twitch lets it speak once a second. */
  readonly bot: string;
  readonly roles: Readonly<Record<string, Role>>;
}

/** Body of `POST /streamer/bot/commands`. */
export interface CommandDraft {
  readonly trigger: string;
  readonly response: string;
  readonly onlyWhenLive?: boolean;
  readonly allowedRoles?: readonly string[];
  readonly allowedUsers?: readonly string[];
}

export type Scene =
  /** Somebody writes into the chat. `answer` null: the bot has to stay silent, `because` says why. */
  | { readonly kind: 'line'; readonly by: string; readonly as?: Role; readonly text: string; readonly answer: string }
  | {
      readonly kind: 'line';
      readonly by: string;
      readonly as?: Role;
      readonly text: string;
      readonly answer: null;
      readonly because: string;
    }
  /** The streamer has the bot say something. */
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'follow'; readonly by: string; readonly displayName: string; readonly answer: string }
  | { readonly kind: 'goLive'; readonly minutesAgo: number }
  | { readonly kind: 'edit'; readonly trigger: string; readonly response: string };

export const cast: Cast = {
  owner: 'memalerts_owner',
  streamer: 'northpine',
  bot: 'memalerts_bot',
  roles: { kate_mod: 'moderator', vera_vip: 'vip', sam_sub: 'subscriber' },
};

export const GREETING = 'Спасибо за фоллоу, {user}! 💜';

export const commands: readonly CommandDraft[] = [
  { trigger: '!hello', response: 'Hi there! 👋 Glad you are here.' },
  { trigger: '!расписание', response: 'Стримы по вторникам и пятницам в 19:00 МСК ⏰' },
  { trigger: '!おすすめ', response: '今日のおすすめは「北の松」です 🌲🍵' },
  { trigger: '!مرحبا', response: 'أهلاً وسهلاً بكم في البث 🌙' },
  { trigger: '!नमस्ते', response: 'नमस्ते दोस्तों, स्वागत है 🙏🏽' },
  { trigger: '🎲', response: '🎲 → 6️⃣ и всей семьёй радуемся 👨‍👩‍👧‍👦🏳️‍🌈' },
  { trigger: '!rules', response: 'Be kind. No spoilers. /ban is not a greeting.', allowedRoles: ['moderator', 'vip'] },
  { trigger: '!shopping', response: 'Milk, coffee, a longer HDMI cable.', allowedUsers: ['tom_w'] },
  { trigger: '!clip', response: 'Clip it: twitch.tv/northpine/clip ✂️', onlyWhenLive: true },
];

const EDITED_HELLO = 'Hello again: this answer was edited a moment ago ✏️';

/** Twitch comes first, because the stream begins there. Its scenes also show what only Twitch can do. */
export function scenesOf(platform: PlatformDescription): readonly Scene[] {
  return platform.id === 'twitch' ? twitchScenes : commonScenes(platform);
}

/** The stream that began on Twitch is on everywhere: `onlyWhenLive` looks at all platforms of the channel. */
function commonScenes({ title, capabilities }: PlatformDescription): readonly Scene[] {
  const knowsModerators = capabilities.roles.includes('moderator');
  const rules = { kind: 'line', by: 'kate_mod', as: 'moderator', text: '!rules' } as const;
  return [
    { kind: 'line', by: 'mira_k', text: '!hello', answer: EDITED_HELLO },
    { kind: 'line', by: 'ivan_p', text: '!РАСПИСАНИЕ', answer: 'Стримы по вторникам и пятницам в 19:00 МСК ⏰' },
    { kind: 'line', by: 'joao_s', text: '🎲', answer: '🎲 → 6️⃣ и всей семьёй радуемся 👨‍👩‍👧‍👦🏳️‍🌈' },
    { kind: 'line', by: 'tom_w', text: 'как же хорошо тут 🙂', answer: null, because: 'not a command' },
    { kind: 'line', by: 'mira_k', text: '!rules', answer: null, because: 'for moderators and VIPs' },
    knowsModerators
      ? { ...rules, answer: 'Be kind. No spoilers. /ban is not a greeting.' }
      : { ...rules, answer: null, because: `${title} tells nobody's role` },
    { kind: 'say', text: `Hello ${title}! Поехали 🚀` },
    { kind: 'line', by: 'mira_k', text: '!clip', answer: 'Clip it: twitch.tv/northpine/clip ✂️' },
  ];
}

const twitchScenes: readonly Scene[] = [
  { kind: 'line', by: 'mira_k', text: '!hello', answer: 'Hi there! 👋 Glad you are here.' },
  { kind: 'line', by: 'ivan_p', text: '!РАСПИСАНИЕ', answer: 'Стримы по вторникам и пятницам в 19:00 МСК ⏰' },
  { kind: 'line', by: 'yuki_n', text: '!おすすめ', answer: '今日のおすすめは「北の松」です 🌲🍵' },
  { kind: 'line', by: 'layla_a', text: '!مرحبا', answer: 'أهلاً وسهلاً بكم في البث 🌙' },
  { kind: 'line', by: 'asha_d', text: '!नमस्ते', answer: 'नमस्ते दोस्तों, स्वागत है 🙏🏽' },
  { kind: 'line', by: 'joao_s', text: '🎲', answer: '🎲 → 6️⃣ и всей семьёй радуемся 👨‍👩‍👧‍👦🏳️‍🌈' },
  { kind: 'line', by: 'tom_w', text: 'как же хорошо тут 🙂', answer: null, because: 'not a command' },
  { kind: 'line', by: 'sam_sub', text: '!rules', answer: null, because: 'for moderators and VIPs' },
  { kind: 'line', by: 'kate_mod', text: '!rules', answer: 'Be kind. No spoilers. /ban is not a greeting.' },
  { kind: 'line', by: 'vera_vip', text: '!Rules', answer: 'Be kind. No spoilers. /ban is not a greeting.' },
  { kind: 'line', by: 'kate_mod', text: '!shopping', answer: null, because: 'for tom_w alone' },
  { kind: 'line', by: 'tom_w', text: '!shopping', answer: 'Milk, coffee, a longer HDMI cable.' },
  { kind: 'edit', trigger: '!hello', response: EDITED_HELLO },
  { kind: 'line', by: 'mira_k', text: '!clip', answer: null, because: 'only when live, and nobody is' },
  { kind: 'line', by: 'mira_k', text: '!time', answer: null, because: 'only when live, and nobody is' },
  { kind: 'say', text: 'The stream starts in a minute, fetch your tea 🫖' },
  { kind: 'goLive', minutesAgo: 125 },
  // Hints reach the worker in the order of their commits: once this was said, the worker knows of the stream.
  { kind: 'say', text: 'We are live! Поехали 🚀' },
  { kind: 'line', by: 'mira_k', text: '!clip', answer: 'Clip it: twitch.tv/northpine/clip ✂️' },
  { kind: 'line', by: 'ivan_p', text: '!time', answer: 'Время стрима: 2ч 5м (125м)' },
  { kind: 'follow', by: 'storm_zoe', displayName: 'ストーム', answer: 'Спасибо за фоллоу, ストーム! 💜' },
  { kind: 'line', by: 'mira_k', text: '!hello', answer: EDITED_HELLO },
];
