/** Every environment variable only YouTube reads, for the API and the worker. */
import { custom, integer, type SettingsOf, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { MEANING } from '../words.ts';

const api = ['api'];
const worker = ['youtube'];
const both = ['api', 'youtube'];

export const youtubeVariables = variables({
  YOUTUBE_CLIENT_ID: text({
    source:
      'an OAuth client for a web application at https://console.cloud.google.com/apis/credentials, in a project with the YouTube Data API v3',
    help: `${MEANING.clientId('Google OAuth application')} Its project pays the quota units.`,
    readBy: both,
  }),
  YOUTUBE_CLIENT_SECRET: text({
    source: 'Client secret of that OAuth client',
    help: MEANING.clientSecret('Google OAuth application'),
    readBy: both,
    isSecret: true,
  }),
  YOUTUBE_CALLBACK_URL: url({
    source:
      'https://<DOMAIN>/auth/youtube/link/callback; enter it as an authorized redirect URI of that OAuth client too',
    fill: '{origin}/auth/youtube/link/callback',
    help: MEANING.callback('/auth/youtube/link/callback'),
    readBy: api,
    isOwnAddress: true,
  }),
  YOUTUBE_BOT_REFRESH_TOKEN: text({
    help: 'Refresh token of the bot account while no default bot is linked.',
    readBy: both,
    isSecret: true,
  }),
  YOUTUBE_API_BASE_URL: url({
    help: 'Base address of the YouTube Data API.',
    readBy: both,
    default: 'https://youtube.googleapis.com',
  }),
  YOUTUBE_GRPC_TARGET: custom(
    {
      help: 'Host and port of the server for streamed chat. TLS is used unless the host is this machine.',
      readBy: worker,
      default: 'youtube.googleapis.com:443',
      rangeText: 'host:port',
    },
    (raw) =>
      /^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i.test(raw)
        ? { value: raw }
        : { problem: 'YOUTUBE_GRPC_TARGET must be host:port' },
  ),
  YOUTUBE_AUTHORIZE_URL: url({
    help: 'Address of the consent page.',
    readBy: api,
    default: 'https://accounts.google.com/o/oauth2/v2/auth',
  }),
  YOUTUBE_TOKEN_URL: url({
    help: 'Address of the token endpoint. Tokens are checked and revoked at addresses beside it.',
    readBy: both,
    default: 'https://oauth2.googleapis.com/token',
  }),
  YOUTUBE_CHATBOT_SYNC_SECONDS: integer({
    help: MEANING.sync,
    readBy: worker,
    default: 20,
    min: 5,
    unitMs: 1000,
  }),
  YOUTUBE_CHATBOT_LIVE_CHECK_SECONDS: integer({
    help: 'Shortest time in seconds between two live checks of a channel. Checks are rarer while the channel stays offline or units run out.',
    readBy: worker,
    default: 20,
    min: 5,
    unitMs: 1000,
  }),
  YOUTUBE_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: MEANING.commandsRefresh,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  YOUTUBE_CHATBOT_OUTBOX_POLL_MS: integer({
    help: MEANING.outboxPoll,
    readBy: worker,
    default: 1000,
    min: 500,
    unitMs: 1,
  }),
  YOUTUBE_CHANNEL_SEND_PER_S: integer({
    help: MEANING.channelRate,
    readBy: worker,
    default: 1,
  }),
  YOUTUBE_DAILY_QUOTA_UNITS: integer({
    help: 'Quota units that the Google project may spend per day.',
    readBy: both,
    default: 10_000,
    min: 1,
  }),
  YOUTUBE_LIST_UNITS: integer({
    help: 'Quota units that one poll of a chat costs.',
    readBy: worker,
    default: 5,
    min: 1,
  }),
  YOUTUBE_STREAM_UNITS: integer({
    help: 'Quota units that opening a streamed chat costs.',
    readBy: worker,
    default: 5,
    min: 1,
  }),
  YOUTUBE_INSERT_UNITS: integer({
    help: 'Quota units that sending one message costs.',
    readBy: worker,
    default: 20,
    min: 1,
  }),
});

export type YouTubeSettings = SettingsOf<typeof youtubeVariables>;

/** The configuration reads `youtubeVariables`, so what it hands down has their types. */
export function youtubeSettings(settings: PlatformSettings): YouTubeSettings {
  return settings as YouTubeSettings;
}
