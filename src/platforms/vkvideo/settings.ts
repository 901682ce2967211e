/** Every environment variable only VK Video Live reads, for the API and the worker. */
import { custom, integer, type SettingsOf, switchedOn, text, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';
import { NO_STUBS, readRoleStubs } from './roles/role-stubs.ts';

const api = ['api'];
const worker = ['vkvideo'];
const both = ['api', 'vkvideo'];

export const vkvideoVariables = variables({
  VKVIDEO_CHAT_BOT_ENABLED: switchedOn({ help: 'the VK Video Live worker', readBy: worker }),
  VKVIDEO_CLIENT_ID: text({ help: 'VK Video Live application', readBy: both }),
  VKVIDEO_CLIENT_SECRET: text({ help: 'secret of the VK Video Live application', readBy: both, isSecret: true }),
  VKVIDEO_CALLBACK_URL: url({
    help: 'redirect of linking, repeated at every refresh, e.g. http://localhost:3001/auth/vkvideo/link/callback',
    readBy: both,
    isOwnAddress: true,
  }),
  VKVIDEO_AUTHORIZE_URL: url({
    help: 'consent page, publicly https://auth.live.vkvideo.ru/app/oauth2/authorize',
    readBy: api,
  }),
  VKVIDEO_TOKEN_URL: url({
    help: 'token endpoint, publicly https://api.live.vkvideo.ru/oauth/server/token',
    readBy: both,
  }),
  VKVIDEO_USERINFO_URL: url({
    help: 'profile at linking; also names the host of the DevAPI when VKVIDEO_API_BASE_URL does not',
    readBy: both,
    defaultText: '`<VKVIDEO_API_BASE_URL>/v1/current_user`',
  }),
  VKVIDEO_SCOPES: scopes('scopes of linking a streamer', api),
  VKVIDEO_BOT_SCOPES: scopes(
    'scopes of linking a bot; `chat:message:send` is always among them',
    api,
    '`VKVIDEO_SCOPES`',
  ),
  VKVIDEO_API_BASE_URL: url({
    help: 'DevAPI, publicly https://apidev.live.vkvideo.ru',
    readBy: both,
    defaultText: 'host of `VKVIDEO_USERINFO_URL`',
  }),
  VKVIDEO_PUBSUB_WS_URL: url({
    help: 'chat events',
    readBy: worker,
    protocols: ['ws', 'wss'],
    default: 'wss://pubsub-dev.live.vkvideo.ru/connection/websocket?format=json&cf_protocol_version=v2',
  }),
  VKVIDEO_PUBSUB_REFRESH_SECONDS: integer({
    help: 'age at which a connection for events is replaced by a fresh one',
    readBy: worker,
    default: 600,
    min: 30,
    unitMs: 1000,
  }),
  VKVIDEO_CHATBOT_SYNC_SECONDS: integer({
    help: 'distance of subscription syncs and live checks',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  VKVIDEO_CHATBOT_OUTBOX_POLL_MS: integer({
    help: 'distance of outbox polls while wake-up hints do not arrive',
    readBy: worker,
    default: 1000,
    min: 250,
    unitMs: 1,
  }),
  VKVIDEO_CHATBOT_COMMANDS_REFRESH_SECONDS: integer({
    help: 'distance of command refreshes',
    readBy: worker,
    default: 30,
    min: 5,
    unitMs: 1000,
  }),
  VKVIDEO_ROLE_STUBS_JSON: custom(
    {
      help: 'role ids of viewers, in the place of what the platform says',
      readBy: worker,
      default: NO_STUBS,
      defaultText: '–',
      rangeText: 'JSON object',
    },
    readRoleStubs,
  ),
  VKVIDEO_USER_ROLES_CACHE_TTL_MS: integer({
    help: 'life of a role look-up',
    readBy: worker,
    default: 30_000,
    min: 5000,
    unitMs: 1,
  }),
  VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE: custom(
    {
      help: 'role look-up elsewhere than at the DevAPI',
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
              'VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE has to be a URL with {userId} and one of {channelId}, {channelUrl}',
          },
  ),
  VKVIDEO_CHANNEL_SEND_PER_S: integer({
    help: 'messages per second and channel, 0 is off',
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
  const description = { help, readBy, defaultText, default: [] as readonly string[], rangeText: 'space or comma list' };
  return custom(description, (raw) => ({ value: [...new Set(raw.split(/[\s,]+/).filter(Boolean))] }));
}
