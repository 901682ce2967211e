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
import { readPublicKey, type VerifyingKey } from './webhook/signature.ts';

const api = ['api'];
const worker = ['kick'];
const both = ['api', 'kick'];
const NO_SCOPES: readonly string[] = [];
const SHORTEST_KEY_LIFE_MS = 5000;

export const kickVariables = variables({
  KICK_CHAT_BOT_ENABLED: switchedOff({ help: 'the Kick worker', readBy: worker }),
  KICK_CLIENT_ID: text({ help: 'Kick application', readBy: both }),
  KICK_CLIENT_SECRET: text({ help: 'secret of the Kick application', readBy: both, isSecret: true }),
  KICK_CALLBACK_URL: url({
    help: 'redirect of linking, e.g. http://localhost:3001/auth/kick/link/callback',
    readBy: api,
    isOwnAddress: true,
  }),
  KICK_AUTHORIZE_URL: url({ help: 'OAuth window; the public one is https://id.kick.com/oauth/authorize', readBy: api }),
  KICK_TOKEN_URL: url({ help: 'code exchange; the public one is https://id.kick.com/oauth/token', readBy: both }),
  KICK_REFRESH_URL: url({
    help: 'refresh, and tokens of the application itself; the public one is https://id.kick.com/oauth/token',
    readBy: both,
  }),
  KICK_USERINFO_URL: url({ help: 'profile; the public one is https://api.kick.com/public/v1/users', readBy: api }),
  KICK_API_BASE_URL: url({ help: 'Kick API', readBy: both, default: 'https://api.kick.com' }),
  KICK_SCOPES: scopes('scopes a streamer is asked for; has to contain events:subscribe'),
  KICK_BOT_SCOPES: scopes('scopes a bot account is asked for, KICK_SCOPES when empty; needs chat:write'),
  KICK_SEND_CHAT_URL: url({
    help: 'where messages are sent; the public one is https://api.kick.com/public/v1/chat',
    readBy: worker,
  }),
  KICK_WEBHOOK_CALLBACK_URL: url({
    help: 'address the Kick application delivers events to, as it is set there; shown and checked only',
    readBy: both,
    isOwnAddress: true,
    protocols: ['https'],
    defaultText: '`https://<DOMAIN>/webhooks/kick/events`',
  }),
  KICK_WEBHOOK_REPLAY_WINDOW_MS: integer({
    help: 'oldest and newest timestamp of a delivery that is accepted',
    readBy: api,
    default: 600_000,
    min: 1,
    unitMs: 1,
  }),
  KICK_WEBHOOK_PUBLIC_KEY_PEM: custom(
    {
      help: "Kick's signing key in the place of the published one",
      readBy: api,
      default: null as VerifyingKey | null,
      rangeText: 'PEM, or its base64 body alone',
    },
    (raw) => {
      const key = readPublicKey(raw);
      return key === null ? { problem: 'KICK_WEBHOOK_PUBLIC_KEY_PEM is no RSA public key' } : { value: key };
    },
  ),
  KICK_WEBHOOK_PUBLIC_KEY_TTL_MS: custom(
    {
      help: 'how long the fetched signing key is used before it is fetched again',
      readBy: api,
      default: 600_000,
      rangeText: `> ${SHORTEST_KEY_LIFE_MS}`,
    },
    (raw) => {
      const parsed = leadingInteger(raw);
      if (parsed === null) return { problem: 'KICK_WEBHOOK_PUBLIC_KEY_TTL_MS has to be a number, e.g. 600000' };
      return { value: parsed > SHORTEST_KEY_LIFE_MS ? parsed : 600_000 };
    },
  ),
  KICK_CHAT_POLL_URL_TEMPLATE: custom(
    {
      help: 'a second source of chat lines, asked with the token of the streamer; none when empty',
      readBy: worker,
      default: null as string | null,
      rangeText: 'http/https URL with `{channelId}` and optional `{cursor}`',
    },
    (raw) =>
      raw.includes('{channelId}') && /^https?:\/\//.test(raw) && URL.canParse(raw.replace(/[{}]/g, ''))
        ? { value: raw }
        : { problem: 'KICK_CHAT_POLL_URL_TEMPLATE has to be an absolute http or https URL with {channelId}' },
  ),
  KICK_CHATBOT_INGEST_POLL_MS: integer({
    help: 'distance of polls of KICK_CHAT_POLL_URL_TEMPLATE',
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  KICK_CHATBOT_SYNC_SECONDS: integer({
    help: 'distance of syncs of subscriptions, also of those at Kick',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  KICK_CHATBOT_OUTBOX_POLL_MS: integer({
    help: 'distance of outbox polls while wake-up hints do not arrive',
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  KICK_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: 'distance of command refreshes',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  KICK_CHANNEL_SEND_PER_S: integer({
    help: 'messages per second and channel, 0 is off: Kick publishes no limit',
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
