import { expect, test } from 'vitest';
import { ScriptedTwitchApi } from '../../../../test/support/scripted-twitch-api.ts';
import { twitchDeps } from '../../../../test/support/twitch-api-world.ts';
import { account, channel } from '../../../../test/support/twitch-chat-world.ts';
import { createHelix } from './client.ts';
import { createHelixSender } from './sender.ts';

const ROUTE = 'POST /helix/chat/messages';
const room = channel('northpine', '5501');
const bot = account('helperbot', 'good', 'default');

async function world({ isPrivileged = false } = {}) {
  const twitch = await ScriptedTwitchApi.start();
  const deps = twitchDeps(twitch);
  const helix = createHelix(deps, deps.settings as never);
  const sender = createHelixSender({ ...deps, helix, isPrivileged: () => isPrivileged });
  return {
    twitch,
    clock: deps.clock,
    log: deps.lines,
    send: (text: string, as = bot) => sender.send(room, text, as, 2_000),
    written: () => twitch.called(ROUTE).map(({ body }) => body.message),
  };
}

function dropped(code: string | null) {
  const reason = code === null ? null : { code, message: 'whatever' };
  return { status: 200, body: { data: [{ message_id: '', is_sent: false, drop_reason: reason }] } };
}

test('a message counts as sent only when Twitch says so, with the id Twitch gave it', async () => {
  const { twitch, send } = await world();
  expect(await send('hello')).toEqual({ kind: 'sent', platformMessageId: 'm-1' });
  expect(twitch.calls[0]).toMatchObject({
    token: 'good',
    body: { broadcaster_id: '5501', sender_id: 'user-helperbot', message: 'hello' },
  });
});

test('every answer has one meaning, and unknown reasons are permanent', async () => {
  const { twitch, send, clock } = await world();
  const outcome = async (script: Parameters<typeof twitch.scripts.set>[1]) => {
    twitch.scripts.set(ROUTE, script);
    return send('hello');
  };
  const body = { error: 'Forbidden', status: 403, message: 'no' };
  expect(await outcome(dropped('a_code_of_next_year'))).toEqual({
    kind: 'rejected',
    reason: 'platform_refused',
    detail: 'a_code_of_next_year',
  });
  expect(await outcome(dropped('automod_held'))).toMatchObject({ kind: 'rejected' });
  expect(await outcome(dropped(null))).toEqual({ kind: 'rejected', reason: 'dropped' });
  expect(await outcome(dropped('msg_duplicate'))).toMatchObject({ kind: 'retry' });
  const inHalfAMinute = new Date(clock.now().getTime() + 30_000);
  const timedOut = { kind: 'retry', reason: 'user_timed_out', retryAt: inHalfAMinute };
  expect(await outcome(dropped('user_timed_out'))).toEqual(timedOut);
  const rateLimited = { kind: 'unavailable', reason: 'msg_ratelimit', retryAt: inHalfAMinute };
  expect(await outcome(dropped('msg_ratelimit'))).toEqual(rateLimited);
  for (const status of [400, 403, 422]) {
    expect(await outcome({ status, body })).toEqual({
      kind: 'rejected',
      reason: 'platform_refused',
      detail: `Twitch API error: ${status} no`,
    });
  }
  expect(await outcome({ status: 401, body })).toMatchObject({ kind: 'unauthorized' });
  for (const status of [500, 502, 503]) expect(await outcome({ status })).toMatchObject({ kind: 'unavailable' });
  expect(await outcome({ status: 200, body: { data: [] } })).toMatchObject({ kind: 'unconfirmed' });
  expect(await outcome({ status: 200, body: 'a page of a proxy' })).toMatchObject({ kind: 'unconfirmed' });
});

test('an empty bucket names the moment to go on; another quota does not pretend to', async () => {
  const { twitch, send } = await world();
  const headers = { 'ratelimit-limit': '800', 'ratelimit-remaining': '0', 'ratelimit-reset': '1767225660' };
  twitch.scripts.set(ROUTE, { status: 429, headers });
  const retryAt = new Date('2026-01-01T00:01:00Z');
  expect(await send('hello')).toEqual({ kind: 'unavailable', reason: 'rate_limited', retryAt });
  twitch.scripts.set(ROUTE, { status: 429, headers: { ...headers, 'ratelimit-remaining': '790' } });
  expect(await send('hello')).toEqual({ kind: 'unavailable', reason: 'rate_limited' });
});

test('a lost answer is unconfirmed, a Twitch that was never reached is unavailable', async () => {
  const { twitch, send } = await world();
  twitch.scripts.set(ROUTE, { status: 'hang up' });
  expect(await send('hello')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  await twitch.stop();
  expect(await send('hello')).toEqual({ kind: 'unavailable', reason: 'unreachable' });
});

test('a repeated text is varied invisibly within 30 s, unless the bot has a role or is at home there', async () => {
  const plain = await world();
  for (const text of ['again', 'again']) await plain.send(text);
  await plain.clock.advance(30_000);
  await plain.send('again');
  expect(plain.written()).toEqual(['again', 'again \u034F', 'again']);

  const moderator = await world({ isPrivileged: true });
  for (const text of ['again', 'again']) await moderator.send(text);
  expect(moderator.written()).toEqual(['again', 'again']);

  const atHome = await world();
  for (const text of ['again', 'again']) await atHome.send(text, { ...bot, platformUserId: '5501' as never });
  expect(atHome.written()).toEqual(['again', 'again']);
});

test('a repeated text that fills a message gives up its end for the variation, and says so', async () => {
  const { send, written } = await world();
  const longest = `${'x'.repeat(494)}🦊🦊🦊`;
  for (const text of [longest, longest]) await send(text);
  expect(written()).toEqual([longest, `${'x'.repeat(494)}🦊… \u034F`]);
  expect(longest).toHaveLength(500);
});

test('a message tried again after a lost answer and refused as its own duplicate had arrived', async () => {
  const { twitch, send } = await world();
  twitch.scripts.set(ROUTE, { status: 'hang up' });
  await send('once');
  twitch.scripts.set(ROUTE, dropped('msg_duplicate'));
  expect(await send('once')).toEqual({ kind: 'sent', platformMessageId: null });
});

test('the log says who speaks where, never what and never with which token', async () => {
  const { send, log } = await world();
  await send('a private thought', { ...bot, accessToken: 'hush-hush', kind: 'override' });
  expect(log.join()).toContain('"event":"chatbot.say.sender","channelId":"northpine","sender":"override"');
  expect(log.join()).not.toMatch(/private thought|hush-hush/);
});
