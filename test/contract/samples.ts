/** A request of every route that nothing is wrong with but who asks: guards vary the caller, random requests the rest. */
import type { Ask } from './call.ts';
import type { Route } from './contract.ts';

const DURATION = { enabled: true, trigger: '!time', breakCreditMinutes: 60, onlyWhenLive: false };
const CHATTER = { channelSlug: 'nobody', userId: 'kick:1', displayName: 'Mira' };
const twitch = { params: { provider: 'twitch' } };
const kick = { params: { provider: 'kick' } };
const unknown = '00000000-0000-4000-8000-000000000000';

const SAMPLES: Partial<Record<Route, Ask>> = {
  'PATCH /streamer/bots/{provider}': { ...twitch, body: { enabled: false } },
  'GET /streamer/bots/{provider}/diagnostics': twitch,
  'GET /streamer/bots/{provider}/bot': kick,
  'GET /streamer/bots/{provider}/bot/link': kick,
  'DELETE /streamer/bots/{provider}/bot': kick,
  'POST /streamer/bot/commands': { body: { trigger: '!hi', response: 'hello' } },
  'PATCH /streamer/bot/commands/{id}': { params: { id: unknown }, body: { enabled: false } },
  'DELETE /streamer/bot/commands/{id}': { params: { id: unknown } },
  'POST /streamer/bot/say': { body: { message: 'hello', provider: 'twitch' } },
  'GET /streamer/bot/outbox/{provider}/{id}': { params: { provider: 'twitch', id: unknown } },
  'GET /streamer/bot/outbox': { query: { limit: '5' } },
  'POST /streamer/bot/follow-greetings/enable': { body: { followGreetingTemplate: 'welcome, {user}' } },
  'PATCH /streamer/bot/follow-greetings': { body: { followGreetingTemplate: 'welcome, {user}' } },
  'PATCH /streamer/bot/stream-duration': { body: DURATION },
  'POST /streamer/api-tokens': { body: { name: 'deck', scopes: ['say'] } },
  'DELETE /streamer/api-tokens/{id}': { params: { id: unknown } },
  'GET /owner/bots/{provider}/default/status': kick,
  'GET /owner/bots/{provider}/default/link': kick,
  'DELETE /owner/bots/{provider}/default': kick,
  'GET /owner/entitlements/custom-bot': { query: { channelId: unknown } },
  'POST /owner/entitlements/custom-bot/grant': { body: { channelId: unknown } },
  'POST /owner/entitlements/custom-bot/revoke': { body: { channelId: unknown } },
  'POST /owner/entitlements/custom-bot/grant-by-provider': { body: { provider: 'twitch', externalId: '9999999' } },
  'GET /owner/channels/resolve': { query: { provider: 'twitch', externalId: '9999999' } },
  'POST /owner/users/{id}/sign-out': { params: { id: unknown } },
  'GET /settings/bot/{page}': { params: { page: 'twitch' } },
  'GET /auth/{provider}': twitch,
  'GET /auth/{provider}/link': twitch,
  'GET /auth/{provider}/callback': { ...twitch, query: { code: 'abc', state: 'abc' } },
  'GET /auth/{provider}/link/callback': { ...kick, query: { code: 'abc', state: 'abc' } },
  'GET /auth/{provider}/complete': { ...twitch, query: { code: 'abc', state: 'abc' } },
  'DELETE /auth/accounts/{externalAccountId}': { params: { externalAccountId: unknown } },
  'POST /internal/credits/chatter': { headers: { 'x-memalerts-internal': 'credits-event' }, body: CHATTER },
  'POST /internal/credits/donor': {
    headers: { 'x-memalerts-internal': 'credits-event' },
    body: { channelSlug: 'nobody', name: 'Mira', amount: 5 },
  },
  'GET /internal/diagnostics': { headers: { 'x-memalerts-internal': 'credits-event' } },
  'POST /streamer/credits/settings': { body: { creditsStyleJson: '{"fontSize":20}' } },
  'POST /streamer/credits/reconnect-window': { body: { minutes: 30 } },
  'POST /streamer/credits/ignored-chatters': { body: { creditsIgnoredChatters: ['nightbot'] } },
  'GET /overlay/credits/t/{token}': { params: { token: 'abc.def' } },
  'GET /overlay/credits/t/{token}/events': { params: { token: 'abc.def' } },
};

export function sampleOf(route: Route): Ask {
  return SAMPLES[route] ?? {};
}

export function hasBody(route: Route): boolean {
  return sampleOf(route).body !== undefined;
}
