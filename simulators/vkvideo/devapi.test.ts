/** The simulated DevAPI answers and refuses as the reference says (docs/platforms/vkvideo.md#devapi-methods). */
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { VkVideoSimulator } from './simulator.ts';
import { ask, BOT, STREAMER, simulator } from './test-support.ts';

const text = (content: string) => ({ parts: [{ text: { content } }] });

test('who asks is checked before what is asked: token, scope, owner, channel', async () => {
  const sim = await simulator();
  const noScopes = `Bearer ${sim.issueToken(BOT, []).access}`;
  const flat = (error: string) => ({ error, error_description: expect.any(String) });
  expect(await ask(sim, 'Bearer nonsense', 'GET /v1/channel?channel_url=northpine')).toEqual({
    status: 401,
    body: flat('unauthorized'),
  });
  expect(await ask(sim, noScopes, send(sim), text('hi'))).toEqual({ status: 403, body: flat('forbidden') });
  const credentials = 'GET /v1/channel/credentials?channel_url=northpine';
  expect(await ask(sim, BOT, credentials)).toEqual({ status: 403, body: flat('forbidden') });
  expect((await ask(sim, STREAMER, credentials)).status).toBe(200);
  expect(await ask(sim, BOT, 'GET /v1/channel?channel_url=nobody')).toEqual({
    status: 404,
    body: flat('channel_not_found'),
  });
  expect(await ask(sim, BOT, 'GET /v1/no/such')).toEqual({ status: 404, body: flat('unknown_api_method') });
  expect((await ask(sim, BOT, 'GET /v1/channel')).status).toBe(400);
});

test('a channel is found by its slug or its address, or by the one form that is switched on', async () => {
  const sim = await simulator();
  const forms = ['northpine', encodeURIComponent('https://live.vkvideo.ru/northpine')];
  const statuses = async () =>
    Promise.all(forms.map(async (form) => (await ask(sim, BOT, `GET /v1/channel?channel_url=${form}`)).status));
  expect(await statuses()).toEqual([200, 200]);
  sim.faults.channelUrls('slug');
  expect(await statuses()).toEqual([200, 404]);
  sim.faults.channelUrls('url');
  expect(await statuses()).toEqual([404, 200]);
});

test('a channel that ended its stream still shows it, with its end, and each stream has an id of its own', async () => {
  const sim = await simulator();
  const first = sim.channel(STREAMER).stream?.id;
  sim.goOffline(STREAMER);
  const { body } = await ask(sim, BOT, 'GET /v1/channel?channel_url=northpine');
  expect(body).toMatchObject({
    data: { channel: { status: 'offline' }, stream: { id: first, status: 'offline', ended_at: expect.any(Number) } },
  });
  expect(sim.goLive(STREAMER).id).not.toBe(first);
  sim.addChannel('southoak');
  const never = await ask(sim, BOT, 'GET /v1/channel?channel_url=southoak');
  expect(never.body).not.toHaveProperty('data.stream');
});

test('a batch shows the channels it finds, with less of each stream; a stream is found by its id', async () => {
  const sim = await simulator();
  const channels = [{ url: 'northpine' }, { url: 'nobody' }];
  const { body } = await ask(sim, BOT, 'POST /v1/channels', { channels });
  expect(body).toMatchObject({ data: { channels: [{ channel: { url: 'northpine', status: 'online' } }] } });
  expect(body).not.toHaveProperty('data.channels.0.stream.status');
  const tooMany = Array.from({ length: 101 }, () => ({ url: 'northpine' }));
  expect((await ask(sim, BOT, 'POST /v1/channels', { channels: tooMany })).status).toBe(400);
  const id = sim.channel(STREAMER).stream?.id;
  const stream = await ask(sim, BOT, `GET /v1/stream?stream_id=${id}`);
  expect(stream.body).toMatchObject({ data: { stream: { id, status: 'started' } } });
});

test('the names of private channels are those of whoever asks', async () => {
  const sim = await simulator();
  const names = async (as: string) => {
    const { body } = await ask(sim, as, 'GET /v1/channel?channel_url=northpine');
    return body;
  };
  const at = 'data.channel.web_socket_channels.private_channel_points';
  expect(await names(BOT)).toHaveProperty(at, `api-channel-points:4242#${sim.person(BOT).id}`);
  expect(await names(STREAMER)).toHaveProperty(at, `api-channel-points:4242#${sim.person(STREAMER).id}`);
  const { id, secret } = sim.application;
  expect(await names(`Basic ${btoa(`${id}:${secret}`)}`)).toHaveProperty(at, '');
});

test('current_user shows every channel of the account, and leaves the first out where there is none', async () => {
  const sim = await simulator();
  sim.addChannel(STREAMER, 'northpine_two');
  expect((await ask(sim, STREAMER, 'GET /v1/current_user')).body).toMatchObject({
    data: { channel: { url: 'northpine' }, channels: [{ url: 'northpine' }, { url: 'northpine_two' }] },
  });
  expect((await ask(sim, BOT, 'GET /v1/current_user')).body).not.toHaveProperty('data.channel');
});

test('a message needs the id of the running stream and parts of one key each, and is answered with nothing', async () => {
  const sim = await simulator();
  expect(await ask(sim, BOT, send(sim), text('hello'))).toEqual({ status: 200, body: {} });
  expect(sim.messagesIn(STREAMER)).toMatchObject([{ author: BOT, text: 'hello', transport: 'api' }]);
  const bodies = [{}, { parts: [] }, { parts: [{}] }, { parts: [{ text: { content: 'a' }, link: { url: 'b' } }] }];
  for (const body of bodies) expect((await ask(sim, BOT, send(sim), body)).status).toBe(400);
  expect((await ask(sim, BOT, 'POST /v1/chat/message/send?channel_url=northpine', text('hi'))).status).toBe(400);
  const stale = send(sim);
  sim.goOffline(STREAMER);
  expect((await ask(sim, BOT, stale, text('hi'))).status).toBe(400);
  sim.goLive(STREAMER);
  expect((await ask(sim, BOT, stale, text('hi'))).status).toBe(400);
});

test('mentions, smiles and links are sent by id or address and shown whole, with a line feed at the end', async () => {
  const sim = await simulator();
  const { id } = sim.addPerson('mira_k');
  const parts = [
    { mention: { id: Number(id) } },
    { text: { content: ', look ' } },
    { smile: { id: 's1' } },
    { link: { url: 'https://example.org/' } },
  ];
  expect((await ask(sim, BOT, send(sim), { parts })).status).toBe(200);
  const { body } = await ask(sim, BOT, 'GET /v1/chat/messages?channel_url=northpine&limit=10');
  expect(body).toMatchObject({
    data: {
      chat_messages: [
        {
          author: { nick: BOT, is_owner: false },
          parts: [
            { mention: { id: Number(id), nick: 'mira_k' } },
            { text: { content: ', look ' } },
            { smile: { id: 's1', animated: false } },
            { link: { url: 'https://example.org/', content: 'https://example.org/' } },
            { text: { content: '\n' } },
          ],
        },
      ],
    },
  });
  expect(sim.messagesIn(STREAMER).at(-1)?.text).toBe('@mira_k, look s1https://example.org/');
});

test('too long, too fast, the same again, and not allowed at all', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits: {} });
  const says = async (words: string) => {
    const { status, body } = await ask(sim, BOT, send(sim), text(words));
    return [status, (body as { error?: string }).error];
  };
  expect(await says('x'.repeat(501))).toEqual([400, 'message_too_long']);
  expect(await says('😀'.repeat(500))).toEqual([200, undefined]);
  expect(await says('next')).toEqual([400, 'send_too_fast']);
  await clock.advance(1000);
  expect(await says('😀'.repeat(500))).toEqual([400, 'same_message']);
  expect(await says('next')).toEqual([200, undefined]);
  await clock.advance(1000);
  sim.channel(STREAMER).settings.allow_access = 'followers';
  expect(await says('may I?')).toEqual([403, 'forbidden']);
  sim.follow(STREAMER, BOT);
  expect(await says('may I?')).toEqual([200, undefined]);
  sim.setLimits('off');
  sim.faults.refuseMessages(400, 'send_too_fast', 2);
  expect([await says('a'), await says('a'), await says('a')].map(([status]) => status)).toEqual([400, 400, 200]);
});

test('roles: 404 for none, replaced as a whole, shown on the member and on each message', async () => {
  const sim = await simulator();
  const { id: userId } = sim.addPerson('mira_k');
  const query = `channel_url=northpine&user_id=${userId}`;
  expect((await ask(sim, BOT, `GET /v1/channel_roles/user?${query}`)).status).toBe(404);
  const roles = ['VIP', 'Regular'].map((name) => sim.channel(STREAMER).addRole(name));
  for (const role of roles) {
    const set = await ask(sim, STREAMER, `POST /v1/channel_roles/user/set?${query}`, { roles: [{ id: role.id }] });
    expect(set.status).toBe(200);
  }
  const only = { data: { roles: [expect.objectContaining({ id: roles[1]?.id, name: 'Regular' })] } };
  expect((await ask(sim, BOT, `GET /v1/channel_roles/user?${query}`)).body).toEqual(only);
  expect((await ask(sim, BOT, `GET /v1/chat/member?${query}`)).body).toMatchObject({ data: { user: only.data } });
  expect((await ask(sim, BOT, 'GET /v1/channel_roles?channel_url=northpine')).body).toMatchObject({ data: { roles } });
  sim.say(STREAMER, 'mira_k', 'hi');
  const messages = await ask(sim, BOT, 'GET /v1/chat/messages?channel_url=northpine&limit=1');
  expect(messages.body).toMatchObject({ data: { chat_messages: [{ author: only.data }] } });
});

test('messages come newest first, up to 200, without deleted and private ones; a chat without a stream is not there', async () => {
  const sim = await simulator();
  const [first] = ['one', 'two', 'three'].map((words) => sim.say(STREAMER, 'mira_k', words));
  sim.say(STREAMER, STREAMER, 'only for you', BOT);
  sim.deleteMessage(STREAMER, first ?? '');
  const { body } = await ask(sim, BOT, 'GET /v1/chat/messages?channel_url=northpine&limit=200');
  expect(body).toMatchObject({
    data: {
      chat_messages: [{ parts: [{ text: { content: 'three' } }, {}] }, { parts: [{ text: { content: 'two' } }, {}] }],
    },
  });
  for (const limit of ['0', '201', 'x']) {
    expect((await ask(sim, BOT, `GET /v1/chat/messages?channel_url=northpine&limit=${limit}`)).status).toBe(400);
  }
  const members = await ask(sim, BOT, 'GET /v1/chat/members?channel_url=northpine&limit=10');
  expect(members.body).toMatchObject({ data: { users: [{ nick: 'mira_k' }, { nick: STREAMER, is_owner: true }] } });
  sim.addChannel('southoak');
  expect((await ask(sim, BOT, 'GET /v1/chat/messages?channel_url=southoak&limit=1')).status).toBe(404);
});

test('tokens for channels are given for limited and own private ones, never for public ones or those of others', async () => {
  const sim = await simulator();
  const mine = Object.values(sim.channel(STREAMER).socketNames(sim.person(BOT).id));
  const others = Object.values(sim.channel(STREAMER).socketNames(sim.person(STREAMER).id));
  const path = `GET /v1/websocket/subscription_token?channels=${encodeURIComponent([...mine, ...others, 'x'].join(','))}`;
  const names = async () => {
    const { body } = await ask(sim, BOT, path);
    const { channel_tokens: found } = (body as { data: { channel_tokens: { channel: string }[] } }).data;
    return new Set(found.map(({ channel }) => channel));
  };
  expect(await names()).toEqual(new Set(mine.filter((name) => name.includes('#') || name.startsWith('$'))));
  sim.channel(STREAMER).limitedReaders = 'nobody';
  expect(await names()).toEqual(new Set(mine.filter((name) => name.includes('#') && !name.startsWith('$'))));
  const { id, secret } = sim.application;
  expect((await ask(sim, `Basic ${btoa(`${id}:${secret}`)}`, path)).status).toBe(403);
});

function send(sim: VkVideoSimulator): string {
  return `POST /v1/chat/message/send?channel_url=northpine&stream_id=${sim.channel(STREAMER).stream?.id}`;
}
