/** Every environment variable only VK Video Live reads, for the API and the worker. */
import { custom, integer, type SettingsOf, switchedOn, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { MEANING } from '../words.ts';
import { NO_STUBS, readRoleStubs } from './roles/role-stubs.ts';

const api = ['api'];
const worker = ['vkvideo'];
const both = ['api', 'vkvideo'];

export const vkvideoVariables = variables({
  VKVIDEO_CHAT_BOT_ENABLED: switchedOn({
    source: '1 where VK Video Live is served',
    fill: '1',
    help: 'Enables the VK Video Live worker.',
    readBy: worker,
  }),
  VKVIDEO_CLIENT_ID: text({
    source: 'your DevAPI application at https://dev.live.vkvideo.ru',
    help: MEANING.clientId('VK Video Live application'),
    readBy: both,
  }),
  VKVIDEO_CLIENT_SECRET: text({
    source: 'that application',
    help: MEANING.clientSecret('VK Video Live application'),
    readBy: both,
    isSecret: true,
  }),
  VKVIDEO_CALLBACK_URL: url({
    source:
      'https://<DOMAIN>/auth/vkvideo/link/callback; enter it in that application too, it is compared character for character',
    fill: '{origin}/auth/vkvideo/link/callback',
    help: 'Redirect address of linking. It is sent again at every token refresh. Example: http://localhost:3001/auth/vkvideo/link/callback',
    readBy: both,
    isOwnAddress: true,
  }),
  VKVIDEO_AUTHORIZE_URL: url({
    source: 'the public address',
    fill: 'https://auth.live.vkvideo.ru/app/oauth2/authorize',
    help: 'Address of the consent page. The public one is https://auth.live.vkvideo.ru/app/oauth2/authorize',
    readBy: api,
  }),
  VKVIDEO_TOKEN_URL: url({
    source: 'the public address',
    fill: 'https://api.live.vkvideo.ru/oauth/server/token',
    help: 'Address of the token endpoint. The public one is https://api.live.vkvideo.ru/oauth/server/token',
    readBy: both,
  }),
  VKVIDEO_USERINFO_URL: url({
    help: 'Address that returns the profile of an account. Its host is used for the DevAPI when VKVIDEO_API_BASE_URL is not set.',
    readBy: both,
    defaultText: '`<VKVIDEO_API_BASE_URL>/v1/current_user`',
  }),
  VKVIDEO_SCOPES: scopes('Scopes that a streamer is asked for.', api),
  VKVIDEO_BOT_SCOPES: scopes(
    'Scopes that a bot account is asked for. `chat:message:send` is always added.',
    api,
    '`VKVIDEO_SCOPES`',
  ),
  VKVIDEO_API_BASE_URL: url({
    source: 'the public address',
    fill: 'https://apidev.live.vkvideo.ru',
    help: 'Base address of the DevAPI. The public one is https://apidev.live.vkvideo.ru',
    readBy: both,
    defaultText: 'host of `VKVIDEO_USERINFO_URL`',
  }),
  VKVIDEO_PUBSUB_WS_URL: url({
    help: 'Address of the server for chat events.',
    readBy: worker,
    protocols: ['ws', 'wss'],
    default: 'wss://pubsub-dev.live.vkvideo.ru/connection/websocket?format=json&cf_protocol_version=v2',
  }),
  VKVIDEO_PUBSUB_REFRESH_SECONDS: integer({
    help: 'Age in seconds at which a connection for chat events is replaced by a new one.',
    readBy: worker,
    default: 600,
    min: 30,
    unitMs: 1000,
  }),
  VKVIDEO_CHATBOT_SYNC_SECONDS: integer({
    help: 'Interval in seconds at which the worker checks in which channels the bot is enabled and which of them are live.',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  VKVIDEO_CHATBOT_OUTBOX_POLL_MS: integer({
    help: MEANING.outboxPoll,
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  VKVIDEO_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: MEANING.commandsRefresh,
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  VKVIDEO_ROLE_STUBS_JSON: custom(
    {
      help: 'Role ids of viewers for trying out commands. They replace the role ids that VK Video Live reports.',
      readBy: worker,
      default: NO_STUBS,
      defaultText: '–',
      rangeText: 'JSON object',
    },
    readRoleStubs,
  ),
  VKVIDEO_USER_ROLES_CACHE_TTL_MS: integer({
    help: 'Milliseconds for which the role ids of a viewer are kept.',
    readBy: worker,
    default: 30_000,
    min: 5000,
    unitMs: 1,
  }),
  VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE: custom(
    {
      help: 'Address that returns the role ids of a viewer, where it is not the DevAPI.',
      readBy: worker,
      default: null as string | null,
      defaultText: '`<VKVIDEO_API_BASE_URL>/v1/channel_roles/user?channel_url={channelUrl}&user_id={userId}`',
      rangeText: 'URL with `{userId}` and `{channelId}` or `{channelUrl}`',
    },
    (raw) =>
      /^https?:\/\//.test(raw) && raw.includes('{userId}') && /\{channel(Id|Url)\}/.test(raw)
        ? { value: raw }
        : {
            problem:
              'VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE must be a URL with {userId} and with {channelId} or {channelUrl}',
          },
  ),
  VKVIDEO_CHANNEL_SEND_PER_S: integer({
    help: MEANING.channelRate,
    readBy: worker,
    default: 1,
  }),
});

export type VkVideoSettings = SettingsOf<typeof vkvideoVariables>;

/** The configuration reads `vkvideoVariables`, so what it hands down has their types. */
export function vkvideoSettings(settings: PlatformSettings): VkVideoSettings {
  return settings as VkVideoSettings;
}

/** The DevAPI, without a slash at the end; null while nothing names it (docs/contract/workers.md#preparing-a-vk-video-live-channel). */
export function apiBaseOf(settings: VkVideoSettings): string | null {
  const { VKVIDEO_API_BASE_URL: base, VKVIDEO_USERINFO_URL: userinfo } = settings;
  return base ?? (userinfo === null ? null : new URL(userinfo).origin);
}

function scopes(help: string, readBy: readonly string[], defaultText = '–') {
  const description = {
    help,
    readBy,
    defaultText,
    default: [] as readonly string[],
    rangeText: 'list separated by spaces or commas',
  };
  return custom(description, (raw) => ({ value: [...new Set(raw.split(/[\s,]+/).filter(Boolean))] }));
}
