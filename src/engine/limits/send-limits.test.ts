import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { SendWindow } from '../../platforms/platform.ts';
import { SendLimits } from './send-limits.ts';

const PERIOD_MS = 30_000;
const UNPRIVILEGED: SendWindow = { scope: 'sender', max: 20, periodMs: PERIOD_MS, blocks: 'unprivileged' };
const EVERYONE: SendWindow = { scope: 'sender', max: 100, periodMs: PERIOD_MS, blocks: 'everyone' };
const PER_CHANNEL: SendWindow = { scope: 'channel', max: 1, periodMs: 1000, blocks: 'unprivileged' };

function world(rules: readonly SendWindow[], share = 1) {
  const clock = new ManualClock();
  const freed: string[] = [];
  const limits = new SendLimits({ rules, clock, share: () => share, freed: (key) => freed.push(key) });
  const take = (channel: string, { isPrivileged = false, senderKey = 'bot', isAnswer = false } = {}) =>
    limits.take({ senderKey, channelId: channel as ChannelId, isPrivileged }, isAnswer);
  /** @returns 0 when it was sent, else for how long it has to wait */
  const send = (channel: string, who = {}) => {
    const permit = take(channel, who);
    if (typeof permit === 'number') return permit;
    permit.spent();
    return 0;
  };
  return { clock, limits, freed, take, send };
}

test('no period of the window, wherever it begins, ever holds more than the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 9000 }), { minLength: 30, maxLength: 120 }),
      async (pausesMs) => {
        const { clock, send } = world([UNPRIVILEGED]);
        const sentMs: number[] = [];
        for (const pauseMs of pausesMs) {
          await clock.advance(pauseMs);
          for (let burst = 0; burst < 3; burst += 1) if (send('a') === 0) sentMs.push(clock.monotonicMs());
        }
        for (const atMs of sentMs) {
          expect(sentMs.filter((other) => other >= atMs && other < atMs + PERIOD_MS).length).toBeLessThanOrEqual(20);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('20 messages to channels where the bot is moderator make the next one elsewhere wait, but not there', async () => {
  const { clock, send } = world([UNPRIVILEGED, EVERYONE, PER_CHANNEL]);
  for (let sent = 0; sent < 20; sent += 1) expect(send(`moderated-${sent}`, { isPrivileged: true })).toBe(0);
  await clock.advance(10_000);
  expect(send('elsewhere')).toBe(20_000);
  expect(send('moderated-1', { isPrivileged: true })).toBe(0);
  await clock.advance(20_000);
  expect(send('elsewhere')).toBe(0);
});

test('a moderator is held by the large limit alone', () => {
  const { send } = world([UNPRIVILEGED, EVERYONE, PER_CHANNEL]);
  for (let sent = 0; sent < 100; sent += 1) expect(send('home', { isPrivileged: true })).toBe(0);
  expect(send('home', { isPrivileged: true })).toBe(PERIOD_MS);
});

test('a full channel blocks neither another channel nor another sender in it', () => {
  const { send } = world([PER_CHANNEL]);
  expect(send('a')).toBe(0);
  expect(send('a')).toBe(1000);
  expect(send('b')).toBe(0);
  expect(send('a', { senderKey: 'own bot' })).toBe(0);
});

test('each of several copies uses its part of the account, and never less than one message', () => {
  const third = world([UNPRIVILEGED], 1 / 3);
  for (let sent = 0; sent < 6; sent += 1) expect(third.send('a')).toBe(0);
  expect(third.send('a')).toBe(PERIOD_MS);
  const tiny = world([{ ...UNPRIVILEGED, max: 1 }], 1 / 8);
  expect(tiny.send('a')).toBe(0);
  expect(tiny.send('a')).toBe(PERIOD_MS);
});

test('what was sent before the start counts with its age', async () => {
  const { clock, limits, send } = world([UNPRIVILEGED]);
  await clock.advance(5000);
  for (let sent = 0; sent < 20; sent += 1) limits.seed('bot', 'a' as ChannelId, 12_000, false);
  expect(send('b')).toBe(18_000);
});

test('a message counts from when it has surely left, and not at all when it has not', async () => {
  const { clock, freed, take, send } = world([{ ...UNPRIVILEGED, max: 1 }]);
  const slow = take('a');
  await clock.advance(4000);
  if (typeof slow !== 'number') slow.spent();
  expect(send('a')).toBe(PERIOD_MS);
  await clock.advance(PERIOD_MS);
  const unused = take('a');
  expect(send('b')).toBe(PERIOD_MS);
  if (typeof unused !== 'number') unused.giveBack();
  expect(freed).toEqual(['bot']);
  expect(send('b')).toBe(0);
});

test.each([
  [20, 16],
  [100, 80],
  [6, 5],
  [4, 3],
  [2, 1],
])('of %i messages that an account may send at most %i are answers, over all its channels', (max, answers) => {
  const { send } = world([{ ...UNPRIVILEGED, max }]);
  for (let sent = 0; sent < answers; sent += 1) expect(send(`c${sent}`, { isAnswer: true })).toBe(0);
  expect(send('another', { isAnswer: true })).toBe(PERIOD_MS);
});

test('the rest of the window is for what is no answer; what turned out to be none takes no room from answers', () => {
  const { send, take, freed } = world([{ ...UNPRIVILEGED, max: 10 }, PER_CHANNEL]);
  const said = take('said');
  if (typeof said === 'number') throw new Error('there is room');
  expect(said.answerInMs).toBe(0);
  said.notForAnswer();
  said.spent();
  expect(freed).toEqual(['bot']);
  for (let sent = 0; sent < 8; sent += 1) expect(send(`c${sent}`, { isAnswer: true })).toBe(0);
  expect(send('late', { isAnswer: true })).toBe(PERIOD_MS);
  const last = take('voice');
  expect(last).toMatchObject({ answerInMs: PERIOD_MS });
  expect(take('voice-2')).toBe(PERIOD_MS);
});

test('an answer is held by the window of its channel as everything else is, and by no part of it', () => {
  const { send } = world([{ ...PER_CHANNEL, max: 3 }]);
  for (let sent = 0; sent < 3; sent += 1) expect(send('a', { isAnswer: true })).toBe(0);
  expect(send('a', { isAnswer: true })).toBe(1000);
});

test('answers of before the start are still answers', () => {
  const { limits, send } = world([UNPRIVILEGED]);
  for (let sent = 0; sent < 16; sent += 1) limits.seed('bot', 'a' as ChannelId, 12_000, true);
  expect(send('b', { isAnswer: true })).toBe(18_000);
  expect(send('b')).toBe(0);
});

test('a limit of 0 is no limit', () => {
  const { limits, send } = world([{ ...UNPRIVILEGED, max: 0 }]);
  for (let sent = 0; sent < 1000; sent += 1) expect(send('a')).toBe(0);
  expect(limits.longestPeriodMs).toBe(0);
});
