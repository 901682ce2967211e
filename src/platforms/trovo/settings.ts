/** Every environment variable only Trovo reads, for the API and the worker. */
import { custom, integer, type SettingsOf, switchedOff, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { MEANING } from '../words.ts';

const worker = ['trovo'];
const both = ['api', 'trovo'];

/** Space, comma and plus all separate. */
const scopes = (help: string) =>
  custom(
    {
      help,
      readBy: both,
      default: null as readonly string[] | null,
      rangeText: 'list separated by spaces, commas or plus signs',
    },
    (raw) => ({ value: raw.split(/[\s,+]+/).filter(Boolean) }),
  );

export const trovoVariables = variables({
  TROVO_CHAT_BOT_ENABLED: switchedOff({ help: 'Enables the Trovo worker.', readBy: worker }),
  TROVO_CLIENT_ID: text({
    source: 'nowhere any more: Trovo closed its service; the simulator takes its own',
    help: `${MEANING.clientId('Trovo application')} Without it the bot neither reads nor writes.`,
    readBy: both,
  }),
  TROVO_CLIENT_SECRET: text({
    source: 'as TROVO_CLIENT_ID',
    help: MEANING.clientSecret('Trovo application'),
    readBy: both,
    isSecret: true,
  }),
  TROVO_CALLBACK_URL: url({
    source: 'https://<DOMAIN>/auth/trovo/link/callback',
    fill: '{origin}/auth/trovo/link/callback',
    help: MEANING.callback('/auth/trovo/link/callback'),
    readBy: both,
    isOwnAddress: true,
  }),
  TROVO_SCOPES: scopes('Scopes that a streamer is asked for. When empty, the scopes that the bot needs apply.'),
  TROVO_BOT_SCOPES: scopes('Scopes that a bot account is asked for. When empty, TROVO_SCOPES applies.'),
  TROVO_AUTHORIZE_URL: url({
    help: 'Address of the login page.',
    readBy: both,
    default: 'https://open.trovo.live/page/login.html',
  }),
  TROVO_API_BASE_URL: url({
    help: 'Base address of the REST API.',
    readBy: both,
    default: 'https://open-api.trovo.live/openplatform',
  }),
  TROVO_TOKEN_URL: endpoint('Address that exchanges a code for tokens.', 'exchangetoken'),
  TROVO_REFRESH_URL: endpoint('Address that refreshes tokens.', 'refreshtoken'),
  TROVO_USERINFO_URL: endpoint('Address that returns the account of a token.', 'getuserinfo'),
  TROVO_CHAT_TOKEN_URL: endpoint('Address that issues the tokens of chat connections.', 'chat/token'),
  TROVO_SEND_CHAT_URL: endpoint('Address that sends messages.', 'chat/send'),
  TROVO_CHAT_WS_URL: url({
    help: 'Address of the chat server.',
    readBy: worker,
    protocols: ['ws', 'wss'],
    default: 'wss://open-chat.trovo.live/chat',
  }),
  TROVO_CHATBOT_SYNC_SECONDS: integer({
    help: `${MEANING.sync} It also checks whether a missing account was linked.`,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  TROVO_CHATBOT_OUTBOX_POLL_MS: integer({
    help: MEANING.outboxPoll,
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  TROVO_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: MEANING.commandsRefresh,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  TROVO_SEND_PER_S: integer({
    help: MEANING.limit('Messages per second of one sender in channels where it is neither streamer nor moderator'),
    readBy: worker,
    default: 1,
  }),
  TROVO_CHANNEL_SEND_PER_S: integer({
    help: MEANING.channelRate,
    readBy: worker,
    default: 1,
  }),
  TROVO_JOINS_PER_10S: integer({
    help: MEANING.limit('Chat connections that one worker opens per 10 seconds'),
    readBy: worker,
    default: 100,
  }),
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
