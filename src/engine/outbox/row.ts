/** A message on its way, as the delivery holds it between claim and result. */
import type { ExternalAccountId, PlatformMessageId } from '../../lib/brand.ts';
import type { ReadChannel } from '../../platforms/worker-side.ts';

/** Who asked for the message. The first two answer a chat line and are never sent twice. */
export type OutboxSource = 'command' | 'duration' | 'say' | 'greeting';

/** Of an answer to a chat line; what the streamer says and greetings have 0 and go first. */
export const ANSWER_RANK = 1;

/** Sends of one message that the platform may leave without an answer: after these it is given up. */
export const UNCONFIRMED_MAX = 2;

/** Tries that the platform answered before a message is given up. */
export const ATTEMPTS_MAX = 3;

/** A channel as far as speaking in it goes. */
export interface SpeakingChannel extends ReadChannel {
  /** The account the channel speaks with instead of the shared one; enabled and entitled. */
  readonly overrideAccountId: ExternalAccountId | null;
  /** When the right to that account ends by itself; null or absent when it does not. */
  readonly overrideEndsAt?: Date | null;
}

export interface ClaimedRow {
  readonly id: string;
  readonly claimToken: string;
  readonly source: string;
  /** Fit for the chat; empty when the row says nothing. */
  readonly text: string;
  readonly attempts: number;
  /** Sends that the platform has left without an answer so far. */
  readonly unconfirmed: number;
  /** Answers wait for room that they may use; 0 does not. */
  readonly rank: number;
  readonly expiresAt: Date | null;
  /** The chat line it answers; null for what nobody asked for in a chat. */
  readonly answers: PlatformMessageId | null;
}

/** The row's next state after one send. */
export type RowUpdate =
  | { status: 'sent'; attempts: number; platformMessageId: PlatformMessageId | null }
  | { status: 'failed'; attempts: number; lastError: string }
  | { status: 'pending'; attempts: number; unconfirmed: number; lastError: string; nextAttemptAt: Date };

const ANSWER_PREFIX = 'chat:';

/** The key by which a second answer to a chat line is known. */
export function answerKey(messageId: PlatformMessageId): string {
  return ANSWER_PREFIX + messageId;
}

/** @returns the chat line whose answer has this key; null for keys of another kind */
export function answeredLine(dedupKey: string | null): PlatformMessageId | null {
  return dedupKey?.startsWith(ANSWER_PREFIX) ? (dedupKey.slice(ANSWER_PREFIX.length) as PlatformMessageId) : null;
}

export function isReply(source: string): boolean {
  return source === 'command' || source === 'duration';
}
