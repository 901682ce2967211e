/** Decides what becomes of a message after one send. */
import { backoffMs } from '../../lib/backoff.ts';
import type { PlatformMessageId } from '../../lib/brand.ts';
import { plainText } from '../../lib/plain-text.ts';
import type { Said } from '../../platforms/causes/cause.ts';
import { storedReason } from '../../platforms/causes/reasons.ts';
import type { SendOutcome } from '../../platforms/worker-side.ts';
import { ATTEMPTS_MAX, type ClaimedRow, isReply, type RowUpdate, UNCONFIRMED_MAX } from './row.ts';

/** What a row's columns do not tell. */
export interface Circumstances {
  readonly now: Date;
  /** Sends of this row in a row that did not settle it, this one included: they space the next. */
  readonly misses: number;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
}

const RETRY = { firstMs: 1000, longestMs: 60_000 };

/**
 * The row's next state after one send. Replies are never sent twice; everything else until it expires, or until the
 * platform took it twice and answered neither.
 */
export function settle(row: ClaimedRow, outcome: SendOutcome, circumstances: Circumstances): RowUpdate {
  const tried = row.attempts + 1;
  switch (outcome.kind) {
    case 'sent':
      return { status: 'sent', attempts: tried, platformMessageId: recordableId(outcome.platformMessageId) };
    case 'rejected':
      return failed(tried, outcome);
    case 'retry':
      return tried >= ATTEMPTS_MAX
        ? failed(tried, outcome)
        : again(row, tried, outcome, outcome.retryAt, circumstances);
    case 'unconfirmed':
      return isReply(row.source) || row.unconfirmed + 1 >= UNCONFIRMED_MAX
        ? failed(tried, outcome)
        : again({ ...row, unconfirmed: row.unconfirmed + 1 }, row.attempts, outcome, undefined, circumstances);
    case 'unavailable':
      return again(row, row.attempts, outcome, outcome.retryAt, circumstances);
    case 'unauthorized':
      return again(row, row.attempts, outcome, undefined, circumstances);
  }
}

const LONGEST_ERROR_CHARS = 500;

function failed(attempts: number, reason: Said): RowUpdate {
  return { status: 'failed', attempts, lastError: recordable(reason) };
}

/** A platform's words may hold what the database does not take, and results are written together. */
function recordable(reason: Said): string {
  return plainText(storedReason(reason)).slice(0, LONGEST_ERROR_CHARS).toWellFormed();
}

function recordableId(id: PlatformMessageId | null): PlatformMessageId | null {
  return id === null ? null : ((plainText(id) || null) as PlatformMessageId | null);
}

/** Waits as long as the platform asked, at most a minute; without a word from it, longer each time. */
function again(
  { expiresAt, unconfirmed }: ClaimedRow,
  attempts: number,
  reason: Said,
  retryAt: Date | undefined,
  { now, misses, random }: Circumstances,
): RowUpdate {
  if (expiresAt !== null && expiresAt <= now) return failed(attempts, reason);
  const askedMs = retryAt === undefined ? backoffMs(misses, RETRY, random) : retryAt.getTime() - now.getTime();
  const dueMs = now.getTime() + Math.min(Math.max(askedMs, 0), RETRY.longestMs);
  return {
    status: 'pending',
    attempts,
    unconfirmed,
    lastError: recordable(reason),
    // Looked at when it expires, so that its end is recorded on time.
    nextAttemptAt: new Date(Math.min(dueMs, expiresAt?.getTime() ?? dueMs)),
  };
}
