/** Every environment variable only Twitch reads, for the API, the worker and the inline credits bot. */
import { custom, integer, type SettingsOf, switchedOn, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { type MappedChannel, readChannelJson, readChannelList } from './inline-credits/channel-map.ts';

const api = ['api'];
const worker = ['twitch'];
const both = ['api', 'twitch'];
const NO_CHANNELS: readonly MappedChannel[] = [];

export const twitchVariables = variables({
  TWITCH_CLIENT_ID: text({ help: 'Twitch application', readBy: both, requiredBy: api }),
  TWITCH_CLIENT_SECRET: text({
    help: 'secret of the Twitch application; without it tokens cannot be refreshed',
    readBy: both,
    requiredBy: api,
    isSecret: true,
  }),
  TWITCH_CALLBACK_URL: url({
    help: 'redirect of sign-in and linking, e.g. http://localhost:3001/auth/twitch/callback',
    readBy: api,
    isOwnAddress: true,
    isUsuallySet: true,
  }),
  TWITCH_EVENTSUB_SECRET: custom(
    {
      help: 'key of the signature on /webhooks/twitch/eventsub',
      readBy: api,
      requiredBy: api,
      isSecret: true,
      default: null as string | null,
      rangeText: '10…100 ASCII characters',
    },
    (raw) =>
      /^[\x20-\x7e]{10,100}$/.test(raw)
        ? { value: raw }
        : { problem: 'TWITCH_EVENTSUB_SECRET has to have 10 to 100 ASCII characters: Twitch accepts no other' },
  ),
  TWITCH_WEBHOOK_CALLBACK_URL: url({
    help: 'where Twitch delivers events',
    readBy: api,
    isOwnAddress: true,
    defaultText: '`https://<DOMAIN>/webhooks/twitch/eventsub`',
  }),
  TWITCH_IRC_URL: url({
    help: 'chat server',
    readBy: both,
    protocols: ['ws', 'wss'],
    default: 'wss://irc-ws.chat.twitch.tv:443',
  }),
  TWITCH_API_BASE_URL: url({ help: 'Helix API', readBy: both, default: 'https://api.twitch.tv/helix' }),
  TWITCH_AUTH_BASE_URL: url({ help: 'OAuth endpoints', readBy: both, default: 'https://id.twitch.tv/oauth2' }),
  CHAT_BOT_LOGIN: custom(
    {
      help: 'login of the bot while the database names none, and last way to find its stored token',
      readBy: both,
      default: null as string | null,
      rangeText: 'Twitch login',
    },
    (raw) => ({ value: raw.toLowerCase().replace(/^#+/, '') || null }),
  ),
  CHAT_BOT_USER_ID: text({ help: "MemAlerts user whose Twitch token is the bot's, first choice", readBy: both }),
  CHAT_BOT_TWITCH_USER_ID: text({ help: 'the same by Twitch user id, second choice', readBy: both }),
  CHATBOT_SYNC_SECONDS: integer({
    help: 'distance of subscription syncs',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  CHATBOT_OUTBOX_POLL_MS: integer({
    help: 'distance of outbox polls while wake-up hints do not arrive',
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: 'distance of command refreshes',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  TWITCH_SEND_PER_30S: integer({
    help: 'messages per sender where it is not broadcaster, moderator or VIP, 0 is off',
    readBy: worker,
    default: 20,
  }),
  TWITCH_SEND_PRIVILEGED_PER_30S: integer({
    help: 'messages per sender at all, 0 is off',
    readBy: worker,
    default: 100,
  }),
  TWITCH_CHANNEL_SEND_PER_S: integer({
    help: 'messages per second and channel where the sender has no role, 0 is off',
    readBy: worker,
    default: 1,
  }),
  TWITCH_JOINS_PER_10S: integer({ help: 'channels joined per account, 0 is off', readBy: both, default: 20 }),
  CHAT_BOT_ENABLED: switchedOn({ help: 'the legacy credits bot inside the API', readBy: api }),
  CHAT_BOT_CHANNELS: custom(
    {
      help: 'channels of the legacy credits bot',
      readBy: api,
      default: NO_CHANNELS,
      rangeText: '`login:slug,login2:slug2`',
    },
    readChannelList,
  ),
  CHAT_BOT_CHANNEL_MAP_JSON: custom(
    {
      help: 'the same, used when CHAT_BOT_CHANNELS gives nothing',
      readBy: api,
      default: NO_CHANNELS,
      rangeText: 'JSON array of `{"login","slug"}`',
    },
    readChannelJson,
  ),
});

export type TwitchSettings = SettingsOf<typeof twitchVariables>;

/** The configuration reads `twitchVariables`, so what it hands down has their types. */
export function twitchSettings(settings: PlatformSettings): TwitchSettings {
  return settings as TwitchSettings;
}
