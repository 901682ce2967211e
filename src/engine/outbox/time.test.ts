import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { accepted, outboxWorld, sharedSender, type TestWorker } from '../../../test/support/outbox-world.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';

const database = await createTestDatabase();
/** Limits remember what was sent before: tests of them start on a clean table. */
const quiet = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };
const MINUTE = 60_000;

async function manual(limits: PlatformLimits | null = null, channels = 1) {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(limits === null ? database.url : quiet.url, channels);
  const worker = await world.worker({ clock, ...(limits === null ? {} : { limits }) });
  return { clock, world, worker };
}

async function settled(worker: TestWorker, sends: number): Promise<void> {
  await vi.waitFor(() => expect(worker.sender.messages.length).toBeGreaterThanOrEqual(sends), soon);
  await vi.waitFor(() => expect(worker.outbox.stats().sending).toBe(0), soon);
}

test('a message the platform cannot take for ten minutes ends failed with its reason, on time', async () => {
  const { clock, world, worker } = await manual();
  worker.sender.answer = () => ({ kind: 'unavailable', reason: 'not_joined' });
  await world.say(world.first, 'nobody hears me');
  await settled(worker, 1);
  await world.pass(clock, 9 * MINUTE, MINUTE);
  expect(await world.states(world.first)).toEqual([['pending', 0, 'not_joined']]);
  await world.pass(clock, 1.5 * MINUTE, 15_000);
  expect(await world.states(world.first)).toEqual([['failed', 0, 'not_joined']]);
  // Doubling waits up to a minute: about fifteen tries in ten minutes, not six hundred.
  expect(worker.sender.messages.length).toBeLessThan(25);
});

test('without any sender a message waits, goes out when there is one, and ends with the reason when there is none', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url);
  let sender: typeof sharedSender | null = null;
  const worker = await world.worker({
    clock,
    credentials: { senderFor: async () => sender, renewed: async () => 'none' },
  });
  await world.queue(world.first, 'expires', { expiresAt: new Date(clock.now().getTime() + MINUTE) });
  await world.pass(clock, 1.2 * MINUTE, 5000);
  expect(await world.states(world.first)).toEqual([['failed', 0, 'no_bot']]);
  await world.say(world.first, 'patient');
  await world.pass(clock, MINUTE, 5000);
  sender = sharedSender;
  await world.pass(clock, 10_000, 2500);
  expect((await world.states(world.first))[1]).toEqual(['sent', 1, null]);
  expect(worker.sender.messages).toHaveLength(1);
});

test('a lost hint is made up for within 30 s while hints arrive, and within one poll while they do not', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url);
  let isListening = true;
  const worker = await world.worker({ clock, isListening: () => isListening });
  await world.pass(clock, 1000, 1000);
  isListening = false;
  await world.say(world.first, 'no hint heard');
  await world.pass(clock, 1000, 1000);
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);

  await world.pg.query('alter table "ChatBotOutboxMessage" disable trigger hint_insert');
  isListening = true;
  await world.say(world.first, 'no hint given');
  await world.pass(clock, 20_000, 10_000);
  expect(worker.sender.messages).toHaveLength(1);
  await world.pass(clock, 10_000, 10_000);
  await world.pg.query('alter table "ChatBotOutboxMessage" enable trigger hint_insert');
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(2), soon);
});

test('the limit of the account holds over all channels, and over a restart', async () => {
  const limits: PlatformLimits = {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [{ scope: 'sender', max: 4, periodMs: 30_000, blocks: 'everyone' }],
  };
  const { clock, world, worker } = await manual(limits, 3);
  for (const channel of world.channels) await world.say(channel, 'a', 'b', 'c');
  await settled(worker, 4);
  await world.pass(clock, 20_000, 5000);
  expect(worker.sender.messages).toHaveLength(4);
  await worker.outbox.drain();
  await worker.die();

  const next = await world.worker({ clock, limits });
  await world.pass(clock, 9000, 3000);
  expect(next.sender.messages).toHaveLength(0);
  await world.pass(clock, 3000, 1000);
  await settled(next, 4);
  expect(next.sender.messages).toHaveLength(4);
  // Waiting its turn is not an attempt, and no channel goes short.
  expect(new Set(next.sender.messages.map(({ channelId }) => channelId)).size).toBe(3);
});

test('a message that waits for the limit until it expires is never sent', async () => {
  const limits: PlatformLimits = {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [{ scope: 'channel', max: 1, periodMs: 20 * MINUTE, blocks: 'everyone' }],
  };
  const { clock, world, worker } = await manual(limits);
  worker.sender.answer = () => accepted();
  await world.say(world.first, 'first', 'second');
  await settled(worker, 1);
  await world.pass(clock, 11 * MINUTE, 30_000);
  expect(await world.states(world.first)).toEqual([
    ['sent', 1, null],
    ['failed', 0, 'expired'],
  ]);
  expect(worker.sender.messages).toHaveLength(1);
});

test('an answer ends on time while what goes before it waits', async () => {
  const { clock, world, worker } = await manual();
  worker.sender.answer = () => ({ kind: 'unavailable', reason: 'not_joined' });
  await world.say(world.first, 'patient');
  await settled(worker, 1);
  const expiresAt = new Date(clock.now().getTime() + MINUTE);
  await world.queue(world.first, 'answer', { source: 'command', rank: 1, expiresAt });
  await world.pass(clock, 55_000, 5000);
  expect((await world.states(world.first))[1]).toEqual(['pending', 0, null]);
  await world.pass(clock, 40_000, 5000);
  expect(await world.states(world.first)).toEqual([
    ['pending', 0, 'not_joined'],
    ['failed', 0, 'expired'],
  ]);
});

test('a message that goes before one with many failed tries does not inherit its long wait', async () => {
  const { clock, world, worker } = await manual();
  worker.sender.answer = () => ({ kind: 'unavailable', reason: 'not_joined' });
  const expiresAt = new Date(clock.now().getTime() + MINUTE);
  await world.queue(world.first, 'answer', { source: 'command', rank: 1, expiresAt });
  await settled(worker, 1);
  await world.pass(clock, 20_000);
  expect(worker.sender.messages.length).toBeGreaterThan(3);
  await world.say(world.first, 'urgent');
  await vi.waitFor(() => expect(worker.sender.textsIn(world.first.channelId)).toContain('urgent'), soon);
  worker.sender.answer = accepted;
  await world.pass(clock, 2000, 500);
  expect((await world.states(world.first))[1]).toEqual(['sent', 1, null]);
});
