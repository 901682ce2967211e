/** Every environment variable only Trovo reads, for the API and the worker. */
import { custom, integer, type SettingsOf, switchedOff, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';

const worker = ['trovo'];
const both = ['api', 'trovo'];

/** Space, comma and plus all separate. */
const scopes = (help: string) =>
  custom(
    { help, readBy: both, default: null as readonly string[] | null, rangeText: 'space, comma or plus list' },
    (raw) => ({ value: raw.split(/[\s,+]+/).filter(Boolean) }),
  );

export const trovoVariables = variables({
  TROVO_CHAT_BOT_ENABLED: switchedOff({ help: 'the Trovo worker', readBy: worker }),
  TROVO_CLIENT_ID: text({ help: 'Trovo application; without it nothing is read or said', readBy: both }),
  TROVO_CLIENT_SECRET: text({
    help: 'secret of the Trovo application; without it tokens cannot be refreshed',
    readBy: both,
    isSecret: true,
  }),
  TROVO_CALLBACK_URL: url({
    help: 'redirect of linking, e.g. http://localhost:3001/auth/trovo/link/callback',
    readBy: both,
    isOwnAddress: true,
  }),
  TROVO_SCOPES: scopes('rights a streamer is asked for, instead of those the bot needs'),
  TROVO_BOT_SCOPES: scopes('rights a bot account is asked for; TROVO_SCOPES when that alone is set'),
  TROVO_AUTHORIZE_URL: url({
    help: 'login page',
    readBy: both,
    default: 'https://open.trovo.live/page/login.html',
  }),
  TROVO_API_BASE_URL: url({
    help: 'REST API',
    readBy: both,
    default: 'https://open-api.trovo.live/openplatform',
  }),
  TROVO_TOKEN_URL: endpoint('code exchange', 'exchangetoken'),
  TROVO_REFRESH_URL: endpoint('token refresh', 'refreshtoken'),
  TROVO_USERINFO_URL: endpoint('who a token belongs to', 'getuserinfo'),
  TROVO_CHAT_TOKEN_URL: endpoint('token of a chat connection', 'chat/token'),
  TROVO_SEND_CHAT_URL: endpoint('sending', 'chat/send'),
  TROVO_CHAT_WS_URL: url({
    help: 'chat socket',
    readBy: worker,
    protocols: ['ws', 'wss'],
    default: 'wss://open-chat.trovo.live/chat',
  }),
  TROVO_CHATBOT_SYNC_SECONDS: integer({
    help: 'distance of subscription syncs, and of looks for a missing account',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  TROVO_CHATBOT_OUTBOX_POLL_MS: integer({
    help: 'distance of outbox polls while wake-up hints do not arrive',
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  TROVO_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: 'distance of command refreshes',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  TROVO_SEND_PER_S: integer({
    help: 'messages per second and sender where it is not streamer or moderator, 0 is off',
    readBy: worker,
    default: 1,
  }),
  TROVO_CHANNEL_SEND_PER_S: integer({
    help: 'messages per second and channel, 0 is off',
    readBy: worker,
    default: 1,
  }),
  TROVO_JOINS_PER_10S: integer({ help: 'chats connected to, 0 is off', readBy: worker, default: 100 }),
});

export type TrovoSettings = SettingsOf<typeof trovoVariables>;

/** The configuration reads `trovoVariables`, so what it hands down has their types. */
export function trovoSettings(settings: PlatformSettings): TrovoSettings {
  return settings as TrovoSettings;
}

/** Addresses that follow the base unless they are set. */
export interface TrovoUrls {
  readonly exchange: string;
  readonly refresh: string;
  readonly userInfo: string;
  readonly chatToken: string;
  readonly send: string;
  readonly validate: string;
  readonly revoke: string;
  readonly channel: string;
}

export function trovoUrls(settings: TrovoSettings): TrovoUrls {
  const base = settings.TROVO_API_BASE_URL;
  return {
    exchange: settings.TROVO_TOKEN_URL ?? `${base}/exchangetoken`,
    refresh: settings.TROVO_REFRESH_URL ?? `${base}/refreshtoken`,
    userInfo: settings.TROVO_USERINFO_URL ?? `${base}/getuserinfo`,
    chatToken: settings.TROVO_CHAT_TOKEN_URL ?? `${base}/chat/token`,
    send: settings.TROVO_SEND_CHAT_URL ?? `${base}/chat/send`,
    validate: `${base}/validate`,
    revoke: `${base}/revoke`,
    channel: `${base}/channels/id`,
  };
}

function endpoint(help: string, path: string) {
  return url({ help, readBy: both, defaultText: `\`<TROVO_API_BASE_URL>/${path}\`` });
}
