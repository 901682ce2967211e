import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import {
  type CreditsRequest,
  type ScriptedCreditsApi,
  scriptedCreditsApi,
} from '../../../test/support/scripted-credits-api.ts';
import { createHttpClient } from '../../lib/http.ts';
import { createLogger } from '../../lib/logger.ts';
import { type CreditsRelay, createCreditsRelay } from './relay.ts';

function relayTo(baseUrls: readonly string[], secret: string | null = null) {
  const clock = new ManualClock(new Date('2026-01-01T00:00:00Z'));
  const lines: Record<string, unknown>[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const log = createLogger({ level: 'debug', clock, output, errorOutput: output });
  const http = createHttpClient(10_000);
  const relay = createCreditsRelay({ baseUrls, secret, http, clock, random: () => 0.999, log, logPrefix: 'bot.' });
  return { relay, clock, lines };
}

const chat = (relay: CreditsRelay, ...names: string[]) => {
  for (const name of names) relay.add({ channelSlug: 'north', userId: `p:${name.toLowerCase()}`, displayName: name });
};
const people = (count: number, prefix = 'p') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const sizesOf = (requests: readonly CreditsRequest[]) => requests.map(({ body }) => JSON.parse(body).length);
const waitFor = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 2 });

/** Until the memory of repeats has no timer any more: what is left is the retry's. The first request is out by then. */
const forgetRepeats = (clock: ManualClock) => clock.advance(10_000);

test('chatters of a quarter of a second are one request, in order, in the form of the contract', async () => {
  const api = await scriptedCreditsApi();
  const { relay, clock } = relayTo([`${api.baseUrl}/some/path?x=1`]);
  relay.add({ channelSlug: 'north', userId: 'u1', displayName: ' Ada ', avatarUrl: 'https://a/b.png' });
  relay.add({ channelSlug: 'south', userId: 'kick:5', displayName: 'Бен 🙂', avatarUrl: null });
  await clock.advance(249);
  expect(api.requests).toHaveLength(0);
  await clock.advance(1);
  await api.answered(1);
  expect(api.requests[0]).toMatchObject({
    path: '/internal/credits/chatter',
    headers: { 'content-type': 'application/json', 'x-memalerts-internal': 'credits-event' },
  });
  expect(api.requests[0]?.headers).not.toHaveProperty('x-memalerts-signature');
  expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual([
    { channelSlug: 'north', userId: 'u1', displayName: 'Ada', avatarUrl: 'https://a/b.png' },
    { channelSlug: 'south', userId: 'kick:5', displayName: 'Бен 🙂' },
  ]);
});

test('with a secret the exact bytes are signed', async () => {
  const api = await scriptedCreditsApi();
  const secret = 'a-secret-of-at-least-thirty-two-characters';
  const { relay, clock } = relayTo([api.baseUrl], secret);
  chat(relay, 'Ада');
  await clock.advance(250);
  await api.answered(1);
  const { headers, body } = api.requests[0] as CreditsRequest;
  const timestamp = String(headers['x-memalerts-timestamp']);
  expect(timestamp).toBe(String(clock.now().getTime()));
  expect(headers['x-memalerts-signature']).toBe(
    createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'),
  );
});

test('a chatter is told once in a few seconds, and at once under a new name', async () => {
  const api = await scriptedCreditsApi();
  const { relay, clock } = relayTo([api.baseUrl]);
  for (let line = 0; line < 50; line += 1) chat(relay, 'Ada');
  await clock.advance(250);
  await api.answered(1);
  chat(relay, 'Ada', 'ADA', 'Ada');
  await clock.advance(250);
  await api.answered(2);
  expect(api.names).toEqual(['Ada', 'Ada']);
  await clock.advance(10_000);
  chat(relay, 'Ada');
  await clock.advance(250);
  await api.answered(3);
  expect(relay.stats()).toMatchObject({ added: 54, repeated: 50 });
});

test('a hundred chatters do not wait for the quarter of a second, and a backlog goes in large batches', async () => {
  const api = await scriptedCreditsApi();
  const first = Promise.withResolvers<number>();
  api.answer = () => (api.requests.length === 1 ? first.promise : 200);
  const { relay } = relayTo([api.baseUrl]);
  chat(relay, ...people(100));
  await waitFor(() => expect(api.requests).toHaveLength(1));
  chat(relay, ...people(4500, 'q'));
  first.resolve(200);
  await api.answered(3);
  expect(sizesOf(api.requests)).toEqual([100, 4000, 500]);
  expect(api.names).toEqual([...people(100), ...people(4500, 'q')]);
  // Kept alive: three requests did not take three connections.
  expect(new Set(api.requests.map(({ callerPort }) => callerPort)).size).toBeLessThan(3);
});

/** Answers only when it is told to. */
function holdAnswers(api: ScriptedCreditsApi): PromiseWithResolvers<number>[] {
  const held: PromiseWithResolvers<number>[] = [];
  api.answer = () => {
    const answer = Promise.withResolvers<number>();
    held.push(answer);
    return answer.promise;
  };
  return held;
}

/** An API that took a batch, and has another one in work. */
async function busyRelay() {
  const api = await scriptedCreditsApi();
  const { relay, clock } = relayTo([api.baseUrl]);
  chat(relay, ...people(100));
  await waitFor(() => expect(relay.stats().endpoints[0]?.delivered).toBe(100));
  const held = holdAnswers(api);
  chat(relay, ...people(100, 'q'));
  await waitFor(() => expect(held).toHaveLength(1));
  return { api, relay, clock, held };
}

test('who comes faster than they are answered goes in a second request beside the first, and in no third', async () => {
  const { api, relay, held } = await busyRelay();
  chat(relay, ...people(999, 'r'));
  expect(api.requests).toHaveLength(2);
  chat(relay, ...people(2000, 's'));
  await waitFor(() => expect(held).toHaveLength(2));
  expect(sizesOf(api.requests)).toEqual([100, 100, 1000]);
  held[1]?.resolve(200);
  await waitFor(() => expect(held).toHaveLength(3));
  held[0]?.resolve(200);
  held[2]?.resolve(200);
  await waitFor(() => expect(relay.stats().endpoints[0]).toMatchObject({ queued: 0, delivered: 3199, dropped: 0 }));
  expect(api.names.toSorted()).toEqual(
    [...people(100), ...people(100, 'q'), ...people(999, 'r'), ...people(2000, 's')].toSorted(),
  );
});

test('a new name waits for the answer about the former, so that the older one never arrives last', async () => {
  const { api, relay, clock, held } = await busyRelay();
  relay.add({ channelSlug: 'north', userId: 'p:q0', displayName: 'new' });
  chat(relay, ...people(1000, 'r'));
  await waitFor(() => expect(held).toHaveLength(2));
  expect(api.requests[2]?.body).not.toContain('p:q0');
  held[0]?.resolve(200);
  held[1]?.resolve(200);
  await waitFor(() => expect(relay.stats().endpoints[0]?.queued).toBe(1));
  await clock.advance(250);
  await waitFor(() => expect(held).toHaveLength(3));
  held[2]?.resolve(200);
  await waitFor(() => expect(api.names).toHaveLength(1201));
  expect(api.names.at(-1)).toBe('new');
});

test('an API that did not take one request gets no second beside the next, and what failed is sent again', async () => {
  const { api, relay, clock, held } = await busyRelay();
  chat(relay, ...people(3000, 'r'));
  await waitFor(() => expect(held).toHaveLength(2));
  held[0]?.resolve(503);
  held[1]?.resolve(503);
  await waitFor(() => expect(relay.stats().endpoints[0]).toMatchObject({ isReachable: false, queued: 3100 }));
  await clock.advance(10_000);
  await waitFor(() => expect(held).toHaveLength(3));
  chat(relay, ...people(1500, 's'));
  expect(api.requests).toHaveLength(4);
  held[2]?.resolve(200);
  await waitFor(() => expect(held).toHaveLength(4));
  held[3]?.resolve(200);
  await waitFor(() => expect(relay.stats().endpoints[0]).toMatchObject({ queued: 0, delivered: 4700, dropped: 0 }));
});

test('a request stays below what the API reads, however long names and addresses are', async () => {
  const api = await scriptedCreditsApi();
  const { relay } = relayTo([api.baseUrl]);
  const avatarUrl = `https://a/${'я'.repeat(240)}`;
  for (const userId of people(2000)) relay.add({ channelSlug: 'north', userId, displayName: 'Ада', avatarUrl });
  await waitFor(() => expect(api.names).toHaveLength(2000));
  expect(Math.max(...api.requests.map(({ body }) => Buffer.byteLength(body)))).toBeLessThan(500_000);
  expect(Math.max(...sizesOf(api.requests))).toBeGreaterThan(500);
});

test('an API that takes at most 1,000 at once gets 1,000, and single chatters only when it refuses these too', async () => {
  const api = await scriptedCreditsApi();
  const first = Promise.withResolvers<number>();
  api.answer = (body) => {
    if (api.requests.length === 1) return first.promise;
    return (body as unknown[]).length > 1000 ? 400 : 200;
  };
  const { relay, lines } = relayTo([api.baseUrl]);
  chat(relay, ...people(100));
  await waitFor(() => expect(api.requests).toHaveLength(1));
  chat(relay, ...people(2500, 'q'));
  first.resolve(200);
  await api.answered(5);
  expect(sizesOf(api.requests)).toEqual([100, 2500, 1000, 1000, 500]);
  expect(api.names).toEqual([...people(100), ...people(2500, 'q')]);
  expect(lines).toEqual([]);
});

test('every origin is told once, however its URL is written', async () => {
  const one = await scriptedCreditsApi();
  const two = await scriptedCreditsApi();
  const { relay, clock } = relayTo([one.baseUrl, `${one.baseUrl}/`, `${one.baseUrl}/api`, two.baseUrl]);
  chat(relay, 'Ada');
  await clock.advance(250);
  await Promise.all([one.answered(1), two.answered(1)]);
  await clock.advance(1000);
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
});

test('an instance that does not answer holds up no other', async () => {
  const slow = await scriptedCreditsApi();
  const quick = await scriptedCreditsApi();
  slow.answer = () => new Promise(() => {});
  const { relay, clock } = relayTo([slow.baseUrl, quick.baseUrl]);
  for (const name of people(5)) {
    chat(relay, name);
    await clock.advance(250);
    await quick.answered(quick.requests.length);
  }
  expect(quick.names).toEqual(people(5));
  expect(slow.requests).toHaveLength(1);
});

test('a request without an answer is given up after two seconds and tried again', async () => {
  const api = await scriptedCreditsApi();
  api.answer = () => (api.requests.length === 1 ? new Promise<number>(() => {}) : 200);
  const { relay, clock, lines } = relayTo([api.baseUrl]);
  chat(relay, 'Ada');
  const startedAt = performance.now();
  await clock.advance(250);
  await waitFor(() => expect(lines).toMatchObject([{ event: 'bot.internal_post_failed' }]));
  expect(performance.now() - startedAt).toBeGreaterThan(1900);
  await clock.advance(500);
  await waitFor(() => expect(api.names).toEqual(['Ada']));
});

test('an outage is logged once with its status, loses nobody, and its end is logged', async () => {
  const api = await scriptedCreditsApi();
  api.answer = () => 503;
  const { relay, clock, lines } = relayTo([api.baseUrl]);
  chat(relay, 'Ada');
  await forgetRepeats(clock);
  for (let round = 1; round <= 4; round += 1) {
    await api.answered(round);
    await waitFor(() => expect(clock.pendingTimers).toBe(1));
    await clock.advance(10_000);
  }
  await api.answered(5);
  api.answer = () => 200;
  await waitFor(() => expect(clock.pendingTimers).toBe(1));
  chat(relay, 'Ben');
  await clock.advance(10_000);
  await waitFor(() => expect(lines).toHaveLength(2));
  expect(lines).toMatchObject([
    { level: 'warn', event: 'bot.internal_post_failed', status: 503, errorMessage: expect.stringContaining('503') },
    { level: 'info', event: 'bot.internal_post_recovered' },
  ]);
  expect(api.names).toEqual(['Ada', 'Ben']);
});

test('an instance that knows only the single form gets single objects from then on', async () => {
  const api = await scriptedCreditsApi();
  api.answer = (body) => (Array.isArray(body) ? 400 : 200);
  const { relay, clock } = relayTo([api.baseUrl]);
  chat(relay, 'Ada', 'Ben');
  await clock.advance(250);
  await api.answered(1);
  await waitFor(() => expect(clock.pendingTimers).toBeGreaterThan(1));
  await clock.advance(250);
  await waitFor(() => expect(api.names.toSorted()).toEqual(['Ada', 'Ben']));
  chat(relay, 'Cy');
  await clock.advance(250);
  await waitFor(() => expect(api.names).toContain('Cy'));
  expect(api.requests.map(({ body }) => body.startsWith('['))).toEqual([true, false, false, false]);
});

test('a batch that is too large for an instance is sent in smaller ones', async () => {
  const api = await scriptedCreditsApi();
  api.answer = (body) => (Array.isArray(body) && body.length > 20 ? 413 : 200);
  const { relay, clock } = relayTo([api.baseUrl]);
  chat(relay, ...people(99));
  for (let round = 0; round < 20 && api.names.length < 99; round += 1) {
    await clock.advance(250);
    await api.answered(api.requests.length);
    await waitFor(() => expect(relay.stats().endpoints[0]?.queued === 0 || clock.pendingTimers > 1).toBe(true));
  }
  expect(api.names).toEqual(people(99));
});

test('what waits for an instance that is away is bounded, forgotten after two minutes, and counted', async () => {
  const api = await scriptedCreditsApi();
  api.answer = () => 503;
  const { relay, clock } = relayTo([api.baseUrl]);
  chat(relay, ...people(20_500));
  expect(relay.stats().endpoints[0]).toMatchObject({ queued: 20_000, dropped: 500 });
  await forgetRepeats(clock);
  while (clock.monotonicMs() < 120_000) {
    expect(relay.stats().endpoints[0]).toMatchObject({ queued: 20_000 });
    await waitFor(() => expect(clock.pendingTimers).toBe(1));
    await clock.advance(10_000);
  }
  await waitFor(async () => {
    await clock.advance(1000);
    expect(relay.stats().endpoints[0]).toMatchObject({ queued: 0, dropped: 20_500 });
  });
});

test('nobody whom the API would refuse spoils a batch', async () => {
  const api = await scriptedCreditsApi();
  const { relay, clock } = relayTo([api.baseUrl]);
  chat(relay, ' ', '\0');
  relay.add({ channelSlug: 'north', userId: 'p:a', displayName: 'A\0da' });
  relay.add({ channelSlug: '', userId: 'p:x', displayName: 'X' });
  await clock.advance(250);
  await api.answered(1);
  expect(api.names).toEqual(['Ada']);
});

test('a drain delivers what waits without waiting for a timer, and is over at its deadline', async () => {
  const api = await scriptedCreditsApi();
  const { relay } = relayTo([api.baseUrl]);
  chat(relay, 'Ada', 'Ben');
  await relay.drain(5000);
  expect(api.names).toEqual(['Ada', 'Ben']);
  chat(relay, 'Cy');
  expect(relay.stats().endpoints[0]).toMatchObject({ queued: 0, delivered: 2, dropped: 0 });

  const mute = await scriptedCreditsApi();
  mute.answer = () => new Promise(() => {});
  const late = relayTo([mute.baseUrl]);
  chat(late.relay, 'Ada');
  const drained = late.relay.drain(1000);
  await waitFor(() => expect(mute.requests).toHaveLength(1));
  await late.clock.advance(1000);
  await drained;
  expect(late.relay.stats().endpoints[0]).toMatchObject({ queued: 0, dropped: 1 });
});

test('nothing is kept for nobody', () => {
  const { relay, clock } = relayTo([]);
  chat(relay, 'Ada');
  expect(relay.stats()).toEqual({ added: 0, repeated: 0, endpoints: [] });
  expect(clock.pendingTimers).toBe(0);
});
