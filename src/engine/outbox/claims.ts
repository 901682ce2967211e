/** Takes the oldest message of each ready channel, all of them in one statement. */
import type pg from 'pg';
import { LEGACY_SENDER_KEY } from '../../accounts/credentials.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { SenderCredential } from '../../platforms/account-side.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';
import type { Permit, SendLimits } from '../limits/send-limits.ts';
import { answeredLine, type ClaimedRow, type SpeakingChannel } from './row.ts';
import type { Statements } from './statements.ts';
import { chatText } from './wording.ts';

export interface ClaimCandidate {
  readonly channel: SpeakingChannel;
  readonly credential: SenderCredential;
  readonly permit: Permit;
  /** Whether the row's own waiting time is to be ignored. */
  readonly isEager: boolean;
}

/** What the oldest unfinished row of a channel turned out to be. */
export type Head =
  | { readonly kind: 'claimed'; readonly row: ClaimedRow }
  | { readonly kind: 'held' }
  | { readonly kind: 'none' | 'busy' | 'expired' | 'interrupted' | 'unreachable' }
  | { readonly kind: 'waiting'; readonly dueInMs: number };

interface HeadRow {
  readonly channelId: ChannelId;
  readonly verdict: 'due' | 'orphaned' | 'waiting' | 'held' | 'busy' | 'expired' | 'interrupted';
  readonly id: string;
  readonly source: string;
  readonly message: string;
  readonly dedupKey: string | null;
  readonly expiresAt: Date | null;
  readonly nextAttemptAt: Date;
  readonly rank: number;
  readonly unconfirmed: number | null;
  readonly attempts: number | null;
  readonly isTaken: boolean;
}

interface SentBefore {
  readonly channelId: ChannelId;
  readonly senderAccountId: string | null;
  readonly isAnswer: boolean;
  readonly at: Date;
}

interface ClaimDeps {
  readonly pg: pg.Pool;
  readonly statements: Statements;
  readonly limits: SendLimits;
  /** Rows are cut to it. */
  readonly message: PlatformLimits['message'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly startNumber: () => number | null;
  readonly ttlMs: number;
}

export class Claims {
  readonly #deps: ClaimDeps;
  #isSeeded = false;
  #claims = 0;
  #isFailing = false;

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
  }

  /** Whether the limits know what was sent before this process began: no permit is worth anything earlier. */
  get isPrepared(): boolean {
    return this.#isSeeded;
  }

  /** To be awaited before permits are taken. A failure shows at the claim. */
  async prepare(): Promise<void> {
    if (this.#isSeeded) return;
    try {
      await this.#seed();
      this.#isSeeded = true;
    } catch (error) {
      this.#report(error);
    }
  }

  /** @returns the heads in the order of the candidates; all `unreachable` when the database is */
  async claim(candidates: readonly ClaimCandidate[]): Promise<Head[]> {
    const { clock, startNumber, message } = this.#deps;
    const ours = startNumber();
    if (ours === null || !this.#isSeeded) return candidates.map(() => UNREACHABLE);
    try {
      const now = clock.now();
      const token = `${ours}.${++this.#claims}`;
      const heads = await this.#query(candidates, now, ours, token);
      this.#isFailing = false;
      return candidates.map(({ channel }) => headOf(heads.get(channel.channelId), token, now, message));
    } catch (error) {
      this.#report(error);
      return candidates.map(() => UNREACHABLE);
    }
  }

  /** Gives back what was claimed and not begun. */
  async release({ id, claimToken }: ClaimedRow): Promise<void> {
    const { pg, statements, log, logPrefix } = this.#deps;
    try {
      await pg.query({ ...statements.release, values: [[id], claimToken] });
    } catch (error) {
      log.warn(`${logPrefix}outbox_release_failed`, { outboxId: id, error });
    }
  }

  /** Once per outage. */
  #report(error: unknown): void {
    if (!this.#isFailing) this.#deps.log.warn(`${this.#deps.logPrefix}outbox_claim_failed`, { error });
    this.#isFailing = true;
  }

  async #query(candidates: readonly ClaimCandidate[], now: Date, ours: number, token: string) {
    const { rows } = await this.#deps.pg.query<HeadRow>({
      ...this.#deps.statements.claim,
      values: [
        candidates.map(({ channel }) => channel.channelId),
        candidates.map(({ credential }) => credential.accountId),
        candidates.map(({ isEager }) => isEager),
        now,
        ours,
        token,
        candidates.map(({ permit }) => permit.answerInMs === 0),
      ],
    });
    return new Map(rows.map((row) => [row.channelId, row]));
  }

  /** The platform remembers what was sent before this process began. */
  async #seed(): Promise<void> {
    const { pg, statements, limits, clock, ttlMs } = this.#deps;
    if (limits.longestPeriodMs === 0) return;
    const sinceMs = clock.now().getTime() - limits.longestPeriodMs;
    const { rows } = await pg.query<SentBefore>({
      ...statements.recent,
      values: [new Date(sinceMs), new Date(sinceMs - ttlMs)],
    });
    // The answer took its time: ages are as of now.
    const nowMs = clock.now().getTime();
    for (const { channelId, senderAccountId, isAnswer, at } of rows) {
      limits.seed(senderAccountId ?? LEGACY_SENDER_KEY, channelId, nowMs - at.getTime(), isAnswer);
    }
  }
}

const UNREACHABLE: Head = { kind: 'unreachable' };

function headOf(row: HeadRow | undefined, claimToken: string, now: Date, limit: PlatformLimits['message']): Head {
  if (row === undefined) return { kind: 'none' };
  if (row.verdict === 'waiting') {
    return { kind: 'waiting', dueInMs: row.nextAttemptAt.getTime() - now.getTime() };
  }
  if (row.verdict === 'busy' || row.verdict === 'held' || row.verdict === 'expired') return { kind: row.verdict };
  if (!row.isTaken) return { kind: 'busy' };
  if (row.verdict === 'interrupted') return { kind: 'interrupted' };
  const { id, source, rank, expiresAt } = row;
  const { attempts, unconfirmed } = { attempts: row.attempts ?? 0, unconfirmed: row.unconfirmed ?? 0 };
  // Anybody may have written the row.
  const text = chatText(row.message, limit);
  const answers = answeredLine(row.dedupKey);
  return { kind: 'claimed', row: { id, claimToken, source, text, attempts, unconfirmed, rank, expiresAt, answers } };
}
