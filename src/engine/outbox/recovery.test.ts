import { expect, test, vi } from 'vitest';
import { cuttableLine } from '../../../test/support/cuttable-line.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { accepted, outboxWorld, sharedSender } from '../../../test/support/outbox-world.ts';
import type { SendOutcome } from '../../platforms/worker-side.ts';

const database = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };
const never = () => new Promise<SendOutcome>(() => {});

test('50 messages queued during an outage of 8 s are delivered, each once, and none has lost an attempt', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url, 5);
  for (const channel of world.channels) {
    for (let index = 0; index < 10; index += 1) await world.say(channel, `${index}`);
  }
  let isUp = false;
  const { sender } = await world.worker({ clock });
  const arrived: string[] = [];
  sender.answer = (text, channelId) => {
    if (!isUp) return { kind: 'unavailable', reason: 'unreachable' };
    arrived.push(`${channelId} ${text}`);
    return accepted();
  };
  await world.pass(clock, 8000);
  isUp = true;
  await world.pass(clock, 10_000);
  expect(arrived).toHaveLength(50);
  expect(new Set(arrived).size).toBe(50);
  for (const channel of world.channels) {
    expect(await world.states(channel)).toEqual(Array(10).fill(['sent', 1, null]));
  }
});

test.each(['say', 'greeting'])(
  'a message of %s whose worker dies while sending is sent again by the next',
  async (source) => {
    const world = await outboxWorld(database.url);
    const first = await world.worker();
    first.sender.answer = never;
    await world.queue(world.first, 'welcome', { source });
    await vi.waitFor(() => expect(first.sender.messages).toHaveLength(1), soon);
    await first.die();
    const second = await world.worker();
    await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 2, null]]), soon);
    expect(second.sender.textsIn(world.first.channelId)).toEqual(['welcome']);
  },
);

test('a message that a dead worker had claimed is not sent when its time is over: it may have been said', async () => {
  const world = await outboxWorld(database.url, 2);
  const [spoken, mute] = world.channels as [typeof world.first, typeof world.first];
  const days = (count: number) => new Date(Date.now() - count * 86_400_000);
  const claimed = { status: 'processing', claimToken: 'dead', claimedBy: 1_000_000, processingAt: days(3) };
  const old = { ...claimed, createdAt: days(3), expiresAt: days(2.9) };
  const { sender, outbox } = await world.worker({
    credentials: {
      // Nothing is claimed for a channel without a sender, and its messages end all the same.
      senderFor: async ({ channelId }) => (channelId === mute.channelId ? null : sharedSender),
      renewed: async () => 'none',
    },
  });
  await world.calm();
  const interrupted = ['failed', 1, 'interrupted'];
  await world.queue(spoken, 'three days old', old);
  await world.say(spoken, 'today');
  await vi.waitFor(async () => expect(await world.states(spoken)).toEqual([interrupted, ['sent', 1, null]]), soon);
  for (const channel of [spoken, mute]) await world.queue(channel, 'three days old', old);
  outbox.wake(null);
  for (const channel of [spoken, mute]) {
    await vi.waitFor(async () => expect((await world.states(channel)).at(-1)).toEqual(interrupted), soon);
  }
  expect(sender.messages.map(({ text }) => text)).toEqual(['today']);
});

test('of two workers that find the messages of a dead one, each message is taken by one', async () => {
  const world = await outboxWorld(database.url, 20);
  const dead = await world.worker();
  dead.sender.answer = never;
  for (const channel of world.channels) await world.say(channel, channel.slug);
  await vi.waitFor(() => expect(dead.sender.messages).toHaveLength(20), soon);
  await dead.die();
  const heirs = await Promise.all([world.worker(), world.worker()]);
  for (const channel of world.channels) {
    await vi.waitFor(async () => expect(await world.states(channel)).toEqual([['sent', 2, null]]), soon);
  }
  const texts = heirs.flatMap(({ sender }) => sender.messages.map(({ text }) => text));
  expect(texts.sort()).toEqual(world.channels.map(({ slug }) => slug).sort());
});

test('the message of a worker whose host vanished is free after 15 s without a heartbeat, its locks or not', async () => {
  const world = await outboxWorld(database.url);
  const vanished = await world.worker();
  vanished.sender.answer = never;
  await world.say(world.first, 'free me');
  await vi.waitFor(() => expect(vanished.sender.messages).toHaveLength(1), soon);
  vanished.held.clear();
  const next = await world.worker();
  const heartbeat = (ageMs: number) =>
    world.db
      .updateTable('BotWorker')
      .set({ heartbeatAt: new Date(Date.now() - ageMs) })
      .where('startNumber', '=', vanished.startNumber)
      .execute();
  await heartbeat(5000);
  next.outbox.wake(world.first.channelId);
  await world.calm();
  expect(await world.states(world.first)).toEqual([['processing', 0, null]]);
  await heartbeat(16_000);
  next.outbox.wake(world.first.channelId);
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 2, null]]), soon);
  await vanished.die();
});

test('a message claimed while the worker stops is given back unsent', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker({ channels: [] });
  await world.say(world.first, 'not begun');
  const blocker = await world.pg.connect();
  await blocker.query('begin');
  await blocker.query('select from "ChatBotOutboxMessage" where "channelId" = $1 for update', [world.first.channelId]);
  worker.held.set(world.first.channelId, world.first);
  worker.changed();
  await vi.waitFor(async () => {
    const { rowCount } = await world.pg.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rowCount).toBe(1);
  }, soon);
  const drained = worker.outbox.drain();
  await blocker.query('commit');
  blocker.release();
  await drained;
  expect(await world.states(world.first)).toEqual([['pending', 0, null]]);
  expect(worker.sender.messages).toHaveLength(0);
});

test('messages that outlived a pause of their channel end failed: with the last reason, or as expired', async () => {
  const world = await outboxWorld(database.url);
  const expiresAt = new Date(Date.now() - 1000);
  const tried = await world.queue(world.first, 'tried before', { expiresAt });
  await world.queue(world.first, 'never tried', { expiresAt });
  await world.db
    .updateTable('ChatBotOutboxMessage')
    .set({ lastError: 'not_joined' })
    .where('id', '=', tried.id)
    .execute();
  const { sender } = await world.worker();
  await vi.waitFor(
    async () =>
      expect(await world.states(world.first)).toEqual([
        ['failed', 0, 'not_joined'],
        ['failed', 0, 'expired'],
      ]),
    soon,
  );
  expect(sender.messages).toHaveLength(0);
});

test('a sender whose grant is dead costs a message no attempt: it waits for another sender', async () => {
  const world = await outboxWorld(database.url);
  let current = sharedSender;
  const { sender, outbox } = await world.worker({
    credentials: { senderFor: async () => current, renewed: async () => 'none' },
  });
  sender.answer = (_text, _channel, token) =>
    token === 'linked-again' ? accepted() : { kind: 'unauthorized', reason: 'token_refused' };
  await world.say(world.first, 'hello');
  await vi.waitFor(
    async () => expect(await world.states(world.first)).toEqual([['pending', 0, 'token_refused']]),
    soon,
  );
  current = { ...sharedSender, accessToken: 'linked-again' };
  outbox.sendable(world.first.channelId);
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
});

test('a message on the wire while the database goes away is recorded when it is back, and sent once', async () => {
  const line = await cuttableLine(database.url);
  const world = await outboxWorld(line.url);
  const { sender } = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = () => answer.promise;
  await world.say(world.first, 'once');
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  line.cut();
  answer.resolve(accepted());
  await vi.waitFor(() => expect(line.refused).toBeGreaterThan(0), soon);
  line.mend();
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  expect(sender.messages).toHaveLength(1);
});

test('finished messages are kept for 14 days and then pruned within the hour; unfinished ones are not', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url);
  const days = (count: number) => new Date(clock.now().getTime() - count * 86_400_000);
  const finish = async (message: string, status: 'sent' | 'failed' | 'pending', createdAt: Date) => {
    const { id } = await world.queue(world.first, message, { createdAt });
    await world.db.updateTable('ChatBotOutboxMessage').set({ status }).where('id', '=', id).execute();
  };
  await finish('old sent', 'sent', days(15));
  await finish('old failed', 'failed', days(15));
  await finish('old pending', 'pending', days(15));
  await finish('young sent', 'sent', days(13));
  await world.worker({ clock, channels: [] });
  await world.pass(clock, 3_700_000, 60_000);
  expect((await world.rows(world.first)).map(({ message }) => message)).toEqual(['old pending', 'young sent']);
});
