import { expect, test } from 'vitest';
import { kickDeps, simulatedKick } from '../../../test/support/kick-world.ts';
import { systemClock } from '../../lib/clock.ts';
import type { SenderCredential } from '../account-side.ts';
import type { ReadChannel } from '../worker-side.ts';
import { createSender } from './sender.ts';

const CHAT = '/public/v1/chat';

async function world({ url }: { url?: string | null } = {}) {
  const sim = await simulatedKick();
  const { id: target } = sim.addChannel('northpine');
  const { id: platformUserId } = sim.addPerson('helperbot');
  const deps = kickDeps(sim.env(), systemClock);
  const sender = createSender(deps, url === undefined ? (sim.env().KICK_SEND_CHAT_URL ?? null) : url);
  const as = {
    platformUserId,
    accessToken: sim.issueToken('helperbot', ['chat:write']).access,
    kind: 'default',
  } as unknown as SenderCredential;
  const room = { channelId: 'c1', slug: 'northpine', target } as unknown as ReadChannel;
  return {
    sim,
    send: (text: string, more: { as?: Partial<SenderCredential>; target?: string } = {}) =>
      sender.send({ ...room, target: (more.target ?? target) as never }, text, { ...as, ...more.as }, 2000),
    answer: (status: number, body: unknown, headers?: Record<string, string>) =>
      sim.faults.http({ kind: 'answer', status, body, headers, path: CHAT, times: 1 }),
    said: () => sim.messagesIn('northpine').map(({ text }) => text),
  };
}

test('a message counts as sent only when Kick says so, with the id Kick gave it', async () => {
  const { send, said, sim } = await world();
  const outcome = await send('hello 🎉');
  expect(said()).toEqual(['hello 🎉']);
  expect(outcome).toEqual({ kind: 'sent', platformMessageId: sim.messagesIn('northpine')[0]?.id });
});

test('a success that sent nothing is tried again and costs an attempt', async () => {
  const { send, sim, said } = await world();
  sim.faults.chat({ notSent: 1 });
  expect(await send('hello')).toEqual({ kind: 'retry', reason: 'not_sent' });
  expect(said()).toEqual([]);
});

test('every status has one meaning, in the words of the contract', async () => {
  const { send, answer, sim } = await world();
  const failed = (status: number) => `Kick send chat failed (${status})`;
  const body = { data: {}, message: 'no' };
  for (const status of [400, 403, 404, 422]) {
    answer(status, body);
    expect(await send('x')).toEqual({ kind: 'rejected', reason: 'platform_refused', detail: failed(status) });
  }
  for (const status of [408, 500, 502, 503]) {
    answer(status, body);
    expect(await send('x')).toEqual({ kind: 'unavailable', reason: 'platform_refused', detail: failed(status) });
  }
  expect(await send('x', { as: { accessToken: 'unknown' } })).toEqual({
    kind: 'unauthorized',
    reason: 'platform_refused',
    detail: failed(401),
  });
  sim.setModes('northpine', { followersOnly: true });
  expect(await send('x')).toEqual({ kind: 'rejected', reason: 'platform_refused', detail: failed(403) });
});

test('the edge in front of Kick refuses nothing for good, as a page or as its own JSON', async () => {
  const { send, sim, said } = await world();
  for (const as of ['html', 'json'] as const) {
    sim.faults.blockAtTheEdge(CHAT, as);
    expect(await send('x')).toEqual({
      kind: 'unavailable',
      reason: 'platform_refused',
      detail: 'Kick send chat failed (403)',
    });
  }
  expect(await send('through')).toMatchObject({ kind: 'sent' });
  expect(said()).toEqual(['through']);
});

test('too many: the moment to come back is kept, in seconds or as a date, and not invented', async () => {
  const { send, sim, answer } = await world();
  sim.faults.tooManyRequests(CHAT, 20);
  const inSeconds = await send('x');
  expect(inSeconds).toMatchObject({
    kind: 'unavailable',
    reason: 'platform_refused',
    detail: 'Kick send chat failed (429)',
  });
  const waitMs = 'retryAt' in inSeconds ? (inSeconds.retryAt?.getTime() ?? 0) - Date.now() : 0;
  expect(waitMs).toBeGreaterThan(18_000);
  expect(waitMs).toBeLessThanOrEqual(20_000);
  answer(429, {}, { 'retry-after': 'Wed, 01 Jan 2070 00:00:00 GMT' });
  expect(await send('x')).toMatchObject({ retryAt: new Date('2070-01-01T00:00:00Z') });
  sim.faults.tooManyRequests(CHAT, null);
  expect(await send('x')).toEqual({
    kind: 'unavailable',
    reason: 'platform_refused',
    detail: 'Kick send chat failed (429)',
  });
});

test('a lost answer is unconfirmed, also one that cannot be read; a Kick that was never reached is unavailable', async () => {
  const { send, sim, answer } = await world();
  sim.faults.http({ kind: 'cut', path: CHAT, times: 1 });
  expect(await send('x')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  for (const body of ['<html>', {}, { data: {} }, { data: { is_sent: 'yes' } }]) {
    answer(200, body);
    expect(await send('x')).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  }
  const away = await world();
  await away.sim.faults.refuse();
  expect(await away.send('x')).toEqual({
    kind: 'unavailable',
    reason: 'platform_refused',
    detail: 'Kick send chat failed (0)',
  });
});

test('what cannot be sent at all fails without a call', async () => {
  const { send, sim } = await world();
  for (const target of ['9007199254740993', 'northpine', '0', '-5', '1.5', '12345678901234567890']) {
    expect(await send('x', { target })).toEqual({
      kind: 'rejected',
      reason: 'platform_refused',
      detail: 'Kick send chat failed (400)',
    });
  }
  expect(sim.calls).toEqual([]);
  const unset = await world({ url: null });
  expect(await unset.send('x')).toEqual({ kind: 'unavailable', reason: 'KICK_SEND_CHAT_URL is not configured' });
});
