/** Every answer the HTTP contract promises, as data (docs/contract/http-api.md#endpoint-index). */

/** As the OpenAPI document spells it: method and path. */
export type Route = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`;

/** Status, and where it has one its `errorCode`, or the `reason` of a redirect: `409 CONFLICT`, `302 ?no_code`. */
export type Promised = string;

interface Described {
  /** The heading of docs/contract/http-api.md that says so, as an anchor. */
  readonly section: string;
  readonly answers: readonly Promised[];
}

/** In the order of docs/contract/http-api.md#callback-outcomes. */
const CALLBACK: readonly Promised[] = [
  '302',
  '302 ?access_denied',
  '302 ?vk_oauth_error',
  '302 ?no_code',
  '302 ?state_not_found',
  '302 ?state_already_used',
  '302 ?state_expired',
  '302 ?invalid_state_kind',
  '302 ?login_not_supported',
  '302 ?missing_oauth_env',
  '302 ?no_token',
  '302 ?no_user',
  '302 ?provider_not_supported',
  '302 ?missing_link_user',
  '302 ?account_already_linked',
  '409 ACCOUNT_ALREADY_LINKED',
  '302 ?user_not_found',
  '302 ?subscription_required',
  '302 ?bot_account_in_use',
  '302 ?login_required',
  '302 ?link_user_mismatch',
  '302 ?forbidden',
  '302 ?exception',
];

/** In the order of docs/contract/http-api.md#endpoint-index. */
export const CONTRACT: Readonly<Record<Route, Described>> = {
  'GET /streamer/bots': { section: 'list-the-bots', answers: ['200'] },
  'GET /streamer/bots/{provider}/diagnostics': {
    section: 'diagnose-a-bot',
    answers: ['200', '400 VALIDATION_ERROR', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'PATCH /streamer/bots/{provider}': {
    section: 'switch-a-bot',
    answers: [
      '200',
      '410 PROVIDER_DEPRECATED',
      '400 VALIDATION_ERROR',
      '404 CHANNEL_NOT_FOUND',
      '400 TWITCH_CHANNEL_NOT_LINKED',
      '503 TWITCH_BOT_NOT_CONFIGURED',
      '400 BAD_REQUEST',
      '502 UPSTREAM_UNAVAILABLE',
      '412 YOUTUBE_RELINK_REQUIRED',
      '409 YOUTUBE_CHANNEL_REQUIRED',
      '503 YOUTUBE_API_NOT_CONFIGURED',
      '503 YOUTUBE_API_QUOTA',
      '400 YOUTUBE_ENABLE_FAILED',
      '503 YOUTUBE_BOT_NOT_CONFIGURED',
      '503 VKVIDEO_BOT_NOT_CONFIGURED',
      '400 VKVIDEO_NOT_LINKED',
      '400 VKVIDEO_CURRENT_USER_FAILED',
      '503 TROVO_BOT_NOT_CONFIGURED',
      '400 TROVO_NOT_LINKED',
      '503 KICK_BOT_NOT_CONFIGURED',
      '400 KICK_NOT_LINKED',
      '400 KICK_SCOPE_MISSING_EVENTS_SUBSCRIBE',
      '401 KICK_ACCESS_TOKEN_MISSING',
      '502 KICK_SUBSCRIPTION_CREATE_FAILED',
      '403 CHANNEL_NOT_OWNED',
      '409 CHANNEL_ALREADY_ENABLED',
    ],
  },
  'GET /streamer/bots/vkvideo/candidates': {
    section: 'vk-video-live-candidates',
    answers: ['200', '400 VKVIDEO_NOT_LINKED', '400 VKVIDEO_CURRENT_USER_FAILED'],
  },
  'GET /streamer/bots/{provider}/bot': { section: 'show-the-custom-sender', answers: ['200', '404 NOT_FOUND'] },
  'GET /streamer/bots/{provider}/bot/link': {
    section: 'link-a-custom-sender',
    answers: ['302', '403 SUBSCRIPTION_REQUIRED', '503 BOT_NOT_CONFIGURED', '403 CSRF_INVALID', '404 NOT_FOUND'],
  },
  'DELETE /streamer/bots/{provider}/bot': { section: 'unlink-the-custom-sender', answers: ['200', '404 NOT_FOUND'] },
  'GET /streamer/entitlements/custom-bot': { section: 'own-entitlement', answers: ['200'] },
  'GET /streamer/bot/commands': { section: 'commands', answers: ['200'] },
  'POST /streamer/bot/commands': {
    section: 'commands',
    answers: ['201', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND', '409 CONFLICT'],
  },
  'PATCH /streamer/bot/commands/{id}': {
    section: 'commands',
    answers: ['200', '400 BAD_REQUEST', '404 NOT_FOUND', '409 CONFLICT'],
  },
  'DELETE /streamer/bot/commands/{id}': { section: 'commands', answers: ['200', '404 NOT_FOUND'] },
  'POST /streamer/bot/say': {
    section: 'say',
    answers: [
      '200',
      '400 BAD_REQUEST',
      '400 VALIDATION_ERROR',
      '400 BOT_DISABLED',
      '404 CHANNEL_NOT_FOUND',
      '409 CONFLICT',
    ],
  },
  'GET /streamer/bot/outbox/{provider}/{id}': {
    section: 'look-up-a-message',
    answers: ['200', '400 BAD_REQUEST', '404 NOT_FOUND'],
  },
  'GET /streamer/bot/follow-greetings': { section: 'follow-greetings', answers: ['200', '404 CHANNEL_NOT_FOUND'] },
  'POST /streamer/bot/follow-greetings/enable': {
    section: 'follow-greetings',
    answers: ['200', '400 BAD_REQUEST', '400 TWITCH_CHANNEL_NOT_LINKED', '404 CHANNEL_NOT_FOUND'],
  },
  'POST /streamer/bot/follow-greetings/disable': {
    section: 'follow-greetings',
    answers: ['200', '404 CHANNEL_NOT_FOUND'],
  },
  'PATCH /streamer/bot/follow-greetings': {
    section: 'follow-greetings',
    answers: ['200', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'GET /streamer/bot/stream-duration': {
    section: 'stream-duration-command',
    answers: ['200', '404 CHANNEL_NOT_FOUND'],
  },
  'PATCH /streamer/bot/stream-duration': {
    section: 'stream-duration-command',
    answers: ['200', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'POST /streamer/bot/enable': {
    section: 'legacy-twitch-toggles',
    answers: [
      '200',
      '404 CHANNEL_NOT_FOUND',
      '400 TWITCH_CHANNEL_NOT_LINKED',
      '400 BAD_REQUEST',
      '502 UPSTREAM_UNAVAILABLE',
      '409 CHANNEL_ALREADY_ENABLED',
    ],
  },
  'POST /streamer/bot/disable': {
    section: 'legacy-twitch-toggles',
    answers: ['200', '404 CHANNEL_NOT_FOUND', '400 TWITCH_CHANNEL_NOT_LINKED'],
  },
  'GET /streamer/bot/subscription': { section: 'legacy-twitch-toggles', answers: ['200'] },
  'GET /owner/bots/{provider}/default/status': { section: 'default-bot', answers: ['200', '404 NOT_FOUND'] },
  'GET /owner/bots/{provider}/default/link': {
    section: 'default-bot',
    answers: ['302', '503 BOT_NOT_CONFIGURED', '403 CSRF_INVALID', '404 NOT_FOUND'],
  },
  'DELETE /owner/bots/{provider}/default': { section: 'default-bot', answers: ['200', '404 NOT_FOUND'] },
  'GET /owner/entitlements/custom-bot': { section: 'entitlement-administration', answers: ['200', '400 BAD_REQUEST'] },
  'POST /owner/entitlements/custom-bot/grant': {
    section: 'entitlement-administration',
    answers: ['200', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'POST /owner/entitlements/custom-bot/revoke': {
    section: 'entitlement-administration',
    answers: ['200', '400 BAD_REQUEST'],
  },
  'POST /owner/entitlements/custom-bot/grant-by-provider': {
    section: 'entitlement-administration',
    answers: ['200', '400 BAD_REQUEST', '404 NOT_FOUND'],
  },
  'GET /owner/channels/resolve': {
    section: 'entitlement-administration',
    answers: ['200', '400 BAD_REQUEST', '404 NOT_FOUND'],
  },
  'GET /auth/{provider}/callback': { section: 'callback-outcomes', answers: CALLBACK },
  'GET /auth/{provider}/link/callback': { section: 'callback-outcomes', answers: CALLBACK },
  'GET /auth/{provider}/link': {
    section: 'flow',
    answers: ['302', '302 ?missing_oauth_env', '302 ?provider_not_supported', '403 CSRF_INVALID'],
  },
  'GET /owner/diagnostics': { section: 'diagnose-the-installation', answers: ['200', '400 BAD_REQUEST'] },
  'GET /owner/workers': { section: 'diagnose-the-installation', answers: ['200'] },
  'GET /auth/me': { section: 'who-is-signed-in', answers: ['200', '400 BAD_REQUEST'] },
  'GET /auth/accounts': { section: 'accounts', answers: ['200'] },
  'DELETE /auth/accounts/{externalAccountId}': {
    section: 'accounts',
    answers: ['200', '404 NOT_FOUND', '409 CONFLICT', '400 BAD_REQUEST'],
  },
  'POST /internal/credits/chatter': {
    section: 'relay-a-chatter',
    answers: ['200', '400 BAD_REQUEST', '404 NOT_FOUND'],
  },
  'POST /internal/credits/donor': { section: 'relay-a-donor', answers: ['200', '400 BAD_REQUEST', '404 NOT_FOUND'] },
  'GET /internal/diagnostics': { section: 'ask-an-api-process', answers: ['200', '404 NOT_FOUND'] },
  'GET /streamer/credits/token': { section: 'streamer-credits-endpoints', answers: ['200', '404 CHANNEL_NOT_FOUND'] },
  'POST /streamer/credits/token/rotate': {
    section: 'streamer-credits-endpoints',
    answers: ['200', '404 CHANNEL_NOT_FOUND'],
  },
  'GET /streamer/credits/state': { section: 'streamer-credits-endpoints', answers: ['200', '404 CHANNEL_NOT_FOUND'] },
  'POST /streamer/credits/reset': { section: 'streamer-credits-endpoints', answers: ['200', '404 CHANNEL_NOT_FOUND'] },
  'POST /streamer/credits/settings': {
    section: 'streamer-credits-endpoints',
    answers: ['200', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'GET /streamer/credits/reconnect-window': {
    section: 'streamer-credits-endpoints',
    answers: ['200', '404 CHANNEL_NOT_FOUND'],
  },
  'POST /streamer/credits/reconnect-window': {
    section: 'streamer-credits-endpoints',
    answers: ['200', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'GET /streamer/credits/ignored-chatters': {
    section: 'streamer-credits-endpoints',
    answers: ['200', '404 CHANNEL_NOT_FOUND'],
  },
  'POST /streamer/credits/ignored-chatters': {
    section: 'streamer-credits-endpoints',
    answers: ['200', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND'],
  },
  'GET /overlay/credits/t/{token}': { section: 'overlay-page', answers: ['200', '400 BAD_REQUEST'] },
  'POST /webhooks/kick/events': {
    section: 'kick-webhook',
    answers: [
      '200',
      '400 BAD_REQUEST',
      '403 FORBIDDEN',
      '503 KICK_PUBLIC_KEY_UNAVAILABLE',
      '404 FEATURE_NOT_AVAILABLE',
    ],
  },
  'POST /webhooks/twitch/eventsub': {
    section: 'twitch-eventsub-webhook',
    answers: ['200', '400 BAD_REQUEST', '403 FORBIDDEN', '404 FEATURE_NOT_AVAILABLE'],
  },
  'GET /': { section: 'pages-for-people', answers: ['200'] },
  'GET /dashboard': { section: 'pages-for-people', answers: ['200'] },
  'GET /settings/accounts': { section: 'pages-for-people', answers: ['200'] },
  'GET /settings/bot': { section: 'pages-for-people', answers: ['200'] },
  'GET /settings/bot/{page}': { section: 'pages-for-people', answers: ['200', '404 NOT_FOUND'] },
  'GET /health': { section: 'operational-endpoints', answers: ['200'] },
  'GET /auth/{provider}': {
    section: 'login-and-logout',
    answers: ['302', '302 ?no_client_id', '302 ?no_callback_url', '302 ?unsupported_provider'],
  },
  'GET /auth/{provider}/complete': { section: 'login-and-logout', answers: ['302', '302 ?state_not_found'] },
  'POST /auth/logout': { section: 'login-and-logout', answers: ['200'] },
  'GET /streamer/bot/outbox': {
    section: 'history-of-messages',
    answers: ['200', '400 BAD_REQUEST', '400 VALIDATION_ERROR'],
  },
  'GET /streamer/events': { section: 'live-events-of-a-channel', answers: ['200', '404 CHANNEL_NOT_FOUND'] },
  'GET /streamer/audit': { section: 'audit-of-a-channel', answers: ['200', '400 BAD_REQUEST'] },
  'GET /streamer/api-tokens': { section: 'api-tokens', answers: ['200'] },
  'POST /streamer/api-tokens': {
    section: 'api-tokens',
    answers: ['201', '400 BAD_REQUEST', '404 CHANNEL_NOT_FOUND', '409 CONFLICT'],
  },
  'DELETE /streamer/api-tokens/{id}': { section: 'api-tokens', answers: ['200', '404 NOT_FOUND'] },
  'POST /auth/logout/everywhere': { section: 'login-and-logout', answers: ['200'] },
  'POST /owner/users/{id}/sign-out': { section: 'users-and-audit', answers: ['200', '404 NOT_FOUND'] },
  'GET /owner/audit': { section: 'users-and-audit', answers: ['200', '400 BAD_REQUEST'] },
  'GET /owner/entitlements/custom-bot/list': {
    section: 'entitlement-administration',
    answers: ['200', '400 BAD_REQUEST'],
  },
  'GET /overlay/credits/t/{token}/events': {
    section: 'event-streams',
    answers: ['200', '400 BAD_REQUEST', '403 FORBIDDEN'],
  },
  'GET /capabilities': { section: 'capabilities', answers: ['200'] },
  'GET /healthz': { section: 'operational-endpoints', answers: ['200'] },
  'GET /ready': { section: 'operational-endpoints', answers: ['200', '503'] },
  'GET /readyz': { section: 'operational-endpoints', answers: ['200', '503'] },
  'GET /metrics': { section: 'operational-endpoints', answers: ['200', '404 NOT_FOUND'] },
};

/** Not in the OpenAPI document: our own processes know it, and to everybody else it does not exist (docs/contract/http-api.md#relay-a-chatter). */
export const HIDDEN: ReadonlySet<Route> = new Set([
  'POST /internal/credits/chatter',
  'POST /internal/credits/donor',
  'GET /internal/diagnostics',
]);

export const ROUTES = Object.keys(CONTRACT) as Route[];

export function promisedBy(route: Route): readonly Promised[] {
  return CONTRACT[route]?.answers ?? [];
}
