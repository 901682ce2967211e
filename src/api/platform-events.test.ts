import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { PENDING } from '../../simulators/twitch/eventsub/subscriptions.ts';
import { simulator } from '../../simulators/twitch/test-support.ts';
import { type StreamerPerson, startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { ShiftedClock } from '../../test/support/shifted-clock.ts';

const { url } = await createTestDatabase();

beforeEach(async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('truncate "User", "Channel" cascade');
  await client.end();
});

/** A streamer whose bot was switched on through the API, with a platform that delivers its events there. */
async function world() {
  const clock = new ShiftedClock();
  const twitch = await simulator({ clock });
  const api = await startApiWorld(url, { env: { ...twitch.env(), DOMAIN: 'bots.example' }, clock });
  twitch.mapHost('bots.example', api.url);
  const channel = twitch.addChannel('northpine');
  // As the streamer's sign-in grants it: Twitch tells about follows only then.
  twitch.issueToken(channel, ['moderator:read:followers', 'channel:bot']);
  const who = await api.streamer({ twitchId: channel.id });
  const bot = await api.person('admin');
  await api.pg.query(
    `with account as (
      insert into "ExternalAccount" ("userId", provider, "providerAccountId", "accessToken")
      values ($1, 'twitch', 'bot', 'token') returning id
    ) insert into "GlobalTwitchBotCredential" ("externalAccountId") select id from account`,
    [bot.userId],
  );
  expect((await api.ask(who, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } })).json).toEqual({
    ok: true,
  });
  await expect
    .poll(async () => (await api.pg.query(`select status from "PlatformEventSubscription"`)).rows)
    .toEqual([{ status: 'active' }, { status: 'active' }]);
  await told(twitch);
  return { ...api, twitch, clock, who };
}

/** We know of a subscription before our answer to its challenge has arrived there; until then Twitch tells nothing. */
async function told({ subscriptions }: Awaited<ReturnType<typeof simulator>>): Promise<void> {
  await expect.poll(() => subscriptions.all().map(({ status }) => status)).not.toContain(PENDING);
}

const liveStates = async ({ db }: { db: Awaited<ReturnType<typeof world>>['db'] }, { channelId }: StreamerPerson) =>
  db.selectFrom('ChannelLiveState').select(['provider', 'isLive']).where('channelId', '=', channelId).execute();

test('a stream that begins and ends at the platform is on record: live state, run, credits roll', async () => {
  const { who, twitch, ...api } = await world();
  twitch.goLive('northpine');
  await expect.poll(() => liveStates(api, who)).toEqual([{ provider: 'twitch', isLive: true }]);
  const rollStatus = async () =>
    (await api.db.selectFrom('CreditsRoll').select('status').where('channelId', '=', who.channelId).execute())[0]
      ?.status;
  await expect.poll(rollStatus).toBe('online');
  twitch.goOffline('northpine');
  await expect.poll(() => liveStates(api, who)).toEqual([{ provider: 'twitch', isLive: false }]);
  await expect.poll(rollStatus).toBe('offline');
  const runs = await api.db.selectFrom('StreamRun').select('status').where('channelId', '=', who.channelId).execute();
  expect(runs).toEqual([{ status: 'offline' }]);
});

test('the row of a streamer who renamed is updated by the next event, and left alone when it names another chat', async () => {
  const { who, twitch, clock, ...api } = await world();
  const stored = async () =>
    (await api.pg.query('select "twitchLogin" from "ChatBotSubscription" where "channelId" = $1', [who.channelId]))
      .rows[0].twitchLogin;
  twitch.rename('northpine', 'southoak');
  twitch.goLive('southoak');
  await expect.poll(stored).toBe('southoak');

  twitch.addChannel('westelm');
  await api.pg.query(`update "ChatBotSubscription" set "twitchLogin" = '#WestElm'`);
  const asked = () =>
    twitch.calls.filter(({ path, query }) => path === '/helix/users' && query.includes('login=westelm'));
  twitch.goOffline('southoak');
  await expect.poll(asked).toHaveLength(1);
  await expect.poll(() => liveStates(api, who)).toEqual([{ provider: 'twitch', isLive: false }]);
  expect(await stored()).toBe('#WestElm');

  twitch.rename('westelm', 'eastelm');
  // Twitch is asked about one difference once in ten minutes.
  clock.shift(600_000);
  twitch.goLive('southoak');
  await expect.poll(stored).toBe('southoak');
});

test('a follower is greeted once, cut to what the platform takes, with a time to live', async () => {
  const { who, twitch, ...api } = await world();
  const template = `${'🌲'.repeat(222)}{user}`;
  const enabled = await api.ask(who, 'POST', '/streamer/bot/follow-greetings/enable', {
    body: { followGreetingTemplate: template },
  });
  expect(enabled.json).toMatchObject({ ok: true, followGreetingTemplate: template });
  twitch.addPerson({ login: 'mira_k', displayName: 'Mira_K' });
  const queued = () =>
    api.db
      .selectFrom('ChatBotOutboxMessage')
      .select(['message', 'source', 'status', 'twitchLogin', 'expiresAt'])
      .where('channelId', '=', who.channelId)
      .execute();
  const follow = async () => {
    twitch.follow('northpine', 'mira_k');
    await expect.poll(queued).toHaveLength(1);
  };
  await expect
    .poll(async () => (await api.ask(who, 'GET', '/streamer/bot/follow-greetings')).json.eventSub)
    .toBe('active');
  await told(twitch);
  await follow();
  await follow();
  const [greeting] = await queued();
  expect(greeting).toMatchObject({
    message: `${'🌲'.repeat(222)}Mira_K`,
    source: 'greeting',
    status: 'pending',
    twitchLogin: 'northpine',
  });
  expect(greeting?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 9 * 60_000);
});

test('asking for the address of the credits changes nothing at the platform, whoever subscribed there', async () => {
  const { who, twitch, ...api } = await world();
  const subscribed = () => twitch.subscriptions.all().map(({ id }) => id);
  const before = subscribed();
  expect(before).toHaveLength(2);
  await api.pg.query(`update "Channel" set "followGreetingsEnabled" = true where id = $1`, [who.channelId]);
  expect((await api.ask(who, 'GET', '/streamer/credits/token')).status).toBe(200);
  expect(subscribed()).toEqual(before);
});

test('a platform that cannot be reached is told to the streamer, and the API lives on', async () => {
  const { who, twitch, ...api } = await world();
  await twitch.stop();
  expect(await api.codeOf(who, 'POST', '/streamer/bot/enable')).toEqual([502, 'UPSTREAM_UNAVAILABLE']);
  expect(await api.codeOf(who, 'PATCH', '/streamer/bots/twitch', { body: { enabled: true } })).toEqual([
    502,
    'UPSTREAM_UNAVAILABLE',
  ]);
  expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
});

test('the older switch and the newer one tell the same', async () => {
  const { who, ...api } = await world();
  await api.ask(who, 'POST', '/streamer/bot/disable');
  expect((await api.ask(who, 'GET', '/streamer/bots')).json.items[0].enabled).toBe(false);
  await api.ask(who, 'POST', '/streamer/bot/enable');
  expect((await api.ask(who, 'GET', '/streamer/bots')).json.items[0].enabled).toBe(true);
  expect((await api.ask(who, 'GET', '/streamer/bot/subscription')).json).toEqual({ enabled: true });
});
