/** Every environment variable only Kick reads, for the API and the worker. */
import {
  custom,
  integer,
  leadingInteger,
  type SettingsOf,
  switchedOff,
  text,
  url,
  variables,
} from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { MEANING } from '../words.ts';
import { readPublicKey, type VerifyingKey } from './webhook/signature.ts';

const api = ['api'];
const worker = ['kick'];
const both = ['api', 'kick'];
const NO_SCOPES: readonly string[] = [];
const SHORTEST_KEY_LIFE_MS = 5000;

export const kickVariables = variables({
  KICK_CHAT_BOT_ENABLED: switchedOff({ help: 'Enables the Kick worker.', readBy: worker }),
  KICK_CLIENT_ID: text({
    source: 'your application at https://kick.com/settings/developer',
    help: MEANING.clientId('Kick application'),
    readBy: both,
  }),
  KICK_CLIENT_SECRET: text({
    source: 'that application',
    help: MEANING.clientSecret('Kick application'),
    readBy: both,
    isSecret: true,
  }),
  KICK_CALLBACK_URL: url({
    source: 'https://<DOMAIN>/auth/kick/link/callback; enter it as a redirect URL of that application too',
    fill: '{origin}/auth/kick/link/callback',
    help: MEANING.callback('/auth/kick/link/callback'),
    readBy: api,
    isOwnAddress: true,
  }),
  KICK_AUTHORIZE_URL: url({
    source: 'the public address',
    fill: 'https://id.kick.com/oauth/authorize',
    help: 'Address of the consent page. The public one is https://id.kick.com/oauth/authorize',
    readBy: api,
  }),
  KICK_TOKEN_URL: url({
    source: 'the public address',
    fill: 'https://id.kick.com/oauth/token',
    help: 'Address that exchanges a code for tokens. The public one is https://id.kick.com/oauth/token',
    readBy: both,
  }),
  KICK_REFRESH_URL: url({
    source: 'the public address',
    fill: 'https://id.kick.com/oauth/token',
    help: 'Address that refreshes tokens and issues the tokens of the application. The public one is https://id.kick.com/oauth/token',
    readBy: both,
  }),
  KICK_USERINFO_URL: url({
    source: 'the public address',
    fill: 'https://api.kick.com/public/v1/users',
    help: 'Address that returns the profile of an account. The public one is https://api.kick.com/public/v1/users',
    readBy: api,
  }),
  KICK_API_BASE_URL: url({ help: 'Base address of the Kick API.', readBy: both, default: 'https://api.kick.com' }),
  KICK_SCOPES: scopes('Scopes that a streamer is asked for. They must contain events:subscribe.'),
  KICK_BOT_SCOPES: scopes(
    'Scopes that a bot account is asked for. They must contain chat:write. When empty, KICK_SCOPES applies.',
  ),
  KICK_SEND_CHAT_URL: url({
    source: 'the public address',
    fill: 'https://api.kick.com/public/v1/chat',
    help: 'Address that sends messages. The public one is https://api.kick.com/public/v1/chat',
    readBy: worker,
  }),
  KICK_WEBHOOK_CALLBACK_URL: url({
    help: 'Webhook address as it is set in the Kick application. The API only logs it and checks it for mistakes.',
    readBy: both,
    isOwnAddress: true,
    protocols: ['https'],
    defaultText: '`https://<DOMAIN>/webhooks/kick/events`',
  }),
  KICK_WEBHOOK_REPLAY_WINDOW_MS: integer({
    help: 'Milliseconds by which the timestamp of an event may differ from the clock of the API.',
    readBy: api,
    default: 600_000,
    min: 1,
    unitMs: 1,
  }),
  KICK_WEBHOOK_PUBLIC_KEY_PEM: custom(
    {
      help: 'Signing key of Kick. It replaces the key that Kick publishes.',
      readBy: api,
      default: null as VerifyingKey | null,
      rangeText: 'PEM, or only its base64 body',
    },
    (raw) => {
      const key = readPublicKey(raw);
      return key === null ? { problem: 'KICK_WEBHOOK_PUBLIC_KEY_PEM must be an RSA public key' } : { value: key };
    },
  ),
  KICK_WEBHOOK_PUBLIC_KEY_TTL_MS: custom(
    {
      help: 'Milliseconds after which the signing key is fetched from Kick again.',
      readBy: api,
      default: 600_000,
      rangeText: `> ${SHORTEST_KEY_LIFE_MS}`,
    },
    (raw) => {
      const parsed = leadingInteger(raw);
      if (parsed === null) return { problem: 'KICK_WEBHOOK_PUBLIC_KEY_TTL_MS must be a number, such as 600000' };
      return { value: parsed > SHORTEST_KEY_LIFE_MS ? parsed : 600_000 };
    },
  ),
  KICK_CHAT_POLL_URL_TEMPLATE: custom(
    {
      help: 'Address of a second source of chat lines, polled with the token of the streamer. When empty, there is none.',
      readBy: worker,
      default: null as string | null,
      rangeText: 'http/https URL with `{channelId}` and optional `{cursor}`',
    },
    (raw) =>
      raw.includes('{channelId}') && /^https?:\/\//.test(raw) && URL.canParse(raw.replace(/[{}]/g, ''))
        ? { value: raw }
        : { problem: 'KICK_CHAT_POLL_URL_TEMPLATE must be an absolute http or https URL with {channelId}' },
  ),
  KICK_CHATBOT_INGEST_POLL_MS: integer({
    help: 'Interval in milliseconds at which KICK_CHAT_POLL_URL_TEMPLATE is polled.',
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  KICK_CHATBOT_SYNC_SECONDS: integer({
    help: `${MEANING.sync} It also checks the event subscriptions at Kick.`,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  KICK_CHATBOT_OUTBOX_POLL_MS: integer({
    help: MEANING.outboxPoll,
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  KICK_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: MEANING.commandsRefresh,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  KICK_CHANNEL_SEND_PER_S: integer({
    help: `${MEANING.channelRate} Kick publishes none.`,
    readBy: both,
    default: 1,
  }),
});

export type KickSettings = SettingsOf<typeof kickVariables>;

/** The configuration reads `kickVariables`, so what it hands down has their types. */
export function kickSettings(settings: PlatformSettings): KickSettings {
  return settings as KickSettings;
}

/** Separated by white space, commas or pluses. */
function scopes(help: string) {
  return custom({ help, readBy: both, default: NO_SCOPES, rangeText: 'list' }, (raw) => ({
    value: raw.split(/[\s,+]+/).filter(Boolean),
  }));
}
