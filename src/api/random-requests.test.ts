import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const who = await api.streamer();
const owner = await api.person('admin');
await api.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, 'random')`, [
  who.channelId,
]);
const headers = { 'x-memalerts-internal': 'credits-event' };

/** Right for every route that takes a body; each request has some of it replaced. */
const GOOD = {
  enabled: false,
  trigger: '!x',
  response: 'x',
  onlyWhenLive: false,
  allowedRoles: ['vip'],
  allowedUsers: ['ada'],
  vkvideoAllowedRoleIds: ['r1'],
  message: 'x',
  provider: 'twitch',
  followGreetingTemplate: 'hi {user}',
  responseTemplate: '{hours}',
  breakCreditMinutes: 5,
  creditsStyleJson: '{}',
  minutes: 5,
  creditsIgnoredChatters: ['bot'],
  channelSlug: who.slug,
  userId: 'u',
  displayName: 'x',
  avatarUrl: null,
  name: 'x',
  amount: 1,
  currency: 'RUB',
  channelId: who.channelId,
  source: 'manual',
  externalId: '1',
  scopes: ['say'],
  expiresAt: null,
};
const KEYS = Object.keys(GOOD);

const ROUTES = [
  ['PATCH', '/streamer/bots/twitch'],
  ['PATCH', '/streamer/bots/:text'],
  ['POST', '/streamer/bot/commands'],
  ['PATCH', '/streamer/bot/commands/:text'],
  ['DELETE', '/streamer/bot/commands/:text'],
  ['POST', '/streamer/bot/say'],
  ['GET', '/streamer/bot/outbox/twitch/:text'],
  ['GET', '/streamer/bot/outbox/:text/1'],
  ['GET', '/streamer/bot/outbox?provider=:text&status=:text'],
  ['GET', '/streamer/bot/outbox?limit=:text&cursor=:text'],
  ['GET', '/streamer/audit?action=:text'],
  ['GET', '/streamer/audit?limit=:text&cursor=:text'],
  ['POST', '/streamer/api-tokens'],
  ['DELETE', '/streamer/api-tokens/:text'],
  ['PATCH', '/streamer/bot/follow-greetings'],
  ['POST', '/streamer/bot/follow-greetings/enable'],
  ['PATCH', '/streamer/bot/stream-duration'],
  ['POST', '/streamer/credits/settings'],
  ['POST', '/streamer/credits/reconnect-window'],
  ['POST', '/streamer/credits/ignored-chatters'],
  ['POST', '/internal/credits/chatter'],
  ['POST', '/internal/credits/donor'],
  ['POST', '/webhooks/twitch/eventsub'],
  ['GET', '/overlay/credits/t/:text'],
  ['GET', '/overlay/credits/t/:text/events'],
  ['GET', '/streamer/bots/:text/bot'],
  ['GET', '/streamer/bots/kick/bot/link?redirect_to=:text&origin=:text'],
  ['DELETE', '/streamer/bots/:text/bot'],
  ['GET', '/owner/bots/:text/default/status'],
  ['GET', '/owner/bots/kick/default/link?redirect_to=:text&origin=:text'],
  ['DELETE', '/owner/bots/:text/default'],
  ['GET', '/owner/entitlements/custom-bot?channelId=:text'],
  ['GET', '/owner/entitlements/custom-bot/list?cursor=:text'],
  ['POST', '/owner/entitlements/custom-bot/grant'],
  ['POST', '/owner/entitlements/custom-bot/revoke'],
  ['POST', '/owner/entitlements/custom-bot/grant-by-provider'],
  ['GET', '/owner/channels/resolve?provider=twitch&externalId=:text'],
  ['GET', '/auth/:text'],
  ['GET', '/auth/twitch/callback?state=:text&code=:text'],
] as const;

/** Texts of every kind: control characters, halves of pairs, long ones, ones that mean something here. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 20 }),
  fc.constantFrom('twitch', who.slug, 'vip', '!x', '\u0000', '\ud800', '-1', 'NaN', 'x'.repeat(600)),
);
const leaf = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(text, leaf, { maxKeys: 2 }));
const replaced = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 2 }).map((some) => ({ ...GOOD, ...some }));
const body = fc.oneof({ weight: 5, arbitrary: replaced }, fc.array(replaced, { maxLength: 3 }), value);

/** A path part of any text, halves of pairs included: percent-encoded bytes, valid or not. */
const encoded = (part: string) =>
  [...Buffer.from(part, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** No platform answers here, and no account speaks: enabling or linking a bot is told so. */
const FORESEEN = /^(UPSTREAM_UNAVAILABLE|([A-Z]+_)?BOT_NOT_CONFIGURED)$/;

test('no request, whatever it carries, is our failure', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ROUTES), body, text, async ([method, pattern], given, part) => {
      const path = pattern.replaceAll(':text', encoded(part));
      const {
        status,
        json,
        text: answer,
      } = await api.ask(path.startsWith('/owner/') ? owner : who, method, path, {
        body: method === 'GET' ? undefined : given,
        headers,
      });
      expect([status < 500 || FORESEEN.test(json?.errorCode), method, path, answer]).toEqual([
        true,
        method,
        path,
        answer,
      ]);
      if (status >= 400)
        expect(json).toMatchObject({
          errorCode: expect.any(String),
          error: expect.any(String),
          requestId: expect.any(String),
        });
    }),
    { numRuns: 1500 },
  );
});
