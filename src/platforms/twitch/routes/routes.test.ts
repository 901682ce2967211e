import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { type ApiWorld, apiWorld, CALLBACK, type StreamerChannel } from '../../../../test/support/twitch-api-world.ts';

const { url } = await createTestDatabase();
const GREETINGS = '/streamer/bot/follow-greetings';
const DEFAULT = 'Спасибо за фоллоу, {user}!';
const STRANGER = { channelId: 'nobody', twitchId: '' } as unknown as StreamerChannel;

async function integration({ db }: ApiWorld, { channelId }: StreamerChannel) {
  const row = await db
    .selectFrom('ChatBotSubscription')
    .selectAll()
    .where('channelId', '=', channelId)
    .executeTakeFirst();
  const gate = await db
    .selectFrom('BotIntegrationSettings')
    .selectAll()
    .where('channelId', '=', channelId)
    .executeTakeFirst();
  return { enabled: row?.enabled, login: row?.twitchLogin, gate: gate?.enabled };
}

test('greetings: the four endpoints answer as the contract says, twice the same', async () => {
  const world = await apiWorld(url);
  const { streamer, ask, twitch } = world;
  const channel = await streamer();
  expect((await ask(channel, 'GET', GREETINGS)).json()).toEqual({
    followGreetingsEnabled: false,
    followGreetingTemplate: DEFAULT,
  });
  for (let time = 0; time < 2; time += 1) {
    const enabled = await ask(channel, 'POST', `${GREETINGS}/enable`);
    expect([enabled.statusCode, enabled.json()]).toEqual([
      200,
      { ok: true, followGreetingsEnabled: true, followGreetingTemplate: DEFAULT, eventSub: 'pending' },
    ]);
  }
  const changed = await ask(channel, 'PATCH', GREETINGS, { followGreetingTemplate: '\u0000 Hi\r\n{user} \u0007' });
  const expected = { ok: true, followGreetingsEnabled: true, followGreetingTemplate: 'Hi {user}' };
  expect(changed.json()).toEqual(expected);
  expect((await ask(channel, 'POST', `${GREETINGS}/enable`, {})).json()).toEqual({ ...expected, eventSub: 'pending' });
  expect(twitch.subscriptions.map(({ type }) => type)).toContain('channel.follow');
  for (let time = 0; time < 2; time += 1) {
    const disabled = await ask(channel, 'POST', `${GREETINGS}/disable`);
    expect(disabled.json()).toEqual({ ...expected, followGreetingsEnabled: false });
  }
  expect(twitch.subscriptions.map(({ type }) => type)).not.toContain('channel.follow');
});

test('greetings: what cannot be is refused before anything is written', async () => {
  const world = await apiWorld(url);
  const { streamer, ask, db } = world;
  const channel = await streamer();
  const unlinked = await streamer({ twitchId: null, bot: 'none' });
  const codeOf = async (...request: Parameters<typeof ask>) => {
    const answer = await ask(...request);
    return [answer.statusCode, answer.json().errorCode];
  };
  expect(await codeOf(null, 'PATCH', GREETINGS, { followGreetingTemplate: 7 })).toEqual([401, 'UNAUTHORIZED']);
  expect(await codeOf(STRANGER, 'GET', GREETINGS)).toEqual([404, 'CHANNEL_NOT_FOUND']);
  expect(await codeOf(STRANGER, 'POST', `${GREETINGS}/enable`)).toEqual([404, 'CHANNEL_NOT_FOUND']);
  expect(await codeOf(STRANGER, 'POST', `${GREETINGS}/disable`)).toEqual([404, 'CHANNEL_NOT_FOUND']);
  expect(await codeOf(STRANGER, 'PATCH', GREETINGS, { followGreetingTemplate: 'x' })).toEqual([
    404,
    'CHANNEL_NOT_FOUND',
  ]);
  expect(await codeOf(unlinked, 'POST', `${GREETINGS}/enable`)).toEqual([400, 'TWITCH_CHANNEL_NOT_LINKED']);
  for (const body of [
    {},
    { followGreetingTemplate: '  ' },
    { followGreetingTemplate: '\u0007\r\n' },
    { followGreetingTemplate: '\u200b\u2800\ufe0f' },
    { followGreetingTemplate: 'x'.repeat(451) },
    { followGreetingTemplate: null },
  ]) {
    expect(await codeOf(channel, 'PATCH', GREETINGS, body)).toEqual([400, 'BAD_REQUEST']);
  }
  expect(await codeOf(channel, 'POST', `${GREETINGS}/enable`, { followGreetingTemplate: ' ' })).toEqual([
    400,
    'BAD_REQUEST',
  ]);
  const rows = await db
    .selectFrom('Channel')
    .select('followGreetingsEnabled')
    .where('id', 'in', [channel.channelId, unlinked.channelId])
    .execute();
  expect(rows).toEqual([{ followGreetingsEnabled: false }, { followGreetingsEnabled: false }]);
});

test('the older switches move the gate along, ask Twitch only to enable, and subscribe to the stream', async () => {
  const world = await apiWorld(url);
  const { streamer, ask, twitch } = world;
  const channel = await streamer({ bot: 'gated' });
  twitch.users.set(channel.twitchId, 'NorthPine');

  expect((await ask(channel, 'POST', '/streamer/bot/enable')).json()).toEqual({ ok: true });
  expect(await integration(world, channel)).toEqual({ enabled: true, login: 'northpine', gate: true });
  expect((await ask(channel, 'GET', '/streamer/bot/subscription')).json()).toEqual({ enabled: true });
  expect(twitch.subscriptions.map(({ type, transport }) => `${type} ${transport.callback}`)).toEqual([
    `stream.online ${CALLBACK}`,
    `stream.offline ${CALLBACK}`,
  ]);

  await twitch.stop();
  expect((await ask(channel, 'POST', '/streamer/bot/disable')).json()).toEqual({ ok: true });
  expect(await integration(world, channel)).toEqual({ enabled: false, login: 'northpine', gate: false });
  expect((await ask(channel, 'POST', '/streamer/bot/enable')).json()).toMatchObject({
    errorCode: 'UPSTREAM_UNAVAILABLE',
  });
  expect(await integration(world, channel)).toEqual({ enabled: false, login: 'northpine', gate: false });
});

test('the older switches without a row, without a link, without an account, and onto a taken channel', async () => {
  const world = await apiWorld(url);
  const { streamer, ask, twitch, db } = world;
  const fresh = await streamer({ bot: 'none' });
  expect((await ask(fresh, 'GET', '/streamer/bot/subscription')).json()).toEqual({ enabled: false });
  expect((await ask(fresh, 'POST', '/streamer/bot/disable')).json()).toEqual({ ok: true });
  expect(await integration(world, fresh)).toEqual({ enabled: false, login: '', gate: undefined });

  const unlinked = await streamer({ twitchId: null, bot: 'none' });
  for (const verb of ['enable', 'disable']) {
    expect((await ask(unlinked, 'POST', `/streamer/bot/${verb}`)).json().errorCode).toBe('TWITCH_CHANNEL_NOT_LINKED');
    expect((await ask(STRANGER, 'POST', `/streamer/bot/${verb}`)).json().errorCode).toBe('CHANNEL_NOT_FOUND');
  }
  expect((await ask(fresh, 'POST', '/streamer/bot/enable')).json().errorCode).toBe('BAD_REQUEST');

  const taken = await streamer();
  await db
    .updateTable('ChatBotSubscription')
    .set({ twitchLogin: 'same' })
    .where('channelId', '=', taken.channelId)
    .execute();
  twitch.users.set(fresh.twitchId, 'same');
  expect((await ask(fresh, 'POST', '/streamer/bot/enable')).json().errorCode).toBe('CHANNEL_ALREADY_ENABLED');
});

test('enabling checks the channel, then the sender, then the login, and writes nothing itself', async () => {
  const world = await apiWorld(url);
  const { streamer, side, twitch } = world;
  const enable = (channel: StreamerChannel, hasSender: boolean) =>
    side.resolveChannel({
      channelId: channel.channelId,
      userId: 'u' as never,
      isAdmin: false,
      body: {},
      host: null,
      hasSender: async () => hasSender,
    });
  const channel = await streamer({ bot: 'none' });
  const unlinked = await streamer({ twitchId: null, bot: 'none' });

  await expect(enable(STRANGER, false)).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
  await expect(enable(unlinked, false)).rejects.toMatchObject({ code: 'TWITCH_CHANNEL_NOT_LINKED' });
  await expect(enable(channel, false)).rejects.toMatchObject({ code: 'TWITCH_BOT_NOT_CONFIGURED' });
  expect(twitch.calls).toEqual([]);
  await expect(enable(channel, true)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  twitch.users.set(channel.twitchId, 'NorthPine');
  expect(await enable(channel, true)).toEqual({ target: 'northpine', extra: {}, warnings: [] });
  expect(await integration(world, channel)).toEqual({});
});
