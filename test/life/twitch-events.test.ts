import { expect, test } from 'vitest';
import { simulator } from '../../simulators/twitch/test-support.ts';
import { startApiWorld } from '../support/api-world.ts';
import { createTestDatabase } from '../support/database.ts';

/** Far less than the minute that is promised, and before the first comparison that nobody asks for, 15 s after the start. */
const SOON = { timeout: 9_000, interval: 50 };

/** A streamer with greetings, whose three event subscriptions are well since somebody asked. */
async function world(asking: 'streamer' | 'owner' = 'owner') {
  const { url } = await createTestDatabase({ forTest: true });
  const twitch = await simulator({});
  const api = await startApiWorld(url, { env: { ...twitch.env(), DOMAIN: 'bots.example' } });
  twitch.mapHost('bots.example', api.url);
  const channel = twitch.addChannel('northpine');
  twitch.issueToken(channel, ['moderator:read:followers', 'channel:bot']);
  const who = await api.streamer({ twitchId: channel.id });
  const owner = await api.person('admin');
  await api.pg.query(`update "Channel" set "followGreetingsEnabled" = true where id = $1`, [who.channelId]);
  await api.pg.query(
    `insert into "ChatBotSubscription" ("channelId", "twitchLogin", enabled) values ($1, 'northpine', true)`,
    [who.channelId],
  );
  const known = async () =>
    (await api.pg.query(`select type, status, reason from "PlatformEventSubscription" order by type`)).rows;
  const statuses = () =>
    twitch.subscriptions
      .all()
      .map(({ type, status }) => `${type} ${status}`)
      .toSorted();
  const diagnose = () => api.ask(who, 'GET', '/streamer/bots/twitch/diagnostics');
  const oversee = () => api.ask(owner, 'GET', '/owner/diagnostics');
  await (asking === 'owner' ? oversee() : diagnose());
  await expect.poll(statuses, SOON).toEqual(ALL);
  await expect
    .poll(known, SOON)
    .toEqual(ALL.map((one) => ({ type: one.split(' ')[0], status: 'active', reason: null })));
  return { ...api, twitch, channel, who, known, statuses, diagnose, oversee };
}

const ALL = ['channel.follow enabled', 'stream.offline enabled', 'stream.online enabled'];

test('a subscription that Twitch ends is made anew at once, and is active again', async () => {
  const { twitch, known, statuses } = await world();
  const [online] = twitch.subscriptions.all().filter(({ type }) => type === 'stream.online');
  twitch.subscriptions.revoke(online?.id ?? '', 'notification_failures_exceeded');
  await expect.poll(statuses, SOON).toEqual(ALL);
  await expect.poll(async () => (await known()).map(({ status }) => status), SOON).toEqual(Array(3).fill('active'));
});

test('subscriptions that vanished without a word are made anew when somebody asks how the bot is', async () => {
  const { twitch, statuses, diagnose } = await world();
  twitch.faults.dropSubscriptions();
  expect((await diagnose()).status).toBe(200);
  await expect.poll(statuses, SOON).toEqual(ALL);
});

test('subscriptions that vanished without a word are made anew when the owner asks how the installation is', async () => {
  const { twitch, statuses, oversee } = await world('streamer');
  twitch.faults.dropSubscriptions();
  expect((await oversee()).status).toBe(200);
  await expect.poll(statuses, SOON).toEqual(ALL);
});

test('subscriptions that vanished without a word are made anew when a stream begins', async () => {
  const { twitch, pg, who, statuses } = await world();
  twitch.faults.dropSubscriptions();
  // As the poll of a worker records it.
  await pg.query(
    `insert into "ChannelLiveState" ("channelId", provider, "isLive", since, "seenAt")
     values ($1, 'twitch', true, timezone('utc', now()), timezone('utc', now()))`,
    [who.channelId],
  );
  await expect.poll(statuses, SOON).toEqual(ALL);
});

test('a subscription that may not be renewed says why', async () => {
  const { twitch, channel, known } = await world();
  twitch.faults.revokeGrant(channel);
  await expect
    .poll(known, SOON)
    .toContainEqual({ type: 'channel.follow', status: 'failed', reason: 'permission_missing' });
});
