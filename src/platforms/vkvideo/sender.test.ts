import { expect, test } from 'vitest';
import { BOT, channelNamed, STREAMER, type VkVideoWorld, vkvideoWorld } from '../../../test/support/vkvideo-world.ts';
import type { SenderCredential } from '../account-side.ts';
import type { SendOutcome } from '../worker-side.ts';

const SEND = '/v1/chat/message/send';
const room = channelNamed(STREAMER);

/** A channel whose chat is read by nobody: speaking needs none of it. */
async function world(env: Readonly<Record<string, string>> = {}, httpTimeoutMs?: number) {
  const given = await vkvideoWorld({ env, ...(httpTimeoutMs === undefined ? {} : { httpTimeoutMs }) });
  const as = given.accounts.shared as SenderCredential;
  return {
    ...given,
    as,
    send: (text: string, channel = room) => given.side.sender.send(channel, text, as, 2_000),
    said: () => said(given),
    sends: () => given.calls(SEND),
  };
}

function said({ sim }: Pick<VkVideoWorld, 'sim'>): string[] {
  return sim.messagesIn(STREAMER).map(({ text }) => text);
}

function inMs({ clock }: Pick<VkVideoWorld, 'clock'>, outcome: SendOutcome): number | null {
  const retryAt = 'retryAt' in outcome ? outcome.retryAt : undefined;
  return retryAt === undefined ? null : Math.round((retryAt.getTime() - clock.now().getTime()) / 1000) * 1000;
}

test('an accepted message is sent, and the platform names no id for it', async () => {
  const { send, said, sim } = await world();
  expect(await send('hello')).toEqual({ kind: 'sent', platformMessageId: null });
  expect(said()).toEqual(['hello']);
  expect(sim.messagesIn(STREAMER)[0]?.author).toBe(BOT);
});

test('the id of the stream is asked for once, and for every new stream', async () => {
  const { send, calls, sim, said, leap } = await world();
  for (const text of ['one', 'two', 'three']) await send(text);
  expect(calls('/v1/channel')).toHaveLength(1);
  await leap(60_000);
  await send('a minute later');
  expect(calls('/v1/channel')).toHaveLength(2);
  sim.goOffline(STREAMER);
  sim.goLive(STREAMER);
  const changed = await send('into the new stream');
  expect(changed).toMatchObject({ kind: 'unavailable', reason: 'no_active_stream', retryAt: expect.any(Date) });
  expect(await send('into the new stream')).toMatchObject({ kind: 'sent' });
  expect(said().at(-1)).toBe('into the new stream');
});

test('nothing is sent while the channel is not broadcasting, however old the last stream is', async () => {
  const { send, sends, sim } = await world();
  sim.goOffline(STREAMER);
  for (const text of ['one', 'two']) {
    expect(await send(text)).toEqual({ kind: 'unavailable', reason: 'no_active_stream' });
  }
  sim.addChannel('newcomer');
  expect(await send('three', channelNamed('newcomer'))).toMatchObject({ reason: 'no_active_stream' });
  expect(sends()).toEqual([]);
});

test('a stream that ended unseen costs one refusal, and the next message is held back', async () => {
  const { send, sends, sim } = await world();
  await send('while it runs');
  sim.goOffline(STREAMER);
  expect(await send('too late')).toMatchObject({ kind: 'unavailable', reason: 'no_active_stream' });
  expect(await send('too late')).toEqual({ kind: 'unavailable', reason: 'no_active_stream' });
  expect(sends()).toHaveLength(2);
});

test('a chat that finds us too fast is left alone a little longer each time, at no cost to the message', async () => {
  const given = await world();
  const { sim, send } = given;
  sim.faults.refuseMessages(400, 'send_too_fast', 4);
  const waits: (number | null)[] = [];
  for (let time = 0; time < 4; time += 1) {
    const outcome = await send('patience');
    expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'send_too_fast' });
    waits.push(inMs(given, outcome));
  }
  expect(waits).toEqual([3_000, 6_000, 10_000, 10_000]);
  expect(await send('patience')).toMatchObject({ kind: 'sent' });
  sim.faults.refuseMessages(400, 'send_too_fast');
  expect(inMs(given, await send('again'))).toBe(3_000);
  sim.faults.tooManyRequests(SEND);
  const limited = await send('again');
  expect(limited).toMatchObject({ kind: 'unavailable', reason: 'rate_limited' });
  expect(inMs(given, limited)).toBe(6_000);
});

test('a text refused as a repetition waits until the time of the chat is over, and then is sent as written', async () => {
  const given = await world();
  const { sim, send, said } = given;
  sim.faults.refuseMessages(400, 'same_message', 2);
  for (const waitMs of [10_000, 20_000]) {
    const outcome = await send('again');
    expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'same_message' });
    expect(inMs(given, outcome)).toBe(waitMs);
  }
  expect(await send('again')).toMatchObject({ kind: 'sent' });
  expect(said()).toEqual(['again']);
});

test('a text whose answer was lost and that is then refused as a repetition had arrived', async () => {
  const { sim, send, said } = await world();
  sim.faults.http({ kind: 'cut', path: SEND, times: 1 });
  expect(await send('once')).toMatchObject({ kind: 'unconfirmed' });
  sim.faults.refuseMessages(400, 'same_message');
  expect(await send('once')).toEqual({ kind: 'sent', platformMessageId: null });
  expect(said()).toEqual(['once']);
});

test('what VK refuses about the text or the account is final, in its own words', async () => {
  const { sim, send, said, calls } = await world();
  for (const [status, error] of [
    [400, 'message_too_long'],
    [400, 'something_new'],
    [403, 'forbidden'],
    [422, 'unprocessable'],
  ] as const) {
    sim.faults.refuseMessages(status, error);
    expect(await send('no')).toEqual({
      kind: 'rejected',
      reason: 'platform_refused',
      detail: `VKVideo API error: ${status} ${error}`,
    });
  }
  expect(said()).toEqual([]);
  // Of what may be due to the stream it was made sure that it is not.
  expect(calls('/v1/channel').length).toBe(3);
});

test('a refused token is for the caller to renew; an outage costs nothing; a lost answer is no certainty', async () => {
  const { sim, send, said } = await world();
  await send('first');
  sim.faults.unauthorized(SEND);
  expect(await send('401')).toEqual({
    kind: 'unauthorized',
    reason: 'platform_refused',
    detail: 'VKVideo API error: 401 unauthorized',
  });
  for (const status of [500, 502, 503]) {
    sim.faults.http({ kind: 'answer', status, path: SEND, times: 1 });
    expect(await send(String(status))).toMatchObject({ kind: 'unavailable' });
  }
  sim.faults.http({ kind: 'cut', path: SEND, times: 1 });
  expect(await send('cut')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  expect(said()).toEqual(['first', 'cut']);
  await sim.faults.refuse();
  expect(await send('away')).toEqual({ kind: 'unavailable', reason: 'unreachable' });
});

test('a message whose answer was lost is found among the recent ones of the chat, if it arrived', async () => {
  const { sim, send, side, as, clock } = await world();
  const hasSaid = (text: string, since: Date) => side.sender.hasSaid?.(room, text, as, since, 2_000);
  await send('hello');
  const since = new Date(clock.now().getTime() + 60_000);
  expect(await hasSaid('hello', since)).toBeNull();
  sim.faults.http({ kind: 'cut', path: SEND, times: 1 });
  const begunAt = clock.now();
  expect(await send('cut  off')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  expect(await hasSaid('cut  off', begunAt)).toEqual({ platformMessageId: expect.any(String) });
  expect(await hasSaid('never arrived', begunAt)).toBeNull();
});

test('only the platform says that a message is sent: a page of a proxy is no answer of it', async () => {
  const { sim, send } = await world();
  for (const body of ['<html>Sign in to this network</html>', { error: 'internal' }]) {
    sim.faults.http({ kind: 'answer', status: 200, path: SEND, times: 1, body });
    expect(await send('hello')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  }
});

test('a refusal that has to be looked into ends with the deadline of the message', async () => {
  // Nothing but the deadline of the message ends the call within the time of this test.
  const { sim, send, side, as } = await world({}, 600_000);
  await send('first');
  sim.faults.refuseMessages(403, 'forbidden');
  sim.faults.http({ kind: 'ignored', path: '/v1/channel', times: 1 });
  const outcome = await side.sender.send(room, 'second', as, 500);
  expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'no_active_stream' });
});

test('an unknown stream and a platform that does not tell are told apart', async () => {
  const { sim, send } = await world();
  sim.faults.http({ kind: 'answer', status: 502, path: '/v1/channel', times: 1 });
  expect(await send('one')).toEqual({ kind: 'unavailable', reason: 'channel_fetch_failed' });
  sim.faults.unauthorized('/v1/channel');
  expect(await send('two')).toMatchObject({ kind: 'unauthorized' });
  expect(await send('three', channelNamed(STREAMER, { vkvideoChannelUrl: null }))).toEqual({
    kind: 'unavailable',
    reason: 'missing_channel_context',
  });
});

test('a platform nobody configured is named', async () => {
  const { send } = await world({ VKVIDEO_API_BASE_URL: '', VKVIDEO_USERINFO_URL: '' });
  expect(await send('hello')).toEqual({ kind: 'unavailable', reason: 'VKVIDEO_API_BASE_URL is not configured' });
});

test.for(['slug', 'url'] as const)(
  'a platform that knows channels by their %s alone is spoken to all the same',
  async (form) => {
    const { sim, send, said, calls } = await world();
    sim.faults.channelUrls(form);
    for (const text of ['one', 'two']) expect(await send(text)).toMatchObject({ kind: 'sent' });
    expect(said()).toEqual(['one', 'two']);
    expect(calls('/v1/channel')).toHaveLength(form === 'slug' ? 1 : 2);
  },
);
