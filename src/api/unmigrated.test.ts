import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { EVENTSUB_SECRET, JWT_SECRET, startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { issueSession } from '../accounts/sessions.ts';
import { migrate } from '../db/migrate.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';

const { url } = await createTestDatabase({ empty: true });
const identity = { userId: 'u1' as UserId, role: 'streamer' as const, channelId: 'c1' as ChannelId };
const token = await issueSession(identity, JWT_SECRET, 3600, new Date());

const command = { trigger: '!x', response: 'x' };
const duration = { enabled: true, trigger: '!t', breakCreditMinutes: 1, onlyWhenLive: false };
const chatter = { channelSlug: 's', userId: 'u', displayName: 'x' };

const FEATURES: readonly [method: string, path: string, body?: unknown][] = [
  ['GET', '/streamer/bots'],
  ['PATCH', '/streamer/bots/twitch', { enabled: true }],
  ['PATCH', '/streamer/bots/twitch', { enabled: false }],
  ['PATCH', '/streamer/bots/kick', { enabled: false }],
  ['GET', '/streamer/bots/kick/bot'],
  ['DELETE', '/streamer/bots/kick/bot'],
  ['GET', '/streamer/entitlements/custom-bot'],
  ['GET', '/owner/bots/kick/default/status'],
  ['DELETE', '/owner/bots/kick/default'],
  ['GET', '/owner/entitlements/custom-bot?channelId=c1'],
  ['POST', '/owner/entitlements/custom-bot/grant', { channelId: 'c1' }],
  ['POST', '/owner/entitlements/custom-bot/revoke', { channelId: 'c1' }],
  ['GET', '/streamer/bot/commands'],
  ['POST', '/streamer/bot/commands', command],
  ['PATCH', '/streamer/bot/commands/1', { enabled: false }],
  ['DELETE', '/streamer/bot/commands/1'],
  ['POST', '/streamer/bot/say', { message: 'x', provider: 'twitch' }],
  ['POST', '/streamer/bot/say', { message: 'x' }],
  ['GET', '/streamer/bot/outbox/twitch/1'],
  ['GET', '/streamer/bot/follow-greetings'],
  ['POST', '/streamer/bot/follow-greetings/enable', {}],
  ['POST', '/streamer/bot/follow-greetings/disable'],
  ['PATCH', '/streamer/bot/follow-greetings', { followGreetingTemplate: 'hi' }],
  ['GET', '/streamer/bot/stream-duration'],
  ['PATCH', '/streamer/bot/stream-duration', duration],
  ['POST', '/streamer/bot/enable'],
  ['POST', '/streamer/bot/disable'],
  ['GET', '/streamer/bot/subscription'],
  ['GET', '/streamer/credits/token'],
  ['POST', '/streamer/credits/token/rotate'],
  ['GET', '/streamer/credits/state'],
  ['POST', '/streamer/credits/reset'],
  ['POST', '/streamer/credits/settings', { creditsStyleJson: null }],
  ['GET', '/streamer/credits/reconnect-window'],
  ['POST', '/streamer/credits/reconnect-window', { minutes: 5 }],
  ['GET', '/streamer/credits/ignored-chatters'],
  ['POST', '/streamer/credits/ignored-chatters', { creditsIgnoredChatters: [] }],
  ['GET', '/streamer/events'],
  ['GET', '/streamer/bot/outbox'],
  ['GET', '/streamer/audit'],
  ['GET', '/streamer/api-tokens'],
  ['POST', '/streamer/api-tokens', { name: 'x', scopes: ['say'] }],
  ['DELETE', '/streamer/api-tokens/1'],
  ['POST', '/internal/credits/chatter', chatter],
  ['POST', '/internal/credits/chatter', [chatter]],
  ['POST', '/internal/credits/donor', { channelSlug: 's', name: 'x', amount: 1 }],
  ['GET', '/auth/twitch'],
];

const env = { TWITCH_CALLBACK_URL: 'http://localhost:3001/auth/twitch/callback' };

test('on a database without tables every feature is 404 "Feature not available", and the API goes on', async () => {
  const api = await startApiWorld(url, { env });
  const headers = { 'x-memalerts-internal': 'credits-event' };
  for (const [method, path, body] of FEATURES) {
    const { status, json } = await api.ask({ token }, method, path, { body, headers });
    expect([method, path, status, json]).toEqual([
      method,
      path,
      404,
      { errorCode: 'FEATURE_NOT_AVAILABLE', error: 'Feature not available', requestId: expect.any(String) },
    ]);
  }
  expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
  expect((await api.ask(null, 'GET', '/readyz')).json).toEqual({
    status: 'not_ready',
    reasons: ['schema_missing'],
    reason: expect.stringContaining('memalerts migrate'),
    warnings: [],
  });
  expect(api.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

test('a webhook is still checked for its signature first', async () => {
  const api = await startApiWorld(url);
  const raw = JSON.stringify({
    subscription: { id: 's', status: 'enabled', type: 'stream.online', condition: { broadcaster_user_id: '1' } },
    event: { broadcaster_user_id: '1' },
  });
  const timestamp = new Date().toISOString();
  const signature = createHmac('sha256', EVENTSUB_SECRET).update(`m1${timestamp}${raw}`).digest('hex');
  const headers = {
    'twitch-eventsub-message-id': 'm1',
    'twitch-eventsub-message-timestamp': timestamp,
    'twitch-eventsub-message-type': 'notification',
    'twitch-eventsub-message-signature': `sha256=${signature}`,
  };
  const deliver = (given: Record<string, string>) =>
    api.codeOf(null, 'POST', '/webhooks/twitch/eventsub', { raw, headers: given });
  expect(await deliver({ ...headers, 'twitch-eventsub-message-id': 'm2' })).toEqual([403, 'FORBIDDEN']);
  expect(await deliver(headers)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
});

test('what is missing is logged once without anybody asking, and /readyz says whether it was ever migrated', async () => {
  const empty = await createTestDatabase({ empty: true });
  const api = await startApiWorld(empty.url);
  const logged = () =>
    api.lines.map((line) => JSON.parse(line)).filter(({ event }) => /^api\.(not_ready|ready_again)$/.test(event));
  await expect.poll(logged).toMatchObject([{ level: 'warn', reason: 'schema_missing' }]);
  expect(logged()[0].fix).toContain('has no tables yet');
  const ready = async (lang: string) => (await api.ask(null, 'GET', `/readyz?lang=${lang}`)).json;
  expect(await ready('en')).toMatchObject({
    reasons: ['schema_missing'],
    reason: expect.stringContaining('no tables'),
  });
  expect((await ready('ru')).reason).toContain('ещё нет таблиц');
  await migrate(empty.url);
  expect((await ready('en')).status).toBe('ready');
  expect(logged().map(({ event }) => event)).toEqual(['api.not_ready', 'api.ready_again']);
  await api.pg.query('drop table "BotIntegrationSettings" cascade');
  expect((await ready('en')).reason).toContain('of another release');
});

test('a database that is migrated later makes everything available without a restart', async () => {
  const late = await createTestDatabase({ empty: true });
  const api = await startApiWorld(late.url);
  expect(await api.codeOf({ token }, 'GET', '/streamer/bots')).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
  await migrate(late.url);
  const who = await api.streamer();
  expect(await api.codeOf(who, 'GET', '/streamer/bots')).toEqual([200, undefined]);
  expect((await api.ask(null, 'GET', '/readyz')).json).toEqual({ status: 'ready', reasons: [], warnings: [] });
});

test('one missing table hides its own feature only', async () => {
  const { url: full } = await createTestDatabase();
  const api = await startApiWorld(full);
  const who = await api.streamer();
  await api.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, 'solo')`, [
    who.channelId,
  ]);
  await api.pg.query(
    'drop table "ChatBotCommand", "KickChatBotSubscription", "BotIntegrationSettings", "TwitchBotIntegration"',
  );
  expect(await api.codeOf(who, 'GET', '/streamer/bot/commands')).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
  expect(await api.codeOf(who, 'GET', '/streamer/bots')).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
  // Without a provider, a missing subscription table is an off switch and a missing gate is none.
  const said = await api.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'x' } });
  expect([said.status, said.json.provider]).toEqual([200, 'twitch']);
  expect(await api.codeOf(who, 'POST', '/streamer/bot/say', { body: { message: 'x', provider: 'kick' } })).toEqual([
    404,
    'FEATURE_NOT_AVAILABLE',
  ]);
  expect(await api.codeOf(who, 'GET', '/streamer/bot/stream-duration')).toEqual([200, undefined]);
});

test('without the rights of the database no claim of a token counts, and the beta says the same', async () => {
  for (const env of [{}, { INSTANCE: 'beta' }]) {
    const { url: full } = await createTestDatabase();
    const api = await startApiWorld(full, { env });
    const viewer = await api.person('viewer');
    const { channelId } = await api.streamer();
    const claim = await issueSession({ ...viewer, role: 'admin', channelId }, JWT_SECRET, 3600, new Date());
    await api.pg.query('alter table "User" drop column "hasBetaAccess" cascade');
    expect(await api.codeOf({ token: claim }, 'GET', '/streamer/bots')).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
  }
});

test('a missing column is a missing feature too', async () => {
  const { url: full } = await createTestDatabase();
  const api = await startApiWorld(full);
  const who = await api.streamer();
  await api.pg.query('alter table "Channel" drop column "streamDurationCommandJson" cascade');
  await api.pg.query('drop trigger hint_update on "Channel"');
  expect(await api.codeOf(who, 'GET', '/streamer/bot/stream-duration')).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
});
