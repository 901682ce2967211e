import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { accepted, outboxWorld, sharedSender } from '../../../test/support/outbox-world.ts';
import type { SendOutcome } from '../../platforms/worker-side.ts';

const database = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };
const never = () => new Promise<SendOutcome>(() => {});

test('messages of a channel go out in the order they were queued, one at a time, each with its fate', async () => {
  const world = await outboxWorld(database.url);
  const { sender } = await world.worker();
  let inFlight = 0;
  let most = 0;
  sender.answer = async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 2));
    inFlight -= 1;
    return accepted();
  };
  const texts = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  await world.say(world.first, ...texts);

  await vi.waitFor(
    async () => expect((await world.states(world.first)).filter(([s]) => s === 'sent')).toHaveLength(20),
    soon,
  );
  expect(sender.textsIn(world.first.channelId)).toEqual(texts);
  expect(most).toBe(1);
  const [row] = await world.rows(world.first);
  expect(row).toMatchObject({ attempts: 1, lastError: null, senderAccountId: 'bot-account', failedAt: null });
  expect(row?.platformMessageId).toMatch(/^m\d+$/);
  expect(row?.sentAt).not.toBeNull();
});

test('a channel whose message cannot be sent holds up no other channel, and its own later messages wait', async () => {
  const world = await outboxWorld(database.url, 2);
  const [stuck, fine] = world.channels as [typeof world.first, typeof world.first];
  const { sender } = await world.worker();
  sender.answer = (_text, channelId) =>
    channelId === stuck.channelId ? { kind: 'unavailable', reason: 'not_joined' } : accepted();
  await world.say(stuck, 'first', 'second');
  await world.say(fine, 'hello');

  await vi.waitFor(async () => expect(await world.states(fine)).toEqual([['sent', 1, null]]), soon);
  await vi.waitFor(
    async () =>
      expect(await world.states(stuck)).toEqual([
        ['pending', 0, 'not_joined'],
        ['pending', 0, null],
      ]),
    soon,
  );
  expect(sender.textsIn(stuck.channelId)).not.toContain('second');
});

test('an outage costs no attempt, and its end is acted on at once', async () => {
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker();
  let isUp = false;
  sender.answer = () =>
    isUp ? accepted() : { kind: 'unavailable', reason: 'unreachable', retryAt: new Date(Date.now() + 60_000) };
  await world.say(world.first, 'still here');
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['pending', 0, 'unreachable']]), soon);

  isUp = true;
  outbox.sendable(world.first.channelId);
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  expect(sender.messages).toHaveLength(2);
});

test('a message the platform turns down three times fails with its reason', async () => {
  const world = await outboxWorld(database.url);
  const { sender } = await world.worker();
  sender.answer = () => ({ kind: 'retry', reason: 'msg_duplicate', retryAt: new Date() });
  await world.say(world.first, 'again and again');
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['failed', 3, 'msg_duplicate']]), soon);
  expect(sender.messages).toHaveLength(3);
});

test('what can never be sent fails at once: a refusal, and an empty message', async () => {
  const world = await outboxWorld(database.url);
  const { sender } = await world.worker();
  sender.answer = () => ({ kind: 'rejected', reason: 'msg_banned' });
  await world.say(world.first, 'no', ' \u0007\n ', '/\u200b\u2800', '\u034f\ufe0f');
  await vi.waitFor(
    async () =>
      expect(await world.states(world.first)).toEqual([
        ['failed', 1, 'msg_banned'],
        ['failed', 1, 'empty_message'],
        ['failed', 1, 'empty_message'],
        ['failed', 1, 'empty_message'],
      ]),
    soon,
  );
  expect(sender.messages).toHaveLength(1);
});

test('a refused token is renewed once within the same attempt', async () => {
  const world = await outboxWorld(database.url);
  const refused: string[] = [];
  const { sender } = await world.worker({
    credentials: {
      senderFor: async () => sharedSender,
      renewed: async (credential, refusedToken) => {
        refused.push(refusedToken);
        return { ...credential, accessToken: 'token-2' };
      },
    },
  });
  sender.answer = (_text, _channel, token) =>
    token === 'token-2' ? accepted() : { kind: 'unauthorized', reason: 'token_refused' };
  await world.say(world.first, 'hello');
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  expect(refused).toEqual(['token-1']);
  expect(sender.messages.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
});

test('whatever anybody wrote into a row, the sender gets a text that it can send as it is', async () => {
  const world = await outboxWorld(database.url);
  const { sender } = await world.worker();
  await world.say(world.first, ' /ban mira_k', 'two\r\nlines');
  await vi.waitFor(() => expect(sender.textsIn(world.first.channelId)).toEqual(['ban mira_k', 'two lines']), soon);
});

test('two copies that both believe to hold a channel never send one message twice', async () => {
  const world = await outboxWorld(database.url, 8);
  const copies = await Promise.all([world.worker(), world.worker()]);
  for (let round = 0; round < 25; round += 1) {
    await Promise.all(world.channels.map((channel) => world.say(channel, `${round}`)));
  }
  await vi.waitFor(async () => {
    for (const channel of world.channels) {
      expect((await world.states(channel)).map(([status]) => status)).toEqual(Array(25).fill('sent'));
    }
  }, soon);
  const texts = copies.flatMap(({ sender }) => sender.messages).map(({ channelId, text }) => `${channelId} ${text}`);
  expect(texts).toHaveLength(200);
  expect(new Set(texts).size).toBe(200);
});

test('the message of a worker that died is sent again at once by the next, and counts the lost try', async () => {
  const world = await outboxWorld(database.url);
  const first = await world.worker();
  first.sender.answer = never;
  await world.say(world.first, 'not lost', 'next');
  await vi.waitFor(() => expect(first.sender.messages).toHaveLength(1), soon);
  await first.die();

  const second = await world.worker();
  await vi.waitFor(
    async () =>
      expect(await world.states(world.first)).toEqual([
        ['sent', 2, null],
        ['sent', 1, null],
      ]),
    soon,
  );
  expect(second.sender.textsIn(world.first.channelId)).toEqual(['not lost', 'next']);
});

test('a living worker keeps its claim until a minute has passed', async () => {
  const world = await outboxWorld(database.url, 2);
  const [contested, other] = world.channels as [typeof world.first, typeof world.first];
  const slow = await world.worker({ channels: [contested] });
  slow.sender.answer = never;
  await world.say(contested, 'slow');
  await vi.waitFor(() => expect(slow.sender.messages).toHaveLength(1), soon);

  const next = await world.worker();
  await world.say(other, 'proves that the next copy claims');
  await vi.waitFor(() => expect(next.sender.messages).toHaveLength(1), soon);
  expect((await world.rows(contested))[0]).toMatchObject({ status: 'processing', claimedBy: slow.startNumber });

  await world.db
    .updateTable('ChatBotOutboxMessage')
    .set({ processingAt: new Date(Date.now() - 61_000) })
    .where('channelId', '=', contested.channelId)
    .execute();
  next.outbox.wake(contested.channelId);
  await vi.waitFor(async () => expect(await world.states(contested)).toEqual([['sent', 2, null]]), soon);
  await slow.die();
});

test('a message that takes three workers with it ends failed', async () => {
  const world = await outboxWorld(database.url);
  await world.say(world.first, 'poison');
  for (let life = 0; life < 3; life += 1) {
    const worker = await world.worker();
    worker.sender.answer = never;
    await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
    await worker.die();
  }
  const last = await world.worker();
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['failed', 3, 'interrupted']]), soon);
  expect(last.sender.messages).toHaveLength(0);
});

test('a worker that lost its claim does not overwrite the result of the next', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  const late = Promise.withResolvers<SendOutcome>();
  worker.sender.answer = () => late.promise;
  const { id } = await world.queue(world.first, 'contested', {});
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
  await world.db
    .updateTable('ChatBotOutboxMessage')
    .set({ claimToken: 'another', status: 'sent', platformMessageId: 'theirs' })
    .where('id', '=', id)
    .execute();
  late.resolve({ kind: 'rejected', reason: 'msg_banned' });
  await vi.waitFor(() => expect(worker.outbox.stats().sending).toBe(0), soon);
  expect((await world.rows(world.first))[0]).toMatchObject({ status: 'sent', platformMessageId: 'theirs' });
});

test('a result is written by the holder of the claim alone, also while the next has not ended', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  const late = Promise.withResolvers<SendOutcome>();
  worker.sender.answer = () => late.promise;
  const { id } = await world.queue(world.first, 'contested', {});
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
  await world.db
    .updateTable('ChatBotOutboxMessage')
    .set({ claimToken: 'another', claimedBy: worker.startNumber + 1000 })
    .where('id', '=', id)
    .execute();
  worker.held.clear();
  late.resolve({ kind: 'rejected', reason: 'msg_banned' });
  await vi.waitFor(() => expect(worker.outbox.stats().sending).toBe(0), soon);
  expect((await world.rows(world.first))[0]).toMatchObject({ status: 'processing', lastError: null, failedAt: null });
});

test('a result that cannot be recorded while connections break is recorded afterwards, and nothing is sent twice', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  worker.sender.answer = () => answer.promise;
  await world.say(world.first, 'once');
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
  const cut = world.pg.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'outbox-test' and datname = current_database()",
  );
  await cut.catch(() => {});
  answer.resolve(accepted());
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  expect(worker.sender.messages).toHaveLength(1);
});

test('a stopping outbox records what is out and leaves the rest as it was', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  worker.sender.answer = () => answer.promise;
  await world.say(world.first, 'out', 'not begun');
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
  const drained = worker.outbox.drain();
  answer.resolve(accepted());
  await drained;
  expect(await world.states(world.first)).toEqual([
    ['sent', 1, null],
    ['pending', 0, null],
  ]);
});

test('messages of a channel that is not held stay untouched, and go out when it is held again', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker({ channels: [] });
  await world.say(world.first, 'wait for me');
  await world.queue(world.first, 'too late', { expiresAt: new Date(Date.now() - 1000) });
  worker.outbox.wake(null);
  worker.held.set(world.first.channelId, world.first);
  worker.changed();
  await vi.waitFor(
    async () =>
      expect(await world.states(world.first)).toEqual([
        ['sent', 1, null],
        ['failed', 0, 'expired'],
      ]),
    soon,
  );
});
