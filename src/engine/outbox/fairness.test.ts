import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { accepted, outboxWorld } from '../../../test/support/outbox-world.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';

const database = await createTestDatabase();
/** Limits remember what was sent before: tests of them start on a clean table. */
const quiet = await createTestDatabase();
const crowded = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };

test('every channel gets its turn: the heads of all channels go first, however long the backlog of one', async () => {
  const world = await outboxWorld(database.url, 30);
  await world.pg.query(
    `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message)
     select $1, $2, n::text from generate_series(1, 1000) n`,
    [world.first.channelId, world.first.target],
  );
  for (const channel of world.channels.slice(1)) await world.say(channel, 'head', 'next');
  const { sender } = await world.worker();
  await vi.waitFor(() => expect(sender.messages.length).toBeGreaterThanOrEqual(60), soon);
  expect(new Set(sender.messages.slice(0, 30).map(({ channelId }) => channelId)).size).toBe(30);
});

test('at most 64 messages are on the wire at once, and no channel is forgotten for it', async () => {
  const world = await outboxWorld(database.url, 100);
  for (const channel of world.channels) await world.say(channel, 'hello');
  const { sender, outbox } = await world.worker();
  const isOpen = Promise.withResolvers<void>();
  sender.answer = () => isOpen.promise.then(accepted);
  await vi.waitFor(() => expect(sender.messages).toHaveLength(64), soon);
  expect(outbox.stats().sending).toBe(64);
  isOpen.resolve();
  await vi.waitFor(() => expect(sender.messages).toHaveLength(100), soon);
  await vi.waitFor(() => expect(outbox.stats().sent).toBe(100), soon);
});

test('a permit that turns out not to be needed goes to the next channel at once, not when the window has passed', async () => {
  const limits: PlatformLimits = {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [{ scope: 'sender', max: 3, periodMs: 30_000, blocks: 'everyone' }],
  };
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(quiet.url, 2);
  const [brief, chatty] = world.channels as [typeof world.first, typeof world.first];
  await world.say(brief, 'only this');
  await world.say(chatty, 'one', 'two', 'three');
  const { sender } = await world.worker({ clock, limits });
  await world.calm();
  // After its only message `brief` asks for a third permit, finds nothing to send, and gives it back.
  expect(sender.textsIn(brief.channelId)).toEqual(['only this']);
  expect(sender.textsIn(chatty.channelId)).toEqual(['one', 'two']);
  await world.pass(clock, 30_000);
  expect(sender.textsIn(chatty.channelId)).toEqual(['one', 'two', 'three']);
});

test('120 messages over 30 channels keep to the limits of the account and the channel, each channel in order', async () => {
  const limits: PlatformLimits = {
    message: { max: 500, unit: 'utf16' },
    sendWindows: [
      { scope: 'sender', max: 20, periodMs: 30_000, blocks: 'unprivileged' },
      { scope: 'channel', max: 1, periodMs: 1000, blocks: 'unprivileged' },
    ],
  };
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(crowded.url, 30);
  for (const channel of world.channels) await world.say(channel, '0', '1', '2', '3');
  const { sender } = await world.worker({ clock, limits });
  const sentAtMs: number[] = [];
  sender.answer = () => {
    sentAtMs.push(clock.monotonicMs());
    return accepted();
  };
  await world.pass(clock, 200_000);
  expect(sentAtMs).toHaveLength(120);
  for (const atMs of sentAtMs) {
    expect(sentAtMs.filter((other) => other >= atMs && other < atMs + 30_000).length).toBeLessThanOrEqual(20);
  }
  for (const { channelId } of world.channels) expect(sender.textsIn(channelId)).toEqual(['0', '1', '2', '3']);
});
