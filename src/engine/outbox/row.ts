/** A message on its way, as the delivery holds it between claim and result. */
import type { ExternalAccountId, PlatformMessageId } from '../../lib/brand.ts';
import type { ReadChannel, Reason } from '../../platforms/platform.ts';

/** Who asked for the message. The first two answer a chat line and are never sent twice. */
export type OutboxSource = 'command' | 'duration' | 'say' | 'greeting';

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
  readonly attempts: number;
  readonly expiresAt: Date | null;
}

/** The row's next state after one send. */
export type RowUpdate =
  | { status: 'sent'; attempts: number; platformMessageId: PlatformMessageId | null }
  | { status: 'failed'; attempts: number; lastError: Reason }
  | { status: 'pending'; attempts: number; lastError: Reason; nextAttemptAt: Date };

export function isReply(source: string): boolean {
  return source === 'command' || source === 'duration';
}
