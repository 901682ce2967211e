import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { accepted, outboxWorld } from '../../../test/support/outbox-world.ts';
import type { PlatformMessageId } from '../../lib/brand.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';
import type { SendOutcome } from '../../platforms/worker-side.ts';
import type { SpeakingChannel } from './row.ts';

const database = await createTestDatabase();
/** Limits remember what was sent before: tests of them start on a clean table. */
const crowded = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };

/** As Twitch has them. */
const LIMITS: PlatformLimits = {
  message: { max: 500, unit: 'utf16' },
  sendWindows: [
    { scope: 'sender', max: 20, periodMs: 30_000, blocks: 'unprivileged' },
    { scope: 'sender', max: 100, periodMs: 30_000, blocks: 'everyone' },
    { scope: 'channel', max: 1, periodMs: 1000, blocks: 'unprivileged' },
  ],
};

let lines = 0;
function replyIn(channel: SpeakingChannel, text: string) {
  return { channel, text, source: 'command' as const, messageId: `voice-${++lines}` as PlatformMessageId };
}

type World = Awaited<ReturnType<typeof outboxWorld>>;

async function two(url = database.url): Promise<World & { second: SpeakingChannel }> {
  const world = await outboxWorld(url, 2);
  return { ...world, second: world.channels[1] as SpeakingChannel };
}

test('300 answers asked for within 4 s silence neither that chat nor another: say is in both within 2 s', async () => {
  const clock = new ManualClock(new Date());
  const world = await two(crowded.url);
  const { outbox, sender } = await world.worker({ clock, limits: LIMITS });
  sender.isModerator = true;
  await world.calm();
  for (let step = 0; step < 40; step += 1) {
    for (let asked = 0; asked < 15 && step * 15 + asked < 300; asked += 1) {
      outbox.reply(replyIn(world.first, `answer ${step * 15 + asked}`));
    }
    await world.pass(clock, 100, 100);
  }
  const answered = sender.textsIn(world.first.channelId).length;
  expect(answered).toBe(80);
  await world.say(world.first, 'listen');
  await world.say(world.second, 'listen');
  await vi.waitFor(async () => expect(await world.states(world.second)).toEqual([['sent', 1, null]]), soon);
  await world.pass(clock, 2000, 200);
  expect(sender.textsIn(world.first.channelId).slice(answered)).toEqual(['listen']);
  expect(sender.textsIn(world.second.channelId)).toEqual(['listen']);

  // The answers that still wait go out as their part of the window gets free, or end when nobody wants them any more.
  await world.pass(clock, 61_000, 1000);
  const ends = (await world.rows(world.first)).map(({ status }) => status);
  expect(ends.filter((status) => status !== 'sent')).toEqual([]);
  expect(outbox.stats().answersCrowdedOut).toBe(300 - (ends.length - 1));
}, 60_000);

test('what the streamer says goes before answers that wait, and a message on its way is never overtaken', async () => {
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'on its way' ? answer.promise : accepted());
  outbox.reply(replyIn(world.first, 'on its way'));
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  for (const text of ['one', 'two']) outbox.reply(replyIn(world.first, text));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(3), soon);
  await world.say(world.first, 'said', 'said too');
  await world.calm();
  expect(sender.messages).toHaveLength(1);
  answer.resolve(accepted());
  await vi.waitFor(
    () => expect(sender.textsIn(world.first.channelId)).toEqual(['on its way', 'said', 'said too', 'one', 'two']),
    soon,
  );
});

test('an answer that the platform does not take now lets what is said meanwhile go first', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker({ clock });
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'answer' ? answer.promise : accepted());
  outbox.reply(replyIn(world.first, 'answer'));
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  // The hint comes while the answer is on its way.
  await world.say(world.first, 'said');
  outbox.wake(world.first.channelId);
  answer.resolve({ kind: 'unavailable', reason: 'msg_slowmode', retryAt: new Date(clock.now().getTime() + 20_000) });
  await vi.waitFor(() => expect(sender.textsIn(world.first.channelId)).toEqual(['answer', 'said']), soon);
});

test.each([
  ['an answer', { source: 'command', rank: 1 }],
  ['an answer of an older worker, which knows no ranks', { source: 'command' }],
  ['a say', {}],
] as const)(
  '%s that another worker has claimed blocks its channel, whatever else waits there',
  async (_what, columns) => {
    const world = await two();
    const other = await world.worker({ channels: [] });
    await world.queue(world.first, 'waits already', {});
    await world.queue(world.first, 'theirs', {
      ...columns,
      status: 'processing',
      claimedBy: other.startNumber,
      claimToken: 'theirs',
      processingAt: new Date(),
    });
    await world.queue(world.first, 'said', {});
    const { outbox, sender } = await world.worker();
    outbox.reply(replyIn(world.first, 'answer'));
    await world.say(world.second, 'proves that this worker claims');
    await vi.waitFor(async () => expect(await world.states(world.second)).toEqual([['sent', 1, null]]), soon);
    await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(4), soon);
    await world.calm();
    expect(sender.textsIn(world.first.channelId)).toEqual([]);
    await world.pg.query(`update "ChatBotOutboxMessage" set status = 'sent' where "claimToken" = 'theirs'`);
    outbox.wake(world.first.channelId);
    await vi.waitFor(
      () => expect(sender.textsIn(world.first.channelId)).toEqual(['waits already', 'said', 'answer']),
      soon,
    );
  },
);

test('a row that an older worker wrote or left behind is delivered in its order', async () => {
  const world = await outboxWorld(database.url);
  await world.queue(world.first, 'their answer', { source: 'command', dedupKey: 'chat:theirs' });
  await world.queue(world.first, 'ours', { source: 'command', rank: 1 });
  await world.queue(world.first, 'said', {});
  const { sender } = await world.worker();
  await vi.waitFor(() => expect(sender.textsIn(world.first.channelId)).toEqual(['their answer', 'said', 'ours']), soon);
});

test('a reply is not born claimed while a row that goes before it waits, though nothing told of that row', async () => {
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker();
  // From now on replies are born claimed.
  outbox.reply(replyIn(world.first, 'first'));
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  await world.calm();
  await world.pg.query('alter table "ChatBotOutboxMessage" disable trigger hint_insert');
  await world.say(world.first, 'older');
  await world.pg.query('alter table "ChatBotOutboxMessage" enable trigger hint_insert');
  outbox.reply(replyIn(world.first, 'answer'));
  await vi.waitFor(() => expect(sender.textsIn(world.first.channelId)).toEqual(['first', 'older', 'answer']), soon);
});

test('20 answers wait in a channel, of equal texts one; the others get no row and are counted', async () => {
  const world = await two();
  const { outbox, sender } = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'on its way' ? answer.promise : accepted());
  outbox.reply(replyIn(world.first, 'on its way'));
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  // A message in flight does not wait: this one is the first of its text that does.
  for (const text of ['on its way', 'same', 'same']) outbox.reply(replyIn(world.first, text));
  await vi.waitFor(() => expect(outbox.stats().answersCrowdedOut).toBe(1), soon);
  outbox.reply(replyIn(world.first, 'same'));
  for (let number = 0; number < 30; number += 1) outbox.reply(replyIn(world.first, `answer ${number}`));
  await vi.waitFor(() => expect(outbox.stats().answersCrowdedOut).toBe(14), soon);
  const waiting = (await world.rows(world.first)).filter(({ status }) => status === 'pending');
  expect(waiting.map(({ message, rank }) => [message, rank])).toEqual(
    ['on its way', 'same', ...Array.from({ length: 18 }, (_, number) => `answer ${number}`)].map((text) => [text, 1]),
  );
  outbox.reply(replyIn(world.second, 'same'));
  await vi.waitFor(() => expect(sender.textsIn(world.second.channelId)).toEqual(['same']), soon);
  answer.resolve(accepted());
  await vi.waitFor(() => expect(sender.textsIn(world.first.channelId)).toHaveLength(21), soon);
});

test('an answer whose time is over keeps no other out while it waits behind another message', async () => {
  const world = await two();
  const { outbox, sender } = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'on its way' ? answer.promise : accepted());
  outbox.reply(replyIn(world.first, 'on its way'));
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  outbox.reply(replyIn(world.first, 'same'));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(2), soon);
  await world.pg.query(`update "ChatBotOutboxMessage" set "expiresAt" = '2000-01-01' where message = 'same'`);
  outbox.reply(replyIn(world.first, 'same'));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(3), soon);
  expect(outbox.stats().answersCrowdedOut).toBe(0);
  answer.resolve(accepted());
  await vi.waitFor(() => expect(sender.textsIn(world.first.channelId)).toEqual(['on its way', 'same']), soon);
});

test('a line that is delivered again is no answer crowded out', async () => {
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'on its way' ? answer.promise : accepted());
  outbox.reply(replyIn(world.first, 'on its way'));
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  const reply = replyIn(world.first, 'waits');
  outbox.reply(reply);
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(2), soon);
  outbox.reply(reply);
  outbox.reply(replyIn(world.first, 'other'));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(3), soon);
  expect(outbox.stats().answersCrowdedOut).toBe(0);
  answer.resolve(accepted());
});

test('an answer that is too old when its turn comes is not sent, and says so; what was said is', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker({ clock });
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'slow' ? answer.promise : accepted());
  await world.say(world.first, 'slow');
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  outbox.reply(replyIn(world.first, 'stale'));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(2), soon);
  await world.say(world.first, 'said');
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(3), soon);
  // Past the age of an answer, which is a minute here; the sender itself is given up after 15 s.
  answer.resolve({ kind: 'unavailable', reason: 'rate_limited', retryAt: new Date(clock.now().getTime() + 60_000) });
  sender.answer = () => accepted();
  await world.pass(clock, 62_000, 2000);
  await vi.waitFor(
    async () =>
      expect(await world.states(world.first)).toEqual([
        ['sent', 1, null],
        ['failed', 0, 'expired'],
        ['sent', 1, null],
      ]),
    soon,
  );
  expect(sender.textsIn(world.first.channelId)).toEqual(['slow', 'slow', 'said']);
});
