/** Every environment variable only YouTube reads, for the API and the worker. */
import { custom, integer, type SettingsOf, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';

const api = ['api'];
const worker = ['youtube'];
const both = ['api', 'youtube'];

export const youtubeVariables = variables({
  YOUTUBE_CLIENT_ID: text({ help: 'Google OAuth application; names the project whose quota is spent', readBy: both }),
  YOUTUBE_CLIENT_SECRET: text({
    help: 'secret of the Google OAuth application; without it tokens cannot be refreshed',
    readBy: both,
    isSecret: true,
  }),
  YOUTUBE_CALLBACK_URL: url({
    help: 'redirect of linking, e.g. http://localhost:3001/auth/youtube/link/callback',
    readBy: api,
    isOwnAddress: true,
  }),
  YOUTUBE_BOT_REFRESH_TOKEN: text({
    help: 'grant of the bot while the database names no default bot',
    readBy: both,
    isSecret: true,
  }),
  YOUTUBE_API_BASE_URL: url({ help: 'Data API', readBy: both, default: 'https://youtube.googleapis.com' }),
  YOUTUBE_GRPC_TARGET: custom(
    {
      help: 'streamed chat; TLS unless the host is this machine',
      readBy: worker,
      default: 'youtube.googleapis.com:443',
      rangeText: 'host:port',
    },
    (raw) =>
      /^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i.test(raw)
        ? { value: raw }
        : { problem: 'YOUTUBE_GRPC_TARGET has to be host:port' },
  ),
  YOUTUBE_AUTHORIZE_URL: url({
    help: 'consent page',
    readBy: api,
    default: 'https://accounts.google.com/o/oauth2/v2/auth',
  }),
  YOUTUBE_TOKEN_URL: url({
    help: 'tokens; their inspection and revocation are asked for beside it',
    readBy: both,
    default: 'https://oauth2.googleapis.com/token',
  }),
  YOUTUBE_CHATBOT_SYNC_SECONDS: integer({
    help: 'distance of subscription syncs',
    readBy: worker,
    default: 20,
    min: 5,
    unitMs: 1000,
  }),
  YOUTUBE_CHATBOT_LIVE_CHECK_SECONDS: integer({
    help: 'shortest distance of live checks of a channel; they are rarer while it stays offline or units run out',
    readBy: worker,
    default: 20,
    min: 5,
    unitMs: 1000,
  }),
  YOUTUBE_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: 'distance of command refreshes',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  YOUTUBE_CHATBOT_OUTBOX_POLL_MS: integer({
    help: 'distance of outbox polls while wake-up hints do not arrive',
    readBy: worker,
    default: 1000,
    min: 500,
    unitMs: 1,
  }),
  YOUTUBE_CHANNEL_SEND_PER_S: integer({
    help: 'messages per second and channel, 0 is off',
    readBy: worker,
    default: 1,
  }),
  YOUTUBE_DAILY_QUOTA_UNITS: integer({
    help: 'units the Google project may spend in a day',
    readBy: both,
    default: 10_000,
    min: 1,
  }),
  YOUTUBE_LIST_UNITS: integer({ help: 'units of one poll of a chat', readBy: worker, default: 5, min: 1 }),
  YOUTUBE_STREAM_UNITS: integer({
    help: 'units of one opening of a streamed chat',
    readBy: worker,
    default: 5,
    min: 1,
  }),
  YOUTUBE_INSERT_UNITS: integer({ help: 'units of one message sent', readBy: worker, default: 20, min: 1 }),
});

export type YouTubeSettings = SettingsOf<typeof youtubeVariables>;

/** The configuration reads `youtubeVariables`, so what it hands down has their types. */
export function youtubeSettings(settings: PlatformSettings): YouTubeSettings {
  return settings as YouTubeSettings;
}
