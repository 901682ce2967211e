/** Answers to chat lines on their fast way: written already claimed, all of one tick in one statement. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { isMissingSchema, isUnavailable } from '../../db/failures.ts';
import { backoffMs } from '../../lib/backoff.ts';
import type { PlatformMessageId, ProviderId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { SenderCredential } from '../../platforms/account-side.ts';
import type { Receipt } from '../inbox/receipt.ts';
import type { Permit } from '../limits/send-limits.ts';
import { ANSWER_RANK, answerKey, type ClaimedRow, type SpeakingChannel } from './row.ts';
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

/** A reply that fits the chat. */
export interface FitReply extends Reply {
  /** Nobody wants it later than this. */
  readonly expiresAt: Date;
}

/** A reply that is about to be written. */
export interface Draft {
  readonly id: string;
  readonly reply: FitReply;
  /** Who speaks; null when nobody can speak there now. */
  readonly credential: SenderCredential | null;
  /** Permission to send it at once; null when it has to wait its turn as a row. */
  readonly permit: Permit | null;
}

/** What became of a draft: a row that is ours to send, one that waits its turn, or none. Of those that found no room
 * (`crowded_out`) too many wait in the channel, or an equal one does. */
export type WrittenReply = { readonly draft: Draft } & (
  | { readonly kind: 'claimed'; readonly row: ClaimedRow }
  | { readonly kind: 'queued' | 'crowded_out' | 'dropped' }
);

interface ReplyDeps {
  readonly pg: pg.Pool;
  readonly statements: Statements;
  readonly platform: { readonly id: ProviderId };
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly startNumber: () => number | null;
}

const RETRY = { firstMs: 100, longestMs: 2000 };

export class ReplyWriter {
  readonly #deps: ReplyDeps;
  #batches = 0;

  constructor(deps: ReplyDeps) {
    this.#deps = deps;
  }

  /** Waits out a lost database for as long as anybody wants the answers. Must not run twice at once: answers keep their order. */
  async write(drafts: readonly Draft[]): Promise<WrittenReply[]> {
    const { clock, random } = this.#deps;
    const token = `${this.#deps.startNumber()}.r${++this.#batches}`;
    for (let failures = 1; ; failures += 1) {
      try {
        const states = await this.#insert(drafts, token);
        return drafts.map((draft) => this.#written(draft, token, states.get(draft.id)));
      } catch (error) {
        const isOutage = isUnavailable(error);
        // One row may be the fault: a channel deleted this moment, a text the database cannot take.
        if (!isOutage && !isMissingSchema(error) && drafts.length > 1) {
          const written: WrittenReply[] = [];
          for (const draft of drafts) written.push(...(await this.write([draft])));
          return written;
        }
        if (!isOutage || drafts.every(({ reply }) => reply.expiresAt <= clock.now())) {
          this.drop(
            drafts.map(({ reply }) => reply),
            error,
          );
          return drafts.map((draft) => ({ draft, kind: 'dropped' }));
        }
        await clock.sleep(backoffMs(failures, RETRY, random));
      }
    }
  }

  /** They will never be written. */
  drop(replies: readonly Reply[], error: unknown): void {
    const { log, logPrefix } = this.#deps;
    const channels = new Set(replies.map(({ channel }) => channel.channelId));
    for (const { receipt } of replies) receipt?.done(false);
    log.warn(`${logPrefix}replies_dropped`, { replies: replies.length, channels: channels.size, error });
  }

  async #insert(drafts: readonly Draft[], token: string): Promise<ReadonlyMap<string, string>> {
    const { pg, statements, platform, clock, startNumber } = this.#deps;
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
        drafts.map(({ credential }) => credential?.accountId ?? null),
        drafts.map(({ permit }) => permit !== null),
        platform.id,
        startNumber(),
        token,
        clock.now(),
        replies.map(({ expiresAt }) => expiresAt),
        ...(isFromInbox ? [replies.map(({ receipt }) => receipt?.seq ?? null)] : []),
      ],
    });
    return new Map(rows.map(({ id, status }) => [id, status]));
  }

  #written(draft: Draft, claimToken: string, status: string | undefined): WrittenReply {
    const { id, reply, permit } = draft;
    const { source, text, expiresAt, messageId: answers, receipt } = reply;
    // A row that was not written was written before, or the channel is another's by now: the mark went the same way.
    receipt?.done(true);
    if (status === undefined) return { draft, kind: 'dropped' };
    if (status === 'crowded out') return { draft, kind: 'crowded_out' };
    if (permit === null || status !== 'processing') return { draft, kind: 'queued' };
    const row = { id, claimToken, source, text, attempts: 0, unconfirmed: 0, rank: ANSWER_RANK, expiresAt, answers };
    return { draft, kind: 'claimed', row };
  }
}

export function draftOf(reply: FitReply, credential: SenderCredential | null, permit: Permit | null): Draft {
  return { id: randomUUID(), reply, credential, permit };
}
