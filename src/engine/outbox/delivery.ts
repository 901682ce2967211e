/** Carries one claimed message to its end: hands it to the platform, decides what became of it, records that. */
import type pg from 'pg';
import type { ChannelId, PlatformMessageId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type {
  ChatMessage,
  ChatSender,
  CredentialSource,
  SenderCredential,
  SendOutcome,
} from '../../platforms/platform.ts';
import type { Permit } from '../limits/send-limits.ts';
import { ResultWriter } from './results.ts';
import type { ClaimedRow, RowUpdate, SpeakingChannel } from './row.ts';
import { settle } from './settle.ts';
import type { Statements } from './statements.ts';

/** Own messages that the chat showed while one was on its way: ids by text. */
type OwnMessages = Map<string, PlatformMessageId | null>;

/** A message that is ours to send, and the permission to send it now. */
export interface Departure {
  readonly channel: SpeakingChannel;
  readonly row: ClaimedRow;
  readonly credential: SenderCredential;
  readonly permit: Permit;
}

interface DeliveryDeps {
  readonly sender: ChatSender;
  readonly credentials: Pick<CredentialSource, 'renewed'>;
  readonly pg: pg.Pool;
  readonly statements: Statements;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
}

const SEND_DEADLINE_MS = 10_000;
/** For a sender that forgets its own deadline: one message must not hold its channel for ever. */
const GRACE_MS = 5000;
const SEEN_MAX = 100;

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #results: ResultWriter;
  /** One message in flight per channel. */
  readonly #seenMeanwhile = new Map<ChannelId, OwnMessages>();
  sent = 0;
  failed = 0;
  retried = 0;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#results = new ResultWriter(deps);
  }

  /**
   * @param misses sends of this row in a row that did not settle it, this one included
   * @returns in how many milliseconds it is to be tried again, or null when it is finished
   */
  async deliver(departure: Departure, misses: number): Promise<number | null> {
    const { row, credential, permit } = departure;
    const { clock, random } = this.#deps;
    const outcome: SendOutcome =
      row.text === '' ? { kind: 'rejected', reason: 'empty_message' } : await this.#handOver(departure);
    if (row.text === '' || isUnsent(outcome)) permit.giveBack();
    else permit.spent();
    const now = clock.now();
    const update = settle(row, outcome, { now, misses, random });
    await this.#results.write(row, update, credential.accountId);
    if (update.status === 'sent') {
      this.sent += 1;
      return null;
    }
    const againInMs = update.status === 'pending' ? update.nextAttemptAt.getTime() - now.getTime() : null;
    const askedUntil = 'retryAt' in outcome ? outcome.retryAt : undefined;
    this.#report(departure, update, {
      ...(againInMs === null ? {} : { backoffMs: againInMs }),
      ...(askedUntil === undefined
        ? {}
        : { retryAfterSeconds: Math.ceil((askedUntil.getTime() - now.getTime()) / 1000) }),
    });
    return againInMs;
  }

  /** An own message, seen in the chat. */
  echo({ channelId, text, messageId }: ChatMessage): void {
    const seen = this.#seenMeanwhile.get(channelId);
    if (seen !== undefined && seen.size < SEEN_MAX) seen.set(text.trim(), messageId);
  }

  /** @returns what became of it; never `unauthorized` before a renewed token was refused too */
  async #handOver(departure: Departure): Promise<SendOutcome> {
    const { channel, row } = departure;
    const seen: OwnMessages = new Map();
    this.#seenMeanwhile.set(channel.channelId, seen);
    try {
      const outcome = await this.#tryBothTokens(departure);
      if (outcome.kind !== 'unconfirmed') return outcome;
      // Its answer was lost, and our own message may have come back by chat.
      const id = seen.get((outcome.written ?? row.text).trim());
      return id === undefined ? outcome : { kind: 'sent', platformMessageId: id };
    } catch (error) {
      this.#deps.log.error(`${this.#deps.logPrefix}sender_threw`, { channelId: channel.channelId, error });
      return UNCONFIRMED;
    } finally {
      this.#seenMeanwhile.delete(channel.channelId);
    }
  }

  async #tryBothTokens(departure: Departure): Promise<SendOutcome> {
    const { credential } = departure;
    const outcome = await this.#callSender(departure, credential);
    if (outcome.kind !== 'unauthorized') return outcome;
    const renewed = await this.#deps.credentials.renewed(credential, credential.accessToken);
    return renewed === null ? { kind: 'unavailable', reason: outcome.reason } : this.#callSender(departure, renewed);
  }

  async #callSender({ channel, row }: Departure, as: SenderCredential): Promise<SendOutcome> {
    const { sender, clock } = this.#deps;
    let timer: Timer | undefined;
    const tooLate = new Promise<SendOutcome>((resolve) => {
      timer = clock.setTimer(SEND_DEADLINE_MS + GRACE_MS, () => resolve(UNCONFIRMED), { unref: true });
    });
    try {
      return await Promise.race([sender.send(channel, row.text, as, SEND_DEADLINE_MS, row.answers), tooLate]);
    } finally {
      timer?.cancel();
    }
  }

  #report(
    { channel, row }: Departure,
    update: Exclude<RowUpdate, { status: 'sent' }>,
    waits: { backoffMs?: number; retryAfterSeconds?: number },
  ): void {
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

const UNCONFIRMED: SendOutcome = { kind: 'unconfirmed', reason: 'unconfirmed' };

/** Never left us. With a time to come back the platform did answer, and may have counted it. */
function isUnsent(outcome: SendOutcome): boolean {
  return outcome.kind === 'unavailable' && outcome.retryAt === undefined;
}
