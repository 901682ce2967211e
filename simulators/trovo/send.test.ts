/** Writing into the simulated Trovo's chats, and moderating them (docs/platforms/trovo.md#errors-and-limits, docs/platforms/trovo.md#sending). */
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { REFUSAL_CODES } from './errors.ts';
import type { LimitChoice } from './limits.ts';
import type { RoomModes } from './room.ts';
import { ask, BareChat, simulator, streamerAndBot } from './test-support.ts';

async function chatRoom(limits: LimitChoice = 'off') {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits });
  const people = streamerAndBot(sim);
  const send = (content: string, { token = people.botToken, channelId = people.channelId as unknown } = {}) =>
    ask(sim, 'POST chat/send', { token, body: { content, channel_id: channelId } });
  return { sim, clock, ...people, send };
}

test('a message is taken with an empty object and shown to everybody, the sender included', async () => {
  const { sim, send, bot, channelId } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  expect(await send('hello 👋 привет')).toMatchObject({ status: 200, body: {} });
  const item = await chat.item('hello 👋 привет');
  expect(item).toMatchObject({ type: 0, uid: Number(bot.id), sender_id: Number(bot.id), user_name: 'helperbot' });
  expect((await send('as a number', { channelId: Number(channelId) })).body).toEqual({});
  await chat.item('as a number');
  expect(sim.messagesIn('northpine')).toMatchObject([
    { author: 'helperbot', text: 'hello 👋 привет', transport: 'rest', id: item.message_id },
    { author: 'helperbot', text: 'as a number' },
  ]);
});

test('without a channel the message goes to the own one, which needs nobody else', async () => {
  const { sim, botToken } = await chatRoom();
  expect((await ask(sim, 'POST chat/send', { token: botToken, body: { content: 'home' } })).body).toEqual({});
  expect(sim.messagesIn('helperbot')).toMatchObject([{ text: 'home', channel: 'helperbot' }]);
});

test('both sides must have given their scope to the application', async () => {
  const { sim, send } = await chatRoom();
  const { access: reader } = sim.issueToken('helperbot', ['chat_connect']);
  expect((await send('hi', { token: reader })).body.status).toBe(11730);
  sim.addPerson('southoak');
  expect((await send('hi', { channelId: sim.room('southoak').id })).body.status).toBe(11707);
  sim.faults.revokeGrant('northpine');
  expect(await send('hi')).toMatchObject({ status: 400, body: { status: 11707, message: expect.any(String) } });
  expect((await send('hi', { channelId: '1' })).body.status).toBe(10505);
});

test('a text is one line of at most 500 characters, and not empty', async () => {
  const { sim, send } = await chatRoom();
  await send('two\r\nlines');
  await send('x'.repeat(500));
  expect(sim.messagesIn('northpine').map(({ text }) => text)).toEqual(['two lines', 'x'.repeat(500)]);
  for (const text of ['x'.repeat(501), ' ']) expect((await send(text)).body.status).toBe(1002);
});

test('one message a second over all channels, and no text twice in 30 seconds: 10908', async () => {
  const { sim, clock, send } = await chatRoom({});
  sim.addPerson('southoak');
  sim.issueToken('southoak', ['send_to_my_channel']);
  const elsewhere = { channelId: sim.room('southoak').id };
  const status = async (...given: Parameters<typeof send>) => (await send(...given)).body.status;
  expect(await status('one')).toBeUndefined();
  await clock.advance(999);
  expect(await status('two', elsewhere)).toBe(10908);
  await clock.advance(1);
  expect(await status('one', elsewhere)).toBeUndefined();
  await clock.advance(28_999);
  expect(await status('one')).toBe(10908);
  await clock.advance(1);
  expect(await status('one')).toBeUndefined();
});

test('streamers, moderators and admins are exempt from both', async () => {
  const { sim, send } = await chatRoom({});
  for (const role of ['mod', 'supermod', 'admin'] as const) {
    sim.setRole('northpine', 'helperbot', role);
    for (let times = 0; times < 3; times += 1) expect((await send('again')).body).toEqual({});
    sim.setRole('northpine', 'helperbot', role, false);
  }
  const { access: owner } = sim.issueToken('northpine', ['chat_send_self']);
  for (let times = 0; times < 3; times += 1) expect((await send('mine', { token: owner })).body).toEqual({});
  // A role of the streamer's own is none of Trovo's, whatever it is called.
  sim.setCustomRole('northpine', 'helperbot', 'mod');
  await send('again');
  expect((await send('again')).body.status).toBe(10908);
});

test.each<[number, Partial<RoomModes>, string]>([
  [12402, { followersOnly: true }, 'hi'],
  [12905, { linksForbidden: true }, 'see https://example.invalid'],
  [12906, { forbiddenWords: ['spoiler'] }, 'a SPOILER'],
])('a channel that does not want the message answers %i, and moderators are exempt', async (code, modes, text) => {
  const { sim, send } = await chatRoom();
  sim.setModes('northpine', modes);
  expect(await send(text)).toMatchObject({ status: 400, body: { status: code } });
  sim.setRole('northpine', 'helperbot', 'mod');
  expect((await send(text)).body).toEqual({});
});

test('slow mode answers 12401 until its seconds are over', async () => {
  const { sim, clock, send } = await chatRoom();
  sim.setModes('northpine', { slowSeconds: 10 });
  expect((await send('first')).body).toEqual({});
  await clock.advance(9_999);
  expect((await send('second')).body.status).toBe(12401);
  await clock.advance(1);
  expect((await send('second')).body).toEqual({});
});

test('whoever is banned hears 12400 until it ends, whoever is blocked 11400', async () => {
  const { sim, clock, send } = await chatRoom();
  sim.ban('northpine', 'helperbot', 60);
  expect((await send('hi')).body.status).toBe(12400);
  await clock.advance(60_000);
  expect((await send('hi')).body).toEqual({});
  sim.faults.blockAccount('helperbot');
  expect((await send('hi')).body.status).toBe(11400);
  sim.faults.blockAccount('helperbot', false);
  expect((await send('hi')).body).toEqual({});
});

test('every documented number can be had, once, with its HTTP status', async () => {
  const { sim, send } = await chatRoom();
  const documented = [
    -1201, -1000, 1111, 1203, 20000, 1002, 10505, 10703, 10710, 11710, 11711, 11712, 11713, 11714, 11704, 11715, 11716,
    11717, 11718, 11701, 11703, 11730, 11706, 11707, 11708, 11709, 10908, 11000, 11101, 11103, 11400, 12400, 12401,
    12402, 12905, 12906,
  ];
  expect(REFUSAL_CODES.toSorted()).toEqual(documented.toSorted());
  for (const code of REFUSAL_CODES) {
    sim.faults.refuseMessages(code);
    const { status, body } = await send('hi');
    expect(body).toEqual({
      status: code,
      error: expect.stringMatching(/^[a-z]+([A-Z][a-z]*)*$/),
      message: expect.any(String),
    });
    const internal = [-1201, -1000, 1111, 1203, 20000].includes(code);
    expect(status).toBe(code === 11714 ? 401 : internal ? 500 : 400);
  }
  expect((await send('hi')).body).toEqual({});
  expect(sim.messagesIn('northpine')).toHaveLength(1);
});

test('a refusal can hide in a 200, be for one channel only, and be taken back', async () => {
  const { sim, send } = await chatRoom();
  sim.addPerson('southoak');
  sim.faults.refuseMessages(10908, 2, 'northpine', 200);
  expect(
    (
      await ask(sim, 'POST chat/send', {
        token: sim.issueToken('southoak', ['chat_send_self']).access,
        body: { content: 'hi' },
      })
    ).body,
  ).toEqual({});
  expect(await send('hi')).toMatchObject({ status: 200, body: { status: 10908 } });
  await sim.faults.clear();
  expect((await send('hi')).body).toEqual({});
});

test('a lost answer still means that the message was shown', async () => {
  const { sim, botToken, channelId } = await chatRoom();
  const chat = await BareChat.join(sim, 'northpine');
  sim.faults.http({ kind: 'cut', path: '/openplatform/chat/send', times: 1 });
  const body = { content: 'shown', channel_id: channelId };
  await expect(ask(sim, 'POST chat/send', { token: botToken, body })).rejects.toThrow();
  await chat.item('shown');
});

test('a refused command is a 200 that says no and why', async () => {
  const { sim, clock, send, channelId } = await chatRoom();
  const { access: token } = sim.issueToken('helperbot', ['manage_messages']);
  const run = async (text: string) =>
    (await ask(sim, 'POST channels/command', { token, body: { command: text, channel_id: channelId } })).body;
  expect(await run('slow 10')).toEqual({ is_success: false, display_msg: expect.stringContaining('permission') });
  sim.setRole('northpine', 'helperbot', 'mod');
  for (const text of ['/ban mira_k', 'conjure', 'ban nobody', 'slow soon']) {
    expect(await run(text)).toEqual({ is_success: false, display_msg: expect.any(String) });
  }
  sim.addPerson('mira_k');
  expect(await run('ban mira_k 60')).toEqual({ is_success: true, display_msg: expect.any(String) });
  const { access: viewer } = sim.issueToken('mira_k', ['chat_send_self']);
  expect((await send('hi', { token: viewer })).body.status).toBe(12400);
  await clock.advance(60_000);
  await run('followers');
  expect((await send('hi', { token: viewer })).body.status).toBe(12402);
  await run('followersoff');
  await run('ban mira_k');
  await clock.advance(3_600_000);
  expect((await send('hi', { token: viewer })).body.status).toBe(12400);
  await run('unban mira_k');
  await run('mod mira_k');
  await run('addrole helper mira_k');
  await run('settitle A new day');
  expect(
    sim
      .room('northpine')
      .rolesOf(sim.person('mira_k').id)
      .map(({ name }) => name),
  ).toEqual(['mod', 'helper']);
  expect(sim.room('northpine').title).toBe('A new day');
});

test('a moderator deletes a message by its id and author, and it is history no more', async () => {
  const { sim, channelId } = await chatRoom();
  const id = sim.say('northpine', 'mira_k', 'delete me');
  const { access: token } = sim.issueToken('helperbot', ['manage_messages']);
  const remove = (author: string) => ask(sim, `DELETE channels/${channelId}/messages/${id}/users/${author}`, { token });
  const author = sim.person('mira_k').id;
  expect((await remove(author)).body.status).toBe(10703);
  sim.setRole('northpine', 'helperbot', 'mod');
  expect((await remove('1')).body.status).toBe(1002);
  expect((await remove(author)).status).toBe(200);
  expect((await remove(author)).body.status).toBe(1002);
  const chat = await BareChat.join(sim, 'northpine');
  await chat.ping();
  expect(chat.contents).toEqual([]);
});
