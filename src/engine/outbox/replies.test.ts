import { expect, test, vi } from 'vitest';
import { cuttableLine } from '../../../test/support/cuttable-line.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { accepted, outboxWorld } from '../../../test/support/outbox-world.ts';
import type { PlatformMessageId } from '../../lib/brand.ts';
import type { SendOutcome } from '../../platforms/worker-side.ts';
import type { SpeakingChannel } from './row.ts';

const database = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };

let lines = 0;
function replyIn(channel: SpeakingChannel, text: string, messageId: string | null = `line-${++lines}`) {
  return { channel, text, source: 'command' as const, messageId: messageId as PlatformMessageId | null };
}

test('a reply is sent once for one chat line, however often the line is delivered and to whichever copy', async () => {
  const world = await outboxWorld(database.url);
  const first = await world.worker();
  first.outbox.reply(replyIn(world.first, 'hi', 'same'));
  first.outbox.reply(replyIn(world.first, 'hi', 'same'));
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  first.held.clear();
  const second = await world.worker();
  second.outbox.reply(replyIn(world.first, 'hi', 'same'));
  second.outbox.reply(replyIn(world.first, 'other', 'other'));
  await vi.waitFor(() => expect(second.sender.textsIn(world.first.channelId)).toEqual(['other']), soon);
  expect(first.sender.messages).toHaveLength(1);
  expect((await world.rows(world.first))[0]).toMatchObject({ dedupKey: 'chat:same', source: 'command' });
});

test('a reply waits behind older messages of its channel', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  worker.sender.answer = (text) => (text === 'older' ? answer.promise : accepted());
  await world.say(world.first, 'older');
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
  for (const text of ['one', 'two', 'three']) worker.outbox.reply(replyIn(world.first, text));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(4), soon);
  expect(worker.sender.messages).toHaveLength(1);
  answer.resolve(accepted());
  await vi.waitFor(
    () => expect(worker.sender.textsIn(world.first.channelId)).toEqual(['older', 'one', 'two', 'three']),
    soon,
  );
});

test('the sender learns which chat line a message answers, on the fast way and after waiting as a row', async () => {
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker();
  const answer = Promise.withResolvers<SendOutcome>();
  sender.answer = (text) => (text === 'at once' ? answer.promise : accepted());
  outbox.reply(replyIn(world.first, 'at once', 'asked-first'));
  await vi.waitFor(() => expect(sender.messages).toHaveLength(1), soon);
  await world.say(world.first, 'said');
  outbox.reply(replyIn(world.first, 'waited', 'asked-second'));
  await vi.waitFor(async () => expect(await world.rows(world.first)).toHaveLength(3), soon);
  answer.resolve(accepted());
  await vi.waitFor(
    () =>
      expect(sender.messages.map(({ text, answers }) => [text, answers])).toEqual([
        ['at once', 'asked-first'],
        ['said', null],
        ['waited', 'asked-second'],
      ]),
    soon,
  );
});

test('a copy that lost its lease writes no reply', async () => {
  const world = await outboxWorld(database.url, 2);
  const [lost, kept] = world.channels as [SpeakingChannel, SpeakingChannel];
  const former = await world.worker();
  await world.worker({ channels: [lost] });
  former.outbox.reply(replyIn(lost, 'too late'));
  former.outbox.reply(replyIn(kept, 'fine'));
  await vi.waitFor(() => expect(former.sender.textsIn(kept.channelId)).toEqual(['fine']), soon);
  expect(await world.rows(lost)).toEqual([]);
  expect(former.sender.textsIn(lost.channelId)).toEqual([]);
});

test('a reply whose worker died while sending is never sent again', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  worker.sender.answer = () => new Promise(() => {});
  worker.outbox.reply(replyIn(world.first, 'half sent'));
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(1), soon);
  await worker.die();
  const next = await world.worker();
  await world.say(world.first, 'life goes on');
  await vi.waitFor(
    async () =>
      expect(await world.states(world.first)).toEqual([
        ['failed', 1, 'interrupted'],
        ['sent', 1, null],
      ]),
    soon,
  );
  expect(next.sender.textsIn(world.first.channelId)).toEqual(['life goes on']);
});

test('a reply whose answer was lost is never sent again, a message of the panel is', async () => {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url, 2);
  const [chat, panel] = world.channels as [SpeakingChannel, SpeakingChannel];
  const worker = await world.worker({ clock });
  let tries = 0;
  worker.sender.answer = (_text, channelId) =>
    channelId === panel.channelId && ++tries > 1 ? accepted() : { kind: 'unconfirmed', reason: 'unconfirmed' };
  worker.outbox.reply(replyIn(chat, 'answer'));
  await world.say(panel, 'announcement');
  await vi.waitFor(() => expect(worker.sender.messages).toHaveLength(2), soon);
  await world.pass(clock, 10_000);
  await vi.waitFor(async () => expect(await world.states(panel)).toEqual([['sent', 1, null]]), soon);
  expect(await world.states(chat)).toEqual([['failed', 1, 'unconfirmed']]);
  expect(worker.sender.textsIn(chat.channelId)).toHaveLength(1);
});

test('a reply is cleaned and cut before it is written; one that says nothing is none', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker({ limits: { message: { max: 10, unit: 'codePoint' }, sendWindows: [] } });
  worker.outbox.reply(replyIn(world.first, '\n\u0000 '));
  worker.outbox.reply(replyIn(world.first, 'line\r\nbreak 👩‍🚀👩‍🚀👩‍🚀'));
  await vi.waitFor(() => expect(worker.sender.textsIn(world.first.channelId)).toEqual(['line brea…']), soon);
  expect(await world.rows(world.first)).toHaveLength(1);
});

test('replies given while the database is away are sent once when it is back', async () => {
  const line = await cuttableLine(database.url);
  const world = await outboxWorld(line.url);
  const worker = await world.worker();
  line.cut();
  worker.outbox.reply(replyIn(world.first, 'patience'));
  await vi.waitFor(() => expect(line.refused).toBeGreaterThan(0), soon);
  expect(worker.sender.messages).toHaveLength(0);
  line.mend();
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
  expect(worker.sender.textsIn(world.first.channelId)).toEqual(['patience']);
});

test('replies still to be written when the worker stops are kept as rows for the next', async () => {
  const world = await outboxWorld(database.url);
  const worker = await world.worker();
  const drained = worker.outbox.drain();
  worker.outbox.reply(replyIn(world.first, 'for later'));
  await drained;
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['pending', 0, null]]), soon);
  expect(worker.sender.messages).toHaveLength(0);
});
