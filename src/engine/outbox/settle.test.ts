import { expect, test } from 'vitest';
import type { PlatformMessageId } from '../../lib/brand.ts';
import type { SendOutcome } from '../../platforms/worker-side.ts';
import type { ClaimedRow } from './row.ts';
import { settle } from './settle.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function row(changes: Partial<ClaimedRow> = {}): ClaimedRow {
  return {
    id: 'r',
    claimToken: 't',
    source: 'say',
    rank: 0,
    text: 'hello',
    attempts: 0,
    unconfirmed: 0,
    expiresAt: inMs(600_000),
    answers: null,
    ...changes,
  };
}

const decide = (given: ClaimedRow, outcome: SendOutcome, misses = 1) =>
  settle(given, outcome, { now: NOW, misses, random: () => 0.5 });

const UNAVAILABLE: SendOutcome = { kind: 'unavailable', reason: 'unreachable' };
const UNCONFIRMED: SendOutcome = { kind: 'unconfirmed', reason: 'unconfirmed' };
const RETRY: SendOutcome = { kind: 'retry', reason: 'msg_duplicate' };

test('a first try that succeeds shows one attempt', () => {
  const sent: SendOutcome = { kind: 'sent', platformMessageId: 'm1' as PlatformMessageId };
  expect(decide(row(), sent)).toEqual({ status: 'sent', attempts: 1, platformMessageId: 'm1' });
});

test('only what the platform answered about a message counts as an attempt, and the third ends it', () => {
  expect(decide(row(), UNAVAILABLE, 50)).toMatchObject({ status: 'pending', attempts: 0 });
  expect(decide(row(), { kind: 'unauthorized', reason: 'token_refused' })).toMatchObject({
    status: 'pending',
    attempts: 0,
  });
  expect(decide(row(), UNCONFIRMED)).toMatchObject({ status: 'pending', attempts: 0 });
  expect(decide(row(), RETRY)).toMatchObject({ status: 'pending', attempts: 1 });
  expect(decide(row({ attempts: 1 }), RETRY)).toMatchObject({ status: 'pending', attempts: 2 });
  expect(decide(row({ attempts: 2 }), RETRY)).toEqual({ status: 'failed', attempts: 3, lastError: 'msg_duplicate' });
});

test('a permanent refusal fails without further attempts', () => {
  expect(decide(row(), { kind: 'rejected', reason: 'msg_banned' })).toMatchObject({ status: 'failed', attempts: 1 });
});

test.each(['say', 'greeting', 'written-by-an-older-api'])(
  'a lost answer to a message of %s means another try',
  (source) => {
    expect(decide(row({ source }), UNCONFIRMED)).toMatchObject({ status: 'pending', lastError: 'unconfirmed' });
  },
);

test('the second lost answer ends a message; what was unavailable in between, or a dead worker, does not count', () => {
  const once = decide(row(), UNCONFIRMED);
  expect(once).toMatchObject({ status: 'pending', attempts: 0, unconfirmed: 1 });
  expect(decide(row({ unconfirmed: 1 }), UNAVAILABLE, 50)).toMatchObject({ status: 'pending', unconfirmed: 1 });
  expect(decide(row({ attempts: 1 }), UNCONFIRMED)).toMatchObject({ status: 'pending', unconfirmed: 1 });
  const twice = { status: 'failed', attempts: 1, lastError: 'unconfirmed' };
  expect(decide(row({ unconfirmed: 1 }), UNCONFIRMED)).toEqual(twice);
});

test.each(['command', 'duration'])('a lost answer to a reply (%s) is its end: it may have arrived', (source) => {
  expect(decide(row({ source }), UNCONFIRMED)).toMatchObject({ status: 'failed', lastError: 'unconfirmed' });
});

test('tries get rarer, up to a minute, and the platform is waited for as long as it asks, up to a minute', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((misses) => {
    const update = decide(row(), UNAVAILABLE, misses);
    return update.status === 'pending' ? update.nextAttemptAt.getTime() - NOW.getTime() : 0;
  });
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits[0]).toBeLessThanOrEqual(1500);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  expect(decide(row(), { ...UNAVAILABLE, retryAt: inMs(7000) })).toMatchObject({ nextAttemptAt: inMs(7000) });
  expect(decide(row(), { ...UNAVAILABLE, retryAt: inMs(3_600_000) })).toMatchObject({ nextAttemptAt: inMs(60_000) });
  expect(decide(row(), { ...RETRY, retryAt: inMs(-5000) })).toMatchObject({ nextAttemptAt: NOW });
});

test('no try is planned for after the expiry, and one that comes back after it ends with its reason', () => {
  expect(decide(row({ expiresAt: inMs(500) }), UNAVAILABLE)).toMatchObject({ nextAttemptAt: inMs(500) });
  expect(decide(row({ expiresAt: NOW }), UNAVAILABLE)).toEqual({
    status: 'failed',
    attempts: 0,
    lastError: 'unreachable',
  });
});

test('what the database cannot take is left out of reasons and ids', () => {
  const rejected: SendOutcome = { kind: 'rejected', reason: 'platform_refused', detail: 'no\u0000way\ud83d' };
  expect(decide(row(), rejected)).toMatchObject({ lastError: 'no way\ufffd' });
  expect(decide(row(), { ...UNAVAILABLE, reason: 'platform_refused', detail: 'no\nway' })).toMatchObject({
    lastError: 'no way',
  });
  const sent = (id: string): SendOutcome => ({ kind: 'sent', platformMessageId: id as PlatformMessageId });
  expect(decide(row(), sent('m1\u0000'))).toMatchObject({ platformMessageId: 'm1' });
  expect(decide(row(), sent('\u0000'))).toMatchObject({ status: 'sent', platformMessageId: null });
});

test('a reason is kept to 500 characters', () => {
  const update = decide(row(), { kind: 'rejected', reason: 'platform_refused', detail: 'x'.repeat(2000) });
  expect(update.status === 'failed' && update.lastError).toHaveLength(500);
});
