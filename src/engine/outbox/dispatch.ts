/** Carries one claimed message to its end: sends it, decides what became of it, records that. */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { plainText } from '../../lib/plain-text.ts';
import type { PlatformLimits, SenderCredential, SendOutcome } from '../../platforms/platform.ts';
import type { Permit } from '../limits/send-limits.ts';
import type { Delivery } from './delivery.ts';
import type { ResultWriter } from './results.ts';
import type { ClaimedRow, SpeakingChannel } from './row.ts';
import { settle } from './settle.ts';
import { cutToLimit } from './wording.ts';

/** What a message needs to go out. */
export interface Departure {
  readonly credential: SenderCredential;
  readonly permit: Permit;
}

interface DispatchDeps {
  readonly delivery: Delivery;
  readonly results: ResultWriter;
  readonly limits: PlatformLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
}

export class Dispatch {
  readonly #deps: DispatchDeps;
  sent = 0;
  failed = 0;
  retried = 0;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  /**
   * @param misses sends of this row in a row that did not settle it, this one included
   * @returns in how many milliseconds it is to be tried again, or null when it is finished
   */
  async run(
    channel: SpeakingChannel,
    { credential, permit }: Departure,
    row: ClaimedRow,
    message: string,
    misses: number,
  ): Promise<number | null> {
    const { delivery, results, limits, clock, random } = this.#deps;
    const text = cutToLimit(plainText(message), limits.message);
    const outcome: SendOutcome =
      text === ''
        ? { kind: 'rejected', reason: 'empty_message' }
        : await delivery.deliver(channel, { text, answers: row.answers }, credential);
    if (text === '' || isUnsent(outcome)) permit.giveBack();
    else permit.spent();
    const now = clock.now();
    const update = settle(row, outcome, { now, misses, random });
    await results.write(row, update, credential.accountId);
    if (update.status === 'sent') {
      this.sent += 1;
      return null;
    }
    const againInMs = update.status === 'pending' ? update.nextAttemptAt.getTime() - now.getTime() : null;
    const askedUntil = 'retryAt' in outcome ? outcome.retryAt : undefined;
    this.#report(channel, row, update, {
      ...(againInMs === null ? {} : { backoffMs: againInMs }),
      ...(askedUntil === undefined
        ? {}
        : { retryAfterSeconds: Math.ceil((askedUntil.getTime() - now.getTime()) / 1000) }),
    });
    return againInMs;
  }

  #report(
    channel: SpeakingChannel,
    row: ClaimedRow,
    update: { status: string; attempts: number; lastError: string },
    waits: { backoffMs?: number; retryAfterSeconds?: number },
  ) {
    if (update.status === 'pending') this.retried += 1;
    else this.failed += 1;
    this.#deps.log.warn(`${this.#deps.logPrefix}outbox_send_failed`, {
      channelId: channel.channelId,
      login: channel.target,
      outboxId: row.id,
      status: update.status,
      attempts: update.attempts,
      errorMessage: update.lastError,
      ...waits,
    });
  }
}

/** Never left us. With a time to come back the platform did answer, and may have counted it. */
function isUnsent(outcome: SendOutcome): boolean {
  return outcome.kind === 'unavailable' && outcome.retryAt === undefined;
}
