/** Carries one claimed message to its end: hands it to the platform, decides what became of it, records that. */
import type pg from 'pg';
import type { ChannelId, PlatformMessageId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { CredentialSource, NoCredential, SenderCredential } from '../../platforms/account-side.ts';
import { isMissing } from '../../platforms/no-credential.ts';
import type { ChatMessage, ChatSender, SendOutcome } from '../../platforms/worker-side.ts';
import type { Permit } from '../limits/send-limits.ts';
import { ResultWriter } from './results.ts';
import { type ClaimedRow, isReply, type RowUpdate, type SpeakingChannel } from './row.ts';
import { settle } from './settle.ts';
import type { Statements } from './statements.ts';

/** Own messages that the chat showed since one is on its way. */
interface Echoes {
  readonly idOf: Map<string, PlatformMessageId | null>;
  /** Called when another one is seen. */
  heard: () => void;
}

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
/** How long a message whose answer was lost may take to show up in the chat. */
const ECHO_MS = 5000;
const ECHOES_MAX = 100;
const ASKING_DEADLINE_MS = 5000;

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #results: ResultWriter;
  /** One message in flight per channel. */
  readonly #echoes = new Map<ChannelId, Echoes>();
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
    const { channel, row, credential, permit } = departure;
    const { clock, random } = this.#deps;
    const echoes: Echoes = { idOf: new Map(), heard: () => {} };
    this.#echoes.set(channel.channelId, echoes);
    const begunAt = clock.now();
    let outcome: SendOutcome =
      row.text === '' ? { kind: 'rejected', reason: 'empty_message' } : await this.#handOver(departure);
    if (row.text === '' || isUnsent(outcome)) permit.giveBack();
    else permit.spent();
    if (outcome.kind === 'unconfirmed') outcome = (await this.#lookFor(departure, outcome, echoes, begunAt)) ?? outcome;
    this.#echoes.delete(channel.channelId);
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
    const echoes = this.#echoes.get(channelId);
    if (echoes === undefined || echoes.idOf.size >= ECHOES_MAX) return;
    echoes.idOf.set(text.trim(), messageId);
    echoes.heard();
  }

  /** @returns what became of it; never `unauthorized` before a renewed token was refused too */
  async #handOver(departure: Departure): Promise<SendOutcome> {
    const outcome = await this.#callSender(departure, departure.credential);
    if (outcome.kind !== 'unauthorized') return outcome;
    const renewed = await this.#renewed(departure);
    if (isMissing(renewed)) return { ...outcome, kind: 'unavailable' };
    return this.#callSender(departure, renewed);
  }

  /** Nothing was sent before, so that a renewal that fails costs the message only time. */
  async #renewed({ channel, credential }: Departure): Promise<SenderCredential | NoCredential> {
    const { credentials, log, logPrefix } = this.#deps;
    try {
      return await credentials.renewed(credential, credential.accessToken);
    } catch (error) {
      log.warn(`${logPrefix}sender_renewal_failed`, { channelId: channel.channelId, error });
      return 'unavailable';
    }
  }

  /**
   * The answer of the platform was lost: our own message may come back by chat, or the platform can be asked for it.
   * What is sent only once is not waited for.
   */
  async #lookFor(
    { channel, row, credential }: Departure,
    { written = row.text }: SendOutcome & { kind: 'unconfirmed' },
    echoes: Echoes,
    begunAt: Date,
  ): Promise<SendOutcome | null> {
    const { sender, clock, log, logPrefix } = this.#deps;
    const text = written.trim();
    const isHeard = () => echoes.idOf.has(text);
    if (!isReply(row.source) && !isHeard()) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(ECHO_MS, resolve, { unref: true });
        echoes.heard = () => {
          if (!isHeard()) return;
          timer.cancel();
          resolve();
        };
      });
    }
    if (isHeard()) return { kind: 'sent', platformMessageId: echoes.idOf.get(text) ?? null };
    if (isReply(row.source) || sender.hasSaid === undefined) return null;
    try {
      const said = await sender.hasSaid(channel, text, credential, begunAt, ASKING_DEADLINE_MS);
      return said === null ? null : { kind: 'sent', platformMessageId: said.platformMessageId };
    } catch (error) {
      log.warn(`${logPrefix}sent_lookup_failed`, { channelId: channel.channelId, error });
      return null;
    }
  }

  async #callSender({ channel, row }: Departure, as: SenderCredential): Promise<SendOutcome> {
    const { sender, clock } = this.#deps;
    let timer: Timer | undefined;
    const tooLate = new Promise<SendOutcome>((resolve) => {
      timer = clock.setTimer(SEND_DEADLINE_MS + GRACE_MS, () => resolve(UNCONFIRMED), { unref: true });
    });
    try {
      return await Promise.race([sender.send(channel, row.text, as, SEND_DEADLINE_MS, row.answers), tooLate]);
    } catch (error) {
      this.#deps.log.error(`${this.#deps.logPrefix}sender_threw`, { channelId: channel.channelId, error });
      return UNCONFIRMED;
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
