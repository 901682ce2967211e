/** Answers to chat lines on their fast way: written already claimed, all of one tick in one statement. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { isMissingSchema, isUnavailable } from '../../db/pool.ts';
import { backoffMs } from '../../lib/backoff.ts';
import type { PlatformMessageId, ProviderId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { SenderCredential } from '../../platforms/platform.ts';
import type { Receipt } from '../inbox/receipt.ts';
import type { Departure } from './dispatch.ts';
import { answerKey, type ClaimedRow, type SpeakingChannel } from './row.ts';
import type { Statements } from './statements.ts';

export interface Reply {
  readonly channel: SpeakingChannel;
  readonly text: string;
  readonly source: 'command' | 'duration';
  /** The chat line that is answered; null where the platform names none. */
  readonly messageId: PlatformMessageId | null;
  /** Of a line that waits in the inbox: marked there in the statement that writes the reply. */
  readonly receipt?: Receipt | null;
}

/** A reply whose sender was looked up; null when nobody can speak there now. */
export interface PreparedReply extends Reply {
  readonly credential: SenderCredential | null;
}

export interface ReplyHandlers {
  /** Asked in order, when the reply is about to be written. @returns null when it has to wait its turn as a row */
  depart(reply: PreparedReply): Departure | null;
  /** The row is ours: send it. */
  send(reply: PreparedReply, departure: Departure, row: ClaimedRow): void;
  /** It waits as a row (`queued`), or must not be sent at all (`dropped`). */
  stay(reply: PreparedReply, departure: Departure | null, fate: 'queued' | 'dropped'): void;
  /** Nothing is left to write. */
  idle(): void;
}

interface ReplyDeps {
  readonly pg: pg.Pool;
  readonly statements: Statements;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly startNumber: () => number | null;
  readonly ttlMs: number;
}

interface Draft {
  readonly id: string;
  readonly reply: PreparedReply;
  readonly departure: Departure | null;
}

/** Nobody wants an answer later than this: without a database a reply is dropped. */
const UNWRITTEN_MAX_MS = 60_000;
const UNWRITTEN_MAX = 10_000;
const RETRY = { firstMs: 100, longestMs: 2000 };

export class ReplyQueue {
  readonly #deps: ReplyDeps;
  readonly #handlers: ReplyHandlers;
  #waiting: PreparedReply[] = [];
  #isWriting = false;
  #batches = 0;

  constructor(deps: ReplyDeps, handlers: ReplyHandlers) {
    this.#deps = deps;
    this.#handlers = handlers;
  }

  get isIdle(): boolean {
    return !this.#isWriting;
  }

  add(reply: PreparedReply): void {
    if (this.#waiting.length >= UNWRITTEN_MAX) {
      this.#drop([reply], 'too_many');
      return;
    }
    this.#waiting.push(reply);
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#write(batch.map((reply) => ({ id: randomUUID(), reply, departure: this.#handlers.depart(reply) })));
    }
    this.#isWriting = false;
    this.#handlers.idle();
  }

  async #write(drafts: readonly Draft[]): Promise<void> {
    const { clock, random } = this.#deps;
    const token = `${this.#deps.startNumber()}.r${++this.#batches}`;
    const giveUpAtMs = clock.monotonicMs() + UNWRITTEN_MAX_MS;
    for (let failures = 1; ; failures += 1) {
      try {
        return this.#settle(drafts, token, await this.#insert(drafts, token));
      } catch (error) {
        const isOutage = isUnavailable(error);
        // One row may be the fault: a channel deleted this moment, a text the database cannot take.
        if (!isOutage && !isMissingSchema(error) && drafts.length > 1) {
          for (const draft of drafts) await this.#write([draft]);
          return;
        }
        if (!isOutage || clock.monotonicMs() >= giveUpAtMs) return this.#abandon(drafts, error);
        await clock.sleep(backoffMs(failures, RETRY, random));
      }
    }
  }

  async #insert(drafts: readonly Draft[], token: string): Promise<ReadonlyMap<string, string>> {
    const { pg, statements, provider, clock, startNumber, ttlMs } = this.#deps;
    const replies = drafts.map(({ reply }) => reply);
    const isFromInbox = replies.some(({ receipt }) => receipt != null);
    const { rows } = await pg.query<{ id: string; status: string }>({
      ...(isFromInbox ? statements.insertInboxReplies : statements.insertReplies),
      values: [
        drafts.map(({ id }) => id),
        replies.map(({ channel }) => channel.channelId),
        replies.map(({ channel }) => channel.target),
        replies.map(({ text }) => text),
        replies.map(({ source }) => source),
        replies.map(({ messageId }) => (messageId === null ? null : answerKey(messageId))),
        drafts.map(({ departure }) => departure?.credential.accountId ?? null),
        drafts.map(({ departure }) => departure !== null),
        provider,
        startNumber(),
        token,
        clock.now(),
        new Date(clock.now().getTime() + ttlMs),
        ...(isFromInbox ? [replies.map(({ receipt }) => receipt?.seq ?? null)] : []),
      ],
    });
    return new Map(rows.map(({ id, status }) => [id, status]));
  }

  #settle(drafts: readonly Draft[], claimToken: string, states: ReadonlyMap<string, string>): void {
    const expiresAt = new Date(this.#deps.clock.now().getTime() + this.#deps.ttlMs);
    for (const { id, reply, departure } of drafts) {
      const status = states.get(id);
      // A row that was not written was written before, or the channel is another's by now: the mark went the same way.
      reply.receipt?.done(true);
      if (departure !== null && status === 'processing') {
        const { source, messageId: answers } = reply;
        this.#handlers.send(reply, departure, { id, claimToken, source, attempts: 0, expiresAt, answers });
      } else this.#handlers.stay(reply, departure, status === undefined ? 'dropped' : 'queued');
    }
  }

  #abandon(drafts: readonly Draft[], error: unknown): void {
    for (const { reply, departure } of drafts) this.#handlers.stay(reply, departure, 'dropped');
    this.#drop(
      drafts.map(({ reply }) => reply),
      error,
    );
  }

  #drop(replies: readonly PreparedReply[], error: unknown): void {
    const { log, logPrefix } = this.#deps;
    const channels = new Set(replies.map(({ channel }) => channel.channelId));
    for (const { receipt } of replies) receipt?.done(false);
    log.warn(`${logPrefix}replies_dropped`, { replies: replies.length, channels: channels.size, error });
  }
}
