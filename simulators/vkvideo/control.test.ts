/** Scripts in other processes steer the simulated VK Video Live, and the world's interface is all there. */
import { expect, onTestFinished, test } from 'vitest';
import { simulate } from './simulated-platform.ts';
import { ask, BOT, RealClient, STREAMER, simulator } from './test-support.ts';

const OWNER_POINTS = 'private_channel_points';

test('actions are JSON posts, checked before they run, and answer while the platform is away', async () => {
  const sim = await simulator();
  const control = (name: string, input: unknown = {}) =>
    fetch(`${sim.urls.control}/${name}`, { method: 'POST', body: JSON.stringify(input) });
  await sim.faults.refuse();
  const { id } = (await (await control('say', { channel: STREAMER, person: 'mira_k', text: 'hi' })).json()) as {
    id: string;
  };
  expect(sim.messagesIn(STREAMER)).toMatchObject([{ id, text: 'hi' }]);
  expect((await control('say', { channel: STREAMER })).status).toBe(400);
  expect((await control('nothing')).status).toBe(404);
  await control('accept');
  const client = await RealClient.reading(sim, sim.socketName(STREAMER, 'chat'));
  await control('kick', { code: 3012 });
  await client.reports('connecting 3012', 'subscribed');
  const connections = await (await control('connections')).json();
  expect(connections).toMatchObject([{ userId: sim.person(BOT).id, channels: [sim.socketName(STREAMER, 'chat')] }]);
});

test('every event a client may meet is published where VK publishes it', async () => {
  const sim = await simulator();
  const { id: ownerId } = sim.person(STREAMER);
  const client = new RealClient(sim, { getToken: () => connectionOf(STREAMER) });
  const connectionOf = async (as: string) => {
    const { body } = await ask(sim, as, 'GET /v1/websocket/token');
    return (body as { data: { token: string } }).data.token;
  };
  const names = ['chat', 'info', OWNER_POINTS] as const;
  const subscriptions = names.map((key) => client.subscription(sim.channel(STREAMER).socketName(key, ownerId)));
  client.centrifuge.connect();
  await Promise.all(subscriptions.map((each) => each.ready()));

  sim.follow(STREAMER, 'mira_k');
  sim.raid(STREAMER, 'southoak', 12);
  sim.goOffline(STREAMER, 'channel_stream_stop');
  sim.goLive(STREAMER, { hint: 'channel_stream_start' });
  const spoken = sim.say(STREAMER, 'mira_k', 'hi');
  sim.deleteMessage(STREAMER, spoken);
  const reward = sim.rewards.create(sim.channel(STREAMER), 'Say it', 100);
  const activate = { reward: { id: reward, message: { parts: [{ text: { content: 'please' } }] } } };
  const path = 'POST /v1/channel_point/reward/activate?channel_url=northpine';
  expect((await ask(sim, 'mira_k', path, activate)).status).toBe(200);
  sim.events.publishRaw(sim.socketName(STREAMER, 'chat'), { type: 'message_v8', data: { author: {} } });

  const types = (await client.hears(9)).map((each) =>
    typeof each === 'string' ? each : (each as { type: string }).type,
  );
  expect(types).toEqual([
    'channel_follow_create',
    'channel_raid_income',
    'channel_stream_stop',
    'channel_stream_start',
    'hi',
    'channel_chat_message_delete',
    'channel_points_reward_demand_create',
    'получает награду: Say it',
    'message_v8',
  ]);
});

test('demands are paged, and settled by the owner', async () => {
  const sim = await simulator();
  const channel = sim.channel(STREAMER);
  const reward = sim.rewards.create(channel, 'Say it', 100);
  const ids = ['a', 'b', 'c'].map((login) => sim.rewards.demand(channel, sim.addPerson(login), reward, []));
  const page = (offset: number) =>
    ask(sim, STREAMER, `GET /v1/channel_point/reward/demands?channel_url=northpine&limit=2&offset=${offset}`);
  expect((await page(0)).body).toMatchObject({ data: { demands: [{}, {}] }, extra: { is_last: false, offset: 2 } });
  expect((await page(2)).body).toMatchObject({
    data: { demands: [{ id: ids[2] }] },
    extra: { is_last: true, offset: 3 },
  });
  const accept = 'POST /v1/channel_point/reward/demand/accept?channel_url=northpine';
  expect((await ask(sim, BOT, accept, { demands: [{ id: ids[0] }] })).status).toBe(403);
  expect((await ask(sim, STREAMER, accept, { demands: [{ id: ids[0] }] })).status).toBe(200);
  expect((await page(0)).body).toMatchObject({ data: { demands: [{ status: 'approved' }, { status: 'pending' }] } });
});

test("the world's interface: a streamer can be read and spoken to, and roles are VK's own", async () => {
  const platform = await simulate({ limits: 'off' });
  onTestFinished(() => platform.stop());
  const streamer = platform.addStreamer(STREAMER);
  expect(streamer).toMatchObject({
    target: STREAMER,
    stableId: null,
    extra: { vkvideoChannelUrl: 'https://live.vkvideo.ru/northpine' },
  });
  const { accessToken } = platform.linkBot(BOT);
  const get = async (path: string) => {
    const response = await fetch(platform.urls.api + path, { headers: { authorization: `Bearer ${accessToken}` } });
    return response.json();
  };
  const channel = (await get('/v1/channel?channel_url=northpine')) as { data: { stream: { id: string } } };
  platform.say(STREAMER, 'mira_k', 'hello', 'moderator');
  const roleId = platform.abilities.givePlatformRole?.(STREAMER, 'mira_k');
  expect(platform.said(STREAMER)).toEqual([]);
  const url = `${platform.urls.api}/v1/chat/message/send?channel_url=northpine&stream_id=${channel.data.stream.id}`;
  const headers = { authorization: `Bearer ${accessToken}` };
  await fetch(url, { method: 'POST', headers, body: JSON.stringify({ parts: [{ text: { content: 'hello back' } }] }) });
  expect(platform.said(STREAMER)).toEqual([{ author: BOT, text: 'hello back', id: null }]);
  const messages = await get('/v1/chat/messages?channel_url=northpine&limit=2');
  expect(messages).toMatchObject({
    data: { chat_messages: [{ author: { nick: BOT } }, { author: { is_moderator: true, roles: [{ id: roleId }] } }] },
  });
});
