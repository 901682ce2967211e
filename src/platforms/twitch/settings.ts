/** Every environment variable only Twitch reads, for the API, the worker and the inline credits bot. */
import { custom, integer, type SettingsOf, switchedOn, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { MEANING } from '../words.ts';
import { type MappedChannel, readChannelJson, readChannelList } from './inline-credits/channel-map.ts';

const api = ['api'];
const worker = ['twitch'];
const both = ['api', 'twitch'];
const NO_CHANNELS: readonly MappedChannel[] = [];

export const twitchVariables = variables({
  TWITCH_CLIENT_ID: text({
    source: 'Client ID of your application at https://dev.twitch.tv/console/apps',
    help: MEANING.clientId('Twitch application'),
    readBy: both,
    requiredBy: api,
  }),
  TWITCH_CLIENT_SECRET: text({
    source: '"New Secret" of your application at https://dev.twitch.tv/console/apps',
    help: MEANING.clientSecret('Twitch application'),
    readBy: both,
    requiredBy: api,
    isSecret: true,
  }),
  TWITCH_CALLBACK_URL: url({
    source: 'https://<DOMAIN>/auth/twitch/callback; enter it as an OAuth Redirect URL of your application too',
    fill: '{origin}/auth/twitch/callback',
    help: 'Redirect address of sign-in and linking. Example: http://localhost:3001/auth/twitch/callback',
    readBy: api,
    isOwnAddress: true,
  }),
  TWITCH_EVENTSUB_SECRET: custom(
    {
      source: 'any long random text; `pnpm memalerts setup` makes one, or `openssl rand -hex 32`',
      fill: '{secret}',
      help: 'Secret with which Twitch signs the events on /webhooks/twitch/eventsub.',
      readBy: api,
      requiredBy: api,
      isSecret: true,
      default: null as string | null,
      rangeText: '10…100 ASCII characters',
    },
    (raw) =>
      /^[\x20-\x7e]{10,100}$/.test(raw)
        ? { value: raw }
        : {
            problem:
              'TWITCH_EVENTSUB_SECRET must have 10 to 100 ASCII characters, because Twitch accepts no other secret',
          },
  ),
  TWITCH_WEBHOOK_CALLBACK_URL: url({
    help: 'Address to which Twitch delivers events.',
    readBy: api,
    isOwnAddress: true,
    defaultText: '`https://<DOMAIN>/webhooks/twitch/eventsub`',
  }),
  TWITCH_IRC_URL: url({
    help: 'Address of the Twitch chat server.',
    readBy: both,
    protocols: ['ws', 'wss'],
    default: 'wss://irc-ws.chat.twitch.tv:443',
  }),
  TWITCH_API_BASE_URL: url({
    help: 'Base address of the Helix API.',
    readBy: both,
    default: 'https://api.twitch.tv/helix',
  }),
  TWITCH_AUTH_BASE_URL: url({
    help: 'Base address of the OAuth endpoints.',
    readBy: both,
    default: 'https://id.twitch.tv/oauth2',
  }),
  CHAT_BOT_LOGIN: custom(
    {
      help: 'Login of the bot account. It finds the user of the bot when CHAT_BOT_USER_ID and CHAT_BOT_TWITCH_USER_ID do not.',
      readBy: both,
      default: null as string | null,
      rangeText: 'Twitch login',
    },
    (raw) => ({ value: raw.toLowerCase().replace(/^#+/, '') || null }),
  ),
  CHAT_BOT_USER_ID: text({
    help: 'Id of the MemAlerts user whose Twitch account is the bot while no default bot is linked.',
    readBy: both,
  }),
  CHAT_BOT_TWITCH_USER_ID: text({
    help: 'Twitch user id of the bot account. It finds the user of the bot when CHAT_BOT_USER_ID does not.',
    readBy: both,
  }),
  CHATBOT_SYNC_SECONDS: integer({
    help: MEANING.sync,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  CHATBOT_OUTBOX_POLL_MS: integer({
    help: MEANING.outboxPoll,
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: MEANING.commandsRefresh,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  TWITCH_SEND_PER_30S: integer({
    help: MEANING.limit('Messages per 30 seconds of one sender where it is not broadcaster, moderator or VIP'),
    readBy: worker,
    default: 20,
  }),
  TWITCH_SEND_PRIVILEGED_PER_30S: integer({
    help: MEANING.limit('Messages per 30 seconds of one sender in all channels together'),
    readBy: worker,
    default: 100,
  }),
  TWITCH_CHANNEL_SEND_PER_S: integer({
    help: MEANING.limit('Messages per second in one channel where the sender is not broadcaster, moderator or VIP'),
    readBy: worker,
    default: 1,
  }),
  TWITCH_JOINS_PER_10S: integer({
    help: MEANING.limit('Channels that one account joins per 10 seconds'),
    readBy: both,
    default: 20,
  }),
  CHAT_BOT_ENABLED: switchedOn({ help: 'Runs the older credits bot inside the API.', readBy: api }),
  CHAT_BOT_CHANNELS: custom(
    {
      help: 'Channels whose chats the older credits bot reads.',
      readBy: api,
      default: NO_CHANNELS,
      rangeText: '`login:slug,login2:slug2`',
    },
    readChannelList,
  ),
  CHAT_BOT_CHANNEL_MAP_JSON: custom(
    {
      help: 'Channels of the older credits bot as JSON. Used only when CHAT_BOT_CHANNELS names no channel.',
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
