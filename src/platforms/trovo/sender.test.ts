import { expect, test } from 'vitest';
import { REFUSAL_CODES } from '../../../simulators/trovo/errors.ts';
import { BOT, STREAMER, type TrovoWorld, trovoWorld } from '../../../test/support/trovo-world.ts';
import type { SenderCredential } from '../account-side.ts';
import type { ReadChannel } from '../worker-side.ts';

const SEND = '/openplatform/chat/send';
const DEADLINE_MS = 2_000;

/** A bot that may speak in the streamer's channel, which need not be read for that. */
async function speaking(env: Readonly<Record<string, string>> = {}) {
  const world = await trovoWorld(env);
  const channel = world.streamer(STREAMER);
  const as = world.botCredential();
  return { ...world, channel, as, send: (text: string) => say(world, channel, as, text) };
}

function say({ side }: Pick<TrovoWorld, 'side'>, channel: ReadChannel, as: SenderCredential, text: string) {
  return side.sender.send(channel, text, as, DEADLINE_MS);
}

const said = ({ sim }: Pick<TrovoWorld, 'sim'>) => sim.messagesIn(STREAMER).map(({ text }) => text);

test('an empty answer is a yes, and a yes names no message', async () => {
  const world = await speaking();
  expect(await world.send('hello')).toEqual({ kind: 'sent', platformMessageId: null });
  world.sim.faults.http({ kind: 'answer', status: 200, path: SEND, times: 1, body: '' });
  expect(await world.send('empty')).toEqual({ kind: 'sent', platformMessageId: null });
  expect(said(world)).toEqual(['hello']);
});

test('every number of refusal has one meaning for the message', async () => {
  const world = await speaking();
  const kinds: Record<string, number[]> = {};
  for (const code of REFUSAL_CODES) {
    world.sim.faults.refuseMessages(code);
    const { kind } = await world.send(`refused with ${code}`);
    kinds[kind] = [...(kinds[kind] ?? []), code].sort((a, b) => a - b);
  }
  expect(kinds).toEqual({
    unavailable: [
      -1201, -1000, 1111, 1203, 11701, 11703, 11706, 11708, 11709, 11715, 11716, 11717, 11718, 12401, 20000,
    ],
    unauthorized: [10703, 10710, 11704, 11710, 11711, 11712, 11713, 11714],
    retry: [10908],
    rejected: [1002, 10505, 11000, 11101, 11103, 11400, 11707, 11730, 12400, 12402, 12905, 12906],
  });
  expect(said(world)).toEqual([]);
});

test('a refusal inside a 200 is a refusal, and an internal error for bad input is not tried for ever', async () => {
  const { sim, send } = await speaking();
  sim.faults.refuseMessages(12400, 1, undefined, 200);
  expect(await send('banned')).toEqual({
    kind: 'rejected',
    reason: 'platform_refused',
    detail: 'Trovo send chat failed (200). raw=You are banned in this channel',
  });
  sim.faults.refuseMessages(20000, 1, undefined, 400);
  expect(await send('odd')).toMatchObject({ kind: 'retry' });
});

test('without leave of both sides the reason names both scopes', async () => {
  const { sim, send, channel, side, botCredential } = await speaking();
  sim.faults.refuseMessages(11707);
  const outcome = await send('hello');
  expect(outcome).toMatchObject({ kind: 'rejected' });
  expect(outcome).toMatchObject({
    reason: 'platform_refused',
    detail: expect.stringMatching(/^Trovo send chat failed \(400\)\..*chat_send_self.*send_to_my_channel.* raw=\S/),
  });
  const { access } = sim.issueToken(BOT, ['user_details_self']);
  const mute = await say({ side }, channel, { ...botCredential(), accessToken: access }, 'no right');
  expect(mute).toMatchObject({
    kind: 'rejected',
    reason: 'platform_refused',
    detail: expect.stringContaining('chat_send_self'),
  });
});

test('a token that ran out is unauthorized, whatever is written beside the number', async () => {
  const { sim, send } = await speaking();
  sim.faults.expireTokens(BOT);
  const outcome = await send('hello');
  expect(outcome).toMatchObject({
    kind: 'unauthorized',
    reason: 'platform_refused',
    detail: expect.stringContaining('(401)'),
  });
});

test('a repeated text waits until it may be repeated; too many at once wait past that as well', async () => {
  const { sim, send, clock } = await speaking();
  sim.setLimits({ repeatSeconds: 30, messagesPerS: 0 });
  expect(await send('again')).toMatchObject({ kind: 'sent' });
  await clock.advance(10_000);
  const outcome = await send('again');
  expect(outcome).toMatchObject({
    kind: 'retry',
    reason: 'platform_refused',
    detail: expect.stringContaining('moderators are exempt'),
  });
  const inMs = outcome.kind === 'retry' ? (outcome.retryAt?.getTime() ?? 0) - clock.now().getTime() : 0;
  expect(inMs).toBe(21_000);
  await clock.advance(inMs);
  expect(await send('again')).toMatchObject({ kind: 'sent' });

  sim.setLimits({ messagesPerS: 1 });
  expect(await send('one')).toMatchObject({ kind: 'sent' });
  const tooMany = await send('two');
  expect(tooMany.kind === 'retry' && tooMany.retryAt?.getTime()).toBe(clock.now().getTime() + 15_500);
});

test('used-up calls come back when the platform says, in either unit', async () => {
  const { sim, send, clock } = await speaking();
  for (const unit of ['epochSeconds', 'secondsLeft'] as const) {
    sim.setResetUnit(unit);
    sim.faults.tooManyRequests(SEND, 20);
    const retryAt = new Date(clock.now().getTime() + 20_000);
    expect(await send('hello')).toMatchObject({ kind: 'unavailable', retryAt });
  }
});

test('no answer is unavailable before the message left, and unconfirmed after', async () => {
  const world = await speaking();
  world.sim.faults.http({ kind: 'cut', path: SEND, times: 1 });
  expect(await world.send('cut off')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  world.sim.faults.http({ kind: 'answer', status: 200, path: SEND, times: 1, body: '<html>welcome</html>' });
  expect(await world.send('eaten')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  world.sim.faults.http({ kind: 'answer', status: 502, path: SEND, times: 1, body: '<html>bad gateway</html>' });
  expect(await world.send('bad gateway')).toMatchObject({
    kind: 'unavailable',
    reason: 'platform_refused',
    detail: 'Trovo send chat failed (502).',
  });

  const other = await speaking();
  await other.sim.faults.refuse();
  expect(await other.send('nobody there')).toEqual({ kind: 'unavailable', reason: 'unreachable' });
});

test('without the id of the application nothing is sent, and the reason names the variable', async () => {
  const { send, sim } = await speaking({ TROVO_CLIENT_ID: '' });
  expect(await send('hello')).toEqual({ kind: 'unavailable', reason: 'TROVO_CLIENT_ID is not configured' });
  expect(sim.calls).toEqual([]);
});
