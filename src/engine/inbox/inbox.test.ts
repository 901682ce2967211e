import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { accepted, outboxWorld, type TestWorker } from '../../../test/support/outbox-world.ts';
import { receiveDelivery } from '../../db/webhook-inbox.ts';
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../lib/brand.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ChatMessage, SendOutcome } from '../../platforms/worker-side.ts';
import type { SpeakingChannel } from '../outbox/row.ts';
import { InboxReader } from './inbox-reader.ts';
import type { Receipt } from './receipt.ts';

const database = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };
const provider = 'twitch' as ProviderId;

async function inboxWorld(channelCount = 1) {
  const world = await outboxWorld(database.url, channelCount);
  let deliveries = 0;
  return {
    ...world,
    store: ({ channelId }: SpeakingChannel, text: string, given: { deliveryId?: string; key?: string } = {}) =>
      receiveDelivery(
        world.db,
        {
          provider,
          channelId,
          deliveryId: given.deliveryId ?? `${channelId} ${++deliveries}`,
          businessKey: given.key ?? null,
          eventType: 'chat',
          payload: { text },
        },
        new Date(),
      ),
    async states({ channelId }: SpeakingChannel) {
      const stored = await world.db
        .selectFrom('WebhookInbox')
        .select(['payload', 'status'])
        .where('channelId', '=', channelId)
        .orderBy('seq')
        .execute();
      return stored.map(({ payload, status }) => [(payload as { text: string }).text, status]);
    },
    /** What is read stays with the test: `hand` decides what becomes of it. */
    reader(worker: TestWorker, hand: (message: ChatMessage, receipt: Receipt) => void, knowsOwnAccounts = () => true) {
      const reader = new InboxReader({
        pg: world.pg,
        provider,
        clock: systemClock,
        random: () => 0.5,
        log: world.log,
        logPrefix: 'test.',
        inbox: { read: ({ channelId }, { payload }) => lineOf(channelId, (payload as { text: string }).text) },
        channels: { held: () => worker.held, onChange: () => {} },
        startNumber: () => worker.startNumber,
        isListening: () => false,
        knowsOwnAccounts,
        pollMs: 50,
        message: hand,
      });
      onTestFinished(() => reader.stop());
      reader.wake(null);
      return reader;
    },
  };
}

/** `unreadable` is what no reader understands. */
function lineOf(channelId: ChannelId, text: string): ChatMessage | null {
  if (text === 'unreadable') return null;
  const author = { login: null, displayName: 'Mira', avatarUrl: null, roles: new Set<never>() };
  return {
    provider,
    channelId,
    messageId: text as PlatformMessageId,
    author: { ...author, platformUserId: 'u1' as PlatformUserId },
    text,
    sentAtMs: Date.now(),
    isBacklog: false,
    isOwn: false,
  };
}

test('a delivery is stored once: by its id, and by what happened under another id', async () => {
  const { store, first, states } = await inboxWorld();
  const at = (deliveryId: string, key: string) => store(first, deliveryId, { deliveryId: `a ${deliveryId}`, key });
  expect(await at('d1', 'line 1')).toBe(true);
  expect(await at('d1', 'line 1')).toBe(false);
  expect(await at('d2', 'line 1')).toBe(false);
  expect(await at('d3', 'line 3')).toBe(true);
  expect((await Promise.all(['x', 'x', 'y', 'z'].map((id) => at(id, 'line 4')))).filter(Boolean)).toHaveLength(1);
  expect((await states(first)).slice(0, 2)).toEqual([
    ['d1', 'pending'],
    ['d3', 'pending'],
  ]);
});

test('lines are handed over once, in the order they came, and marked when nothing is owed for them', async () => {
  const { store, first, worker, reader, states } = await inboxWorld();
  const texts = Array.from({ length: 250 }, (_, index) => `line ${index}`);
  for (const text of texts.slice(0, 150)) await store(first, text);
  await store(first, 'unreadable');
  const read: string[] = [];
  reader(await worker(), ({ text }, receipt) => {
    read.push(text);
    receipt.done(false);
  });
  for (const text of texts.slice(150)) await store(first, text);
  await vi.waitFor(() => expect(read).toEqual(texts), soon);
  await vi.waitFor(async () => {
    for (const [, status] of await states(first)) expect(status).toBe('processed');
  }, soon);
});

test('a line is done when its answer is on record, both in one step', async () => {
  const { store, first, worker, reader, states, rows } = await inboxWorld();
  await store(first, '!hi');
  const copy = await worker();
  const answer = Promise.withResolvers<SendOutcome>();
  copy.sender.answer = () => answer.promise;
  const handed = vi.fn();
  reader(copy, ({ messageId }, receipt) => {
    handed();
    copy.outbox.reply({ channel: first, text: 'hello', source: 'command', messageId, receipt });
  });
  await vi.waitFor(() => expect(copy.sender.messages).toHaveLength(1), soon);
  expect(await states(first)).toEqual([['!hi', 'processed']]);
  answer.resolve(accepted());
  await vi.waitFor(async () => expect(await rows(first)).toMatchObject([{ status: 'sent', message: 'hello' }]), soon);
  expect(handed).toHaveBeenCalledTimes(1);
});

test('a line that a worker took with it into death is answered by the next, one it had answered is not', async () => {
  const { store, first, worker, reader, states } = await inboxWorld();
  for (const text of ['!answered', '!lost']) await store(first, text);
  const dead = await worker();
  const former = reader(dead, ({ text, messageId }, receipt) => {
    if (text === '!answered') dead.outbox.reply({ channel: first, text, source: 'command', messageId, receipt });
  });
  await vi.waitFor(() => expect(dead.sender.textsIn(first.channelId)).toEqual(['!answered']), soon);
  former.stop();
  await dead.die();
  const heir = await worker();
  reader(heir, ({ text, messageId }, receipt) =>
    heir.outbox.reply({ channel: first, text, source: 'command', messageId, receipt }),
  );
  await vi.waitFor(() => expect(heir.sender.textsIn(first.channelId)).toEqual(['!lost']), soon);
  await vi.waitFor(async () => {
    for (const [, status] of await states(first)) expect(status).toBe('processed');
  }, soon);
});

test('a copy that lost its lease reads, marks and answers nothing more', async () => {
  const { store, channels, worker, reader, states, rows } = await inboxWorld(2);
  const [lost, kept] = channels as [SpeakingChannel, SpeakingChannel];
  const former = await worker();
  const handed: Receipt[] = [];
  const read: string[] = [];
  reader(former, ({ text }, receipt) => {
    read.push(text);
    if (text === 'sign') receipt.done(false);
    else handed.push(receipt);
  });
  for (const text of ['!one', '!two']) await store(lost, text);
  await vi.waitFor(() => expect(handed).toHaveLength(2), soon);
  await worker({ channels: [lost] });
  const [one, two] = handed as [Receipt, Receipt];
  former.outbox.reply({ channel: lost, text: 'late', source: 'command', messageId: null, receipt: one });
  two.done(false);
  await store(lost, '!three');
  await store(kept, 'sign');
  await vi.waitFor(async () => expect(await states(kept)).toEqual([['sign', 'processed']]), soon);
  expect((await states(lost)).map(([, status]) => status)).toEqual(['pending', 'pending', 'pending']);
  expect(await rows(lost)).toEqual([]);
  expect(read).toEqual(['!one', '!two', 'sign']);
});

test('a channel whose line waits holds up no other', async () => {
  const { store, channels, worker, reader } = await inboxWorld(2);
  const [slow, quick] = channels as [SpeakingChannel, SpeakingChannel];
  const read: string[] = [];
  const copy = await worker();
  const inbox = reader(copy, ({ text }, receipt) => {
    read.push(text);
    if (text !== 'stuck') receipt.done(false);
  });
  for (const text of ['stuck', 'behind it']) await store(slow, text);
  await vi.waitFor(() => expect(read).toContain('stuck'), soon);
  await store(slow, 'later');
  for (const text of ['a', 'b']) await store(quick, text);
  inbox.wake(quick.channelId);
  await vi.waitFor(() => expect(read).toEqual(expect.arrayContaining(['a', 'b'])), soon);
  expect(read).not.toContain('later');
});

test('nothing is read before our own accounts are known, and everything as soon as they are', async () => {
  const { store, first, worker, reader } = await inboxWorld();
  for (const text of ['one', 'two']) await store(first, text);
  const asked: boolean[] = [];
  const read: string[] = [];
  const hand = ({ text }: ChatMessage, receipt: Receipt) => {
    read.push(text);
    receipt.done(false);
  };
  let isKnown = false;
  reader(await worker(), hand, () => {
    asked.push(isKnown);
    return isKnown;
  });
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1), soon);
  expect(read).toEqual([]);
  isKnown = true;
  await vi.waitFor(() => expect(read).toEqual(['one', 'two']), soon);
});

test('of more than fits into memory some is taken, and the rest as soon as there is room', async () => {
  const { pg, channels, worker, reader } = await inboxWorld(110);
  await pg.query(
    `insert into "WebhookInbox" (provider, "channelId", "deliveryId", "eventType", payload)
     select $1, channel, channel || n, 'chat', jsonb_build_object('text', 'line ' || n)
     from generate_series(1, 100) n, unnest($2::text[]) channel order by n`,
    [provider, channels.map(({ channelId }) => channelId)],
  );
  const waiting: Receipt[] = [];
  let read = 0;
  let isHeld = true;
  reader(await worker(), (_message, receipt) => {
    read += 1;
    if (isHeld) waiting.push(receipt);
    else receipt.done(false);
  });
  await vi.waitFor(() => expect(read).toBe(10_000), soon);
  isHeld = false;
  for (const receipt of waiting) receipt.done(false);
  await vi.waitFor(() => expect(read).toBe(11_000), soon);
});
