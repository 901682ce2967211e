/** How events reach the webhook, and everything that can go wrong on the way. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { KickSimulatorOptions } from '../options.ts';
import type { KickSimulator } from '../simulator.ts';
import { isGenuine, publicKey, type Received, simulator, streamer, subscribe, Webhook } from '../test-support.ts';

const HOUR_MS = 3_600_000;

/** A channel whose lines are delivered. */
async function read(options?: KickSimulatorOptions) {
  const sim = await simulator(options);
  const webhook = await Webhook.of(sim);
  const { token } = streamer(sim);
  await subscribe(sim, token, 'chat.message.sent', 'livestream.status.updated');
  return { sim, webhook, say: (text: string) => sim.say('northpine', 'mira_k', text) };
}

const idOf = ({ headers }: Received) => headers['kick-event-message-id'];

/** Lets time pass until a retry was made; sockets need the real one meanwhile. */
async function retried(clock: ManualClock, sim: KickSimulator, posts: number): Promise<void> {
  while (sim.deliveries.records.length < posts) {
    await clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a delivery carries the documented headers and the body as a flat object', async () => {
  const { sim, webhook, say } = await read({ clock: new ManualClock(new Date('2026-01-02T03:04:05.678Z')) });
  const id = say('hello');
  const [delivery] = await webhook.next(1);
  expect(delivery?.headers).toMatchObject({
    'content-type': 'application/json',
    'kick-event-message-id': expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
    'kick-event-subscription-id': sim.subscriptions.all()[0]?.id,
    'kick-event-message-timestamp': '2026-01-02T03:04:05Z',
    'kick-event-type': 'chat.message.sent',
    'kick-event-version': '1',
    host: 'bot.example',
  });
  expect(delivery?.body).toMatchObject({ message_id: id, content: 'hello', created_at: '2026-01-02T03:04:05Z' });
});

test('lines of a channel arrive in order however slow the webhook is, and none is lost', async () => {
  const { webhook, say } = await read();
  webhook.answerAfterMs = 5;
  const texts = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  for (const text of texts) say(text);
  await webhook.next(40);
  expect(webhook.texts()).toEqual(texts);
});

test('one slow channel does not hold up another', async () => {
  const { sim, webhook, say } = await read();
  await subscribe(sim, streamer(sim, 'southoak').token, 'chat.message.sent');
  webhook.answerAfterMs = 50;
  for (let line = 0; line < 5; line += 1) say('slow');
  sim.say('southoak', 'mira_k', 'elsewhere');
  await webhook.next(2);
  expect(webhook.texts().slice(0, 2)).toContain('elsewhere');
});

test('only 200 ends a delivery: it is repeated with the same id and bytes, before what comes after it', async () => {
  const clock = new ManualClock();
  const { sim, webhook, say } = await read({ clock });
  webhook.statuses = [204, 503];
  say('stubborn');
  say('behind it');
  await retried(clock, sim, 4);
  const [first, second, third] = webhook.received;
  expect(webhook.texts()).toEqual(['stubborn', 'stubborn', 'stubborn', 'behind it']);
  expect([idOf(second as Received), idOf(third as Received)]).toEqual(Array(2).fill(idOf(first as Received)));
  expect(sim.deliveries.records.map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 204],
    [2, 503],
    [3, 200],
    [1, 200],
  ]);
});

test('after the last attempt a delivery is given up', async () => {
  const clock = new ManualClock();
  const { sim, webhook, say } = await read({ clock });
  sim.faults.retries({ attempts: 2, spacingMs: 1000 });
  webhook.statuses = [500, 500];
  say('lost');
  say('next');
  await retried(clock, sim, 3);
  expect(webhook.texts()).toEqual(['lost', 'lost', 'next']);
});

test('an event that fails for more than a day is unsubscribed, for every channel, and the others stay', async () => {
  const clock = new ManualClock();
  const { sim, webhook, say } = await read({ clock });
  sim.faults.retries({ attempts: 1 });
  webhook.always = 500;
  say('first');
  await sim.deliveries.settled();
  await clock.advance(24 * HOUR_MS);
  say('a day later');
  await sim.deliveries.settled();
  expect(sim.isRead('northpine')).toBe(true);
  await clock.advance(1000);
  say('more than a day later');
  await sim.deliveries.settled();
  expect(sim.subscriptions.all().map(({ event }) => event)).toEqual(['livestream.status.updated']);
});

test('one success in between starts the day anew', async () => {
  const clock = new ManualClock();
  const { sim, webhook, say } = await read({ clock });
  sim.faults.retries({ attempts: 1 });
  webhook.statuses = [500, 200, 500];
  for (let round = 0; round < 3; round += 1) {
    say('hello');
    await sim.deliveries.settled();
    await clock.advance(13 * HOUR_MS);
  }
  expect(sim.isRead('northpine')).toBe(true);
});

test('a line can come twice under one delivery id, or under two', async () => {
  const { sim, webhook, say } = await read();
  sim.faults.deliveries({ duplicates: 1 });
  say('same');
  const [first, again] = await webhook.next(2);
  expect(idOf(again as Received)).toBe(idOf(first as Received));
  sim.faults.deliveries({ duplicatesWithNewId: 1 });
  say('new');
  const [, , original, copy] = await webhook.next(4);
  expect(idOf(copy as Received)).not.toBe(idOf(original as Received));
  expect(copy?.raw).toEqual(original?.raw);
  expect(copy?.headers['kick-event-subscription-id']).not.toBe(original?.headers['kick-event-subscription-id']);
  expect(copy && isGenuine(copy, await publicKey(sim))).toBe(true);
});

test('a delayed line keeps its time and its signature, and later ones overtake it', async () => {
  const clock = new ManualClock();
  const { sim, webhook, say } = await read({ clock });
  sim.faults.deliveries({ delayed: 1, delayMs: 300_000 });
  say('late');
  say('early');
  await webhook.next(1);
  await clock.advance(300_000);
  const [, late] = await webhook.next(2);
  expect(webhook.texts()).toEqual(['early', 'late']);
  expect(late?.headers['kick-event-message-timestamp']).toBe('2026-01-01T00:00:00Z');
  expect(late && isGenuine(late, await publicKey(sim))).toBe(true);
});

test('an old line is old in body, header and signature without anybody waiting', async () => {
  const { sim, webhook } = await read({ clock: new ManualClock() });
  sim.say('northpine', 'mira_k', 'old', { agoMs: 90_000 });
  const [old] = await webhook.next(1);
  expect(old?.body.created_at).toBe('2025-12-31T23:58:30Z');
  expect(old?.headers['kick-event-message-timestamp']).toBe('2025-12-31T23:58:30Z');
});

test('lines are reordered once enough have gathered, or on request', async () => {
  const { sim, webhook, say } = await read();
  sim.faults.deliveries({ reordered: 3 });
  for (const text of ['one', 'two', 'three', 'four']) say(text);
  await webhook.next(4);
  expect(webhook.texts()).toEqual(['three', 'two', 'one', 'four']);
  sim.faults.deliveries({ reordered: 9 });
  say('five');
  say('six');
  sim.deliveries.release();
  await webhook.next(6);
  expect(webhook.texts().slice(4)).toEqual(['six', 'five']);
});

test('signatures can be corrupted or made by somebody else, and neither verifies', async () => {
  const { sim, webhook, say } = await read();
  sim.faults.deliveries({ corruptSignatures: 1 });
  say('corrupt');
  sim.faults.deliveries({ forged: 1 });
  say('forged');
  say('genuine');
  const pem = await publicKey(sim);
  const received = await webhook.next(3);
  expect(received.map((each) => isGenuine(each, pem))).toEqual([false, false, true]);
  for (const { headers } of received) expect(headers['kick-event-signature']).toHaveLength(344);
});

test('the date can stand twice in the timestamp, covered by the signature as it stands', async () => {
  const { sim, webhook, say } = await read({ clock: new ManualClock(new Date('2026-04-26T11:27:44Z')) });
  sim.faults.deliveries({ doubledDates: 1 });
  say('hello');
  const [delivery] = await webhook.next(1);
  expect(delivery?.headers['kick-event-message-timestamp']).toBe('2026-04-26T2026-04-26T11:27:44Z');
  expect(delivery && isGenuine(delivery, await publicKey(sim))).toBe(true);
});

test('a header can be missing, and a delivery can be lost', async () => {
  const { sim, webhook, say } = await read();
  sim.faults.deliveries({ withoutHeader: 1, headerName: 'Kick-Event-Message-Timestamp' });
  say('incomplete');
  sim.faults.deliveries({ lost: 1 });
  say('lost');
  say('last');
  const [incomplete] = await webhook.next(2);
  expect(incomplete?.headers['kick-event-message-timestamp']).toBeUndefined();
  expect(webhook.texts()).toEqual(['incomplete', 'last']);
});

test('types, versions and bodies of tomorrow are delivered, signed like any', async () => {
  const { sim, webhook } = await read();
  sim.emit('northpine', 'channel.raided', '1', { raider: 'somebody' });
  sim.emit('northpine', 'chat.message.sent', '2', { message: { text: 'hello' } });
  sim.emit('northpine', 'chat.message.sent', '1', '{"broken');
  const received = await webhook.next(3);
  const told = received.map(({ headers }) => [headers['kick-event-type'], headers['kick-event-version']]);
  expect(told).toEqual([
    ['channel.raided', '1'],
    ['chat.message.sent', '2'],
    ['chat.message.sent', '1'],
  ]);
  const pem = await publicKey(sim);
  expect(received.every((each) => isGenuine(each, pem))).toBe(true);
  expect(received[2]?.raw.toString()).toBe('{"broken');
});

test('without an address, or with one on no known host, nothing leaves the machine', async () => {
  const sim = await simulator();
  await subscribe(sim, streamer(sim).token, 'chat.message.sent');
  sim.say('northpine', 'mira_k', 'nowhere to go');
  expect(sim.deliveries.records).toEqual([]);
  sim.faults.retries({ attempts: 1 });
  sim.setApplication({ webhookUrl: 'https://kick.example/events' });
  sim.say('northpine', 'mira_k', 'nobody there');
  await sim.deliveries.settled();
  expect(sim.deliveries.records).toMatchObject([{ status: null }]);
});
