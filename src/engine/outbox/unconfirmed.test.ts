import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { accepted, outboxWorld, sharedSender, type TestWorker } from '../../../test/support/outbox-world.ts';
import type { PlatformMessageId } from '../../lib/brand.ts';
import type { ChatMessage, SendOutcome } from '../../platforms/worker-side.ts';
import type { SpeakingChannel } from './row.ts';

const database = await createTestDatabase();
const soon = { timeout: 15_000, interval: 10 };
const UNCONFIRMED: SendOutcome = { kind: 'unconfirmed', reason: 'unconfirmed' };

async function manual() {
  const clock = new ManualClock(new Date());
  const world = await outboxWorld(database.url);
  const worker = await world.worker({ clock });
  worker.sender.answer = () => UNCONFIRMED;
  const sentAtMs: number[] = [];
  const answerAt = (answer: (tries: number) => SendOutcome) => {
    worker.sender.answer = () => {
      sentAtMs.push(clock.monotonicMs());
      return answer(sentAtMs.length);
    };
  };
  return { clock, world, worker, sentAtMs, answerAt };
}

const handedOver = (worker: TestWorker, times: number) =>
  vi.waitFor(() => expect(worker.sender.messages).toHaveLength(times), soon);

function own(channel: SpeakingChannel, text: string): ChatMessage {
  const { platformUserId } = sharedSender;
  return {
    provider: 'twitch' as never,
    channelId: channel.channelId,
    messageId: 'echo-1' as PlatformMessageId,
    author: { platformUserId, login: null, displayName: '', avatarUrl: null, roles: new Set() },
    text,
    sentAtMs: 0,
    isBacklog: false,
    isOwn: true,
  };
}

test('a message that the platform takes twice and answers neither time ends failed: unconfirmed', async () => {
  const { clock, world, worker, sentAtMs, answerAt } = await manual();
  answerAt(() => UNCONFIRMED);
  await world.say(world.first, 'anybody?');
  await handedOver(worker, 1);
  await world.pass(clock, 120_000, 1000);
  expect(await world.states(world.first)).toEqual([['failed', 1, 'unconfirmed']]);
  expect(worker.sender.messages).toHaveLength(2);
  // Before the second send the echo had its five seconds.
  expect((sentAtMs[1] ?? 0) - (sentAtMs[0] ?? 0)).toBeGreaterThanOrEqual(5000);
});

test('what was unavailable in between does not count, nor does the next worker begin anew', async () => {
  const { clock, world, worker, answerAt } = await manual();
  answerAt((tries) => (tries === 1 ? UNCONFIRMED : { kind: 'unavailable', reason: 'not_joined' }));
  await world.say(world.first, 'anybody?');
  await handedOver(worker, 1);
  await world.pass(clock, 60_000, 1000);
  expect(worker.sender.messages.length).toBeGreaterThan(3);
  expect(await world.states(world.first)).toEqual([['pending', 0, 'not_joined']]);
  expect((await world.rows(world.first))[0]).toMatchObject({ unconfirmedSends: 1 });
  await worker.outbox.drain();
  await worker.die();
  const next = await world.worker({ clock });
  next.sender.answer = () => UNCONFIRMED;
  await world.pass(clock, 90_000, 1000);
  expect(await world.states(world.first)).toEqual([['failed', 1, 'unconfirmed']]);
  expect(next.sender.messages).toHaveLength(1);
});

test('an own message seen in the chat before the answer is lost confirms the send', async () => {
  const { world, worker } = await manual();
  const answer = Promise.withResolvers<SendOutcome>();
  worker.sender.answer = () => answer.promise;
  await world.say(world.first, 'did it arrive?');
  await handedOver(worker, 1);
  worker.outbox.echo(own(world.first, 'did it arrive?'));
  answer.resolve(UNCONFIRMED);
  await vi.waitFor(
    async () =>
      expect((await world.rows(world.first))[0]).toMatchObject({ status: 'sent', platformMessageId: 'echo-1' }),
    soon,
  );
});

test('an own message seen in the chat within 5 s of the lost answer is that message: it is not sent again', async () => {
  const { clock, world, worker } = await manual();
  await world.say(world.first, 'did it arrive?');
  await handedOver(worker, 1);
  await world.pass(clock, 4000, 1000);
  worker.outbox.echo(own(world.first, 'another of ours'));
  worker.outbox.echo(own(world.first, 'did it arrive?'));
  await vi.waitFor(
    async () =>
      expect((await world.rows(world.first))[0]).toMatchObject({ status: 'sent', platformMessageId: 'echo-1' }),
    soon,
  );
  await world.pass(clock, 60_000, 5000);
  expect(worker.sender.messages).toHaveLength(1);
});

test('a message that was written in another way is known by what was really written', async () => {
  const { world, worker } = await manual();
  worker.sender.answer = () => ({ ...UNCONFIRMED, written: 'again \u2060' }) as SendOutcome;
  await world.say(world.first, 'again');
  await handedOver(worker, 1);
  worker.outbox.echo(own(world.first, 'again \u2060'));
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
});

test('a platform that can be asked is asked before a message is sent again', async () => {
  const { clock, world, worker } = await manual();
  const asked: string[] = [];
  let isThere = false;
  worker.sender.hasSaid = async (_channel, text, as) => {
    asked.push(`${text} ${as.accessToken}`);
    return isThere ? { platformMessageId: 'found' as PlatformMessageId } : null;
  };
  await world.say(world.first, 'hello', 'once more');
  await handedOver(worker, 1);
  await world.pass(clock, 20_000, 1000);
  expect(worker.sender.textsIn(world.first.channelId).filter((text) => text === 'hello')).toHaveLength(2);
  expect((await world.states(world.first))[0]).toEqual(['failed', 1, 'unconfirmed']);
  isThere = true;
  await world.pass(clock, 20_000, 1000);
  expect((await world.rows(world.first))[1]).toMatchObject({ status: 'sent', platformMessageId: 'found' });
  expect(asked).toEqual(['hello token-1', 'hello token-1', ...asked.slice(2)]);
});

test('a database that is cut off while a token is renewed fails no answer: nothing was sent, and it goes out later', async () => {
  const world = await outboxWorld(database.url);
  let isCut = true;
  const { outbox, sender } = await world.worker({
    credentials: {
      senderFor: async () => sharedSender,
      renewed: async (credential) => {
        if (isCut) throw new Error('Connection terminated unexpectedly');
        return { ...credential, accessToken: 'token-2' };
      },
    },
  });
  sender.answer = (_text, _channel, token) =>
    token === 'token-2' ? accepted() : { kind: 'unauthorized', reason: 'token_refused' };
  const messageId = 'cut-1' as PlatformMessageId;
  outbox.reply({ channel: world.first, text: 'answer', source: 'command', messageId });
  await vi.waitFor(
    async () => expect(await world.states(world.first)).toEqual([['pending', 0, 'token_refused']]),
    soon,
  );
  isCut = false;
  outbox.sendable(world.first.channelId);
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['sent', 1, null]]), soon);
});

test('a sender that throws may have sent: an answer is not sent again', async () => {
  const world = await outboxWorld(database.url);
  const { outbox, sender } = await world.worker();
  sender.answer = () => {
    throw new Error('a fault of ours');
  };
  const messageId = 'thrown-1' as PlatformMessageId;
  outbox.reply({ channel: world.first, text: 'answer', source: 'command', messageId });
  await vi.waitFor(async () => expect(await world.states(world.first)).toEqual([['failed', 1, 'unconfirmed']]), soon);
});
