/** The simulated Trovo as the suite, the demo and the bench steer it, and as scripts of other processes do. */
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { SimulatedPlatform } from '../world/simulated-platform.ts';
import { simulate } from './simulated-platform.ts';
import { BareChat, type Parsed, simulator } from './test-support.ts';

const STREAMER = 'northpine';
const BOT = 'memalerts_bot';

async function platform(limits: 'real' | 'off' = 'off') {
  const clock = new ManualClock(new Date('2026-01-01T00:00:30Z'));
  const sim = await simulate({ clock, limits });
  onTestFinished(() => sim.stop());
  return { sim, clock, streamer: sim.addStreamer(STREAMER), bot: sim.linkBot(BOT) };
}

/** Calls by the addresses of the environment alone. */
async function call({ env }: SimulatedPlatform, variable: string, token: string, body?: object) {
  const response = await fetch(env[variable] ?? '', {
    method: body ? 'POST' : 'GET',
    headers: {
      'client-id': env.TROVO_CLIENT_ID ?? '',
      authorization: `OAuth ${token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer: Parsed = JSON.parse(await response.text());
  return { status: response.status, body: answer };
}

async function read(sim: SimulatedPlatform, token: string): Promise<BareChat> {
  const { body } = await call(sim, 'TROVO_CHAT_TOKEN_URL', token);
  const chat = await BareChat.open(sim.env.TROVO_CHAT_WS_URL ?? '');
  chat.send({ type: 'AUTH', nonce: 'auth', data: { token: body.token } });
  await chat.frame(({ type }) => type === 'RESPONSE');
  return chat;
}

test('the environment leads to every endpoint, and switches our limits off with theirs', async () => {
  const { sim, streamer, bot } = await platform();
  const token = streamer.account?.accessToken ?? '';
  expect((await call(sim, 'TROVO_USERINFO_URL', token)).body).toMatchObject({
    userId: streamer.account?.platformUserId,
    userName: STREAMER,
    channelId: streamer.target,
  });
  expect((await call(sim, 'TROVO_TOKEN_URL', token, {})).body.status).toBe(11717);
  const grant = { grant_type: 'refresh_token', refresh_token: bot.refreshToken };
  const secret = { client_secret: sim.env.TROVO_CLIENT_SECRET };
  expect((await call(sim, 'TROVO_REFRESH_URL', token, { ...grant, ...secret })).status).toBe(200);
  expect(sim.renewals()).toBe(1);
  expect(sim.env.TROVO_API_BASE_URL).toBe(sim.urls.api);
  expect(sim.env.TROVO_AUTHORIZE_URL).toBe(sim.urls.authorize);
  expect(sim.env.TROVO_CHANNEL_SEND_PER_S).toBe('0');
  expect((await platform('real')).sim.env).not.toHaveProperty('TROVO_CHANNEL_SEND_PER_S');
});

test('what viewers say reaches the reader with their names and roles; what the bot says is said, and neither is mixed', async () => {
  const { sim, streamer, bot } = await platform();
  expect(sim.isRead(STREAMER)).toBe(false);
  const chat = await read(sim, streamer.account?.accessToken ?? '');
  expect(sim.isRead(STREAMER)).toBe(true);
  const id = sim.say(STREAMER, 'mira_k', 'plain');
  expect(await chat.item('plain')).toMatchObject({
    message_id: id,
    nick_name: 'mira_k',
    user_name: 'mira_k',
    roles: [],
  });
  expect(sim.nameInAllowedUsers('mira_k')).toBe('mira_k');
  sim.say(STREAMER, 'mira_k', 'as moderator', 'moderator');
  expect(JSON.parse((await chat.item('as moderator')).custom_role)).toEqual([{ roleName: 'mod', roleType: 100_001 }]);
  sim.say(STREAMER, 'mira_k', 'as subscriber', 'subscriber');
  expect((await chat.item('as subscriber')).roles).toEqual(['subscriber']);

  const body = { content: 'hello', channel_id: streamer.target };
  expect(await call(sim, 'TROVO_SEND_CHAT_URL', bot.accessToken, body)).toEqual({ status: 200, body: {} });
  expect(await chat.item('hello')).toMatchObject({ uid: Number(bot.platformUserId) });
  expect(sim.said(STREAMER)).toEqual([{ author: BOT, text: 'hello', id: null }]);
  await call(sim, 'TROVO_SEND_CHAT_URL', bot.accessToken, { ...body, content: 'hello \u{e0000}' });
  expect(sim.said(STREAMER)[1]?.text).toBe('hello');
  sim.abilities.sayAsBot?.(STREAMER, BOT, 'by hand');
  expect(await chat.item('by hand')).toMatchObject({ uid: Number(bot.platformUserId) });
  expect(sim.said(STREAMER)).toHaveLength(2);
  const transports = sim.log.all().map(({ transport }) => transport);
  expect(transports).toEqual(['script', 'script', 'script', 'rest', 'rest', 'script']);
});

test('it does all that is asked of a simulated platform, except a role id Trovo does not have', async () => {
  const { sim } = await platform();
  expect(Object.keys(sim.abilities).toSorted()).toEqual(
    [
      'deliverTwice',
      'dropConnections',
      'expireTokens',
      'mute',
      'outage',
      'refuseAsTooMany',
      'refuseForGood',
      'rename',
      'revokeGrant',
      'sayAsBot',
      'sayInThePast',
      'stream',
      'tokenOutage',
    ].toSorted(),
  );
});

test('lines can come twice, or from the past', async () => {
  const { sim, clock, streamer } = await platform();
  sim.abilities.sayInThePast?.(STREAMER, 'early_bird', 'long ago');
  const chat = await read(sim, streamer.account?.accessToken ?? '');
  expect((await chat.item('long ago')).send_time).toBe(clock.now().getTime() / 1000 - 30);
  sim.abilities.deliverTwice?.();
  sim.say(STREAMER, 'mira_k', 'twice');
  await chat.ping();
  expect(chat.contents).toEqual(['long ago', 'twice', 'twice']);
});

test('messages are refused as too many, or for good, one at a time', async () => {
  const { sim, clock, streamer, bot } = await platform();
  const send = () => call(sim, 'TROVO_SEND_CHAT_URL', bot.accessToken, { content: 'hi', channel_id: streamer.target });
  sim.abilities.refuseAsTooMany?.();
  expect((await send()).body.status).toBe(11706);
  const lastError = sim.abilities.refuseForGood?.();
  const { status, body } = await send();
  expect(lastError).toBe(`Trovo send chat failed (${status}). raw=${body.message}`);
  expect(body.status).toBe(12905);
  expect((await send()).body).toEqual({});
  expect(sim.said(STREAMER)).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});

test('tokens run out and grants are withdrawn, of the named account alone', async () => {
  const { sim, streamer, bot } = await platform();
  const send = async () => {
    const body = { content: 'hi', channel_id: streamer.target };
    return (await call(sim, 'TROVO_SEND_CHAT_URL', bot.accessToken, body)).body.status;
  };
  const renew = async (token: string | null) => {
    const grant = { grant_type: 'refresh_token', refresh_token: token, client_secret: sim.env.TROVO_CLIENT_SECRET };
    return (await call(sim, 'TROVO_REFRESH_URL', '', grant)).status;
  };
  sim.abilities.expireTokens?.(BOT);
  expect(await send()).toBe(11714);
  expect(await renew(bot.refreshToken)).toBe(200);
  sim.abilities.revokeGrant?.(BOT);
  expect(await send()).toBe(11704);
  expect(await renew(bot.refreshToken)).toBe(400);
  expect(await renew(streamer.account?.refreshToken ?? null)).toBe(200);
  const again = sim.linkBot(BOT);
  expect(again.platformUserId).toBe(bot.platformUserId);
  expect(await renew(again.refreshToken)).toBe(200);
});

test('connections are cut, fall mute, and cannot be made during an outage', async () => {
  const { sim, streamer } = await platform();
  const token = streamer.account?.accessToken ?? '';
  const first = await read(sim, token);
  sim.abilities.dropConnections?.();
  await first.closed();
  const second = await read(sim, token);
  sim.abilities.mute?.();
  expect(sim.isRead(STREAMER)).toBe(false);
  expect(second.socket.readyState).toBe(second.socket.OPEN);
  await sim.abilities.outage?.begin();
  await second.closed();
  await expect(call(sim, 'TROVO_CHAT_TOKEN_URL', token)).rejects.toThrow();
  await sim.abilities.outage?.end();
  await read(sim, token);
});

test('a stream begins and ends without an event', async () => {
  const { sim, streamer } = await platform();
  const token = streamer.account?.accessToken ?? '';
  const chat = await read(sim, token);
  const startedAt = new Date('2025-12-31T22:00:00Z');
  const channel = async () => {
    const env = { ...sim.env, INFO: `${sim.env.TROVO_API_BASE_URL}/channels/id` };
    return (await call({ ...sim, env }, 'INFO', token, { channel_id: streamer.target })).body;
  };
  sim.abilities.stream?.begin(STREAMER, startedAt);
  expect(await channel()).toMatchObject({ is_live: true, started_at: String(startedAt.getTime() / 1000) });
  sim.abilities.stream?.end(STREAMER);
  expect(await channel()).toMatchObject({ is_live: false });
  await chat.ping();
  expect(chat.contents).toEqual([]);
});

test('scripts steer it by HTTP, also while it refuses, and hear what is wrong with a request', async () => {
  const sim = await simulator({ limits: 'off' });
  const control = async (name: string, input: object = {}) => {
    const init = { method: 'POST', body: JSON.stringify(input) };
    const answer: Parsed = JSON.parse(await (await fetch(`${sim.urls.control}/${name}`, init)).text());
    if (answer.error) throw new Error(answer.error);
    return answer;
  };
  await control('addPerson', { login: STREAMER, channelId: '77' });
  expect(await control('environment')).toEqual(sim.env());
  await control('changeGap', { seconds: [12] });
  await control('setHistory', { hasChannelInfo: true });
  await control('setLimits', { limits: { messagesPerS: 5 } });
  await control('setCustomRole', { channel: STREAMER, person: STREAMER, name: 'mod' });
  const { id } = await control('say', { channel: STREAMER, person: 'mira_k', text: 'hi', omit: ['roles'] });
  const kind = { type: 5008, content: '', content_data: { raiderNum: '3' } };
  const { ids } = await control('show', { channel: STREAMER, items: [{ kind }, { kind, person: 'mira_k' }] });
  const chat = await BareChat.join(sim, STREAMER);
  expect((await chat.ping()).data.gap).toBe(12);
  const history = await chat.frame(({ type }) => type === 'CHAT');
  expect(history.channel_info).toEqual({ channel_id: '77' });
  expect(history.data.chats.map(({ message_id }: Parsed) => message_id)).toEqual([id, ...ids]);
  expect(await control('readers', { channel: STREAMER })).toEqual({ count: 1 });
  expect(await control('readChannels')).toEqual([STREAMER]);
  expect(await control('messagesIn', { channel: STREAMER })).toMatchObject([{ id, text: 'hi' }]);

  await control('refuse');
  await expect(fetch(`${sim.urls.api}/validate`)).rejects.toThrow();
  await control('clearFaults');
  expect((await fetch(`${sim.urls.api}/validate`)).status).toBe(400);
  await expect(control('say', { channel: 'nobody', person: 'x', text: 'hi' })).rejects.toThrow('nobody is called');
  await expect(control('refuseMessages', { code: 1 })).rejects.toThrow();
  await expect(control('conjure')).rejects.toThrow('no action conjure');
});
