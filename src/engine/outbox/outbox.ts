/** Delivers the messages of every channel this worker holds: in order, one at a time per channel, each to its end. */
import type pg from 'pg';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { CredentialSource, SenderCredential } from '../../platforms/account-side.ts';
import type { Platform, PlatformLimits } from '../../platforms/platform.ts';
import type { ChatMessage, ChatSender } from '../../platforms/worker-side.ts';
import { type ClaimCandidate, Claims, type Head } from './claims.ts';
import { Delivery, type Departure } from './delivery.ts';
import { type Lane, Lanes } from './lanes.ts';
import { draftOf, type FitReply, type Reply, ReplyWriter, type WrittenReply } from './replies.ts';
import { ANSWER_RANK, type SpeakingChannel } from './row.ts';
import { Safety } from './safety.ts';
import { renderStatements } from './statements.ts';
import { Turns } from './turns.ts';
import { chatText } from './wording.ts';

export interface OutboxDeps {
  readonly platform: Pick<Platform, 'id' | 'tables' | 'logPrefix' | 'noSenderReason'>;
  readonly limits: PlatformLimits;
  readonly sender: ChatSender;
  readonly credentials: Pick<CredentialSource, 'renewed'> & {
    senderFor(channel: SpeakingChannel): Promise<SenderCredential | null>;
  };
  readonly channels: {
    /** Active, and leased by this copy. */
    held(): ReadonlyMap<ChannelId, SpeakingChannel>;
    onChange(listener: () => void): void;
  };
  readonly pg: pg.Pool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Start number of this worker. Null until the worker is registered; nothing is claimed before. */
  readonly startNumber: () => number | null;
  /** 1 ÷ live copies. */
  readonly limitShare: () => number;
  readonly isListening: () => boolean;
  /** How often to look while no hints arrive. */
  readonly pollMs: number;
  readonly ttlMs: number;
  /** Older answers are not sent. */
  readonly answerMaxAgeMs: number;
}

export interface OutboxStats {
  readonly sent: number;
  readonly failed: number;
  readonly retried: number;
  readonly sending: number;
  /** Answers that were not even written: too many waited in their channel, or an equal one did. */
  readonly answersCrowdedOut: number;
  /** When the oldest unfinished message of a held channel was queued, as of the last look. */
  readonly oldestWaitingSince: Date | null;
}

interface WaitingReply {
  readonly reply: FitReply;
  readonly credential: SenderCredential | null;
}

/** How long until a lane is tried again that could not be served for a reason of our own. */
const TRY_AGAIN_MS = 1000;
const DRAIN_MAX_MS = 10_000;
const UNWRITTEN_MAX = 10_000;

/** The one part that calls the others; none of them calls it back. */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #lanes: Lanes;
  readonly #turns: Turns;
  readonly #claims: Claims;
  readonly #replyWriter: ReplyWriter;
  readonly #delivery: Delivery;
  readonly #safety: Safety;
  readonly #drained = Promise.withResolvers<void>();
  #unwritten: WaitingReply[] = [];
  #repliesAsking = 0;
  #isWriting = false;
  #isRoundPlanned = false;
  #interrupted = 0;
  #crowdedOut = 0;
  #isDraining = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    const { platform, clock } = deps;
    const lanes = new Lanes(clock, (lane) => void this.#prepare(lane));
    const parts = { ...deps, lanes, statements: renderStatements(platform.tables), logPrefix: platform.logPrefix };
    this.#lanes = lanes;
    this.#turns = new Turns(parts);
    this.#claims = new Claims({ ...parts, message: deps.limits.message, limits: this.#turns.limits });
    this.#replyWriter = new ReplyWriter(parts);
    this.#delivery = new Delivery(parts);
    this.#safety = new Safety(parts);
  }

  /** Something was queued: in one channel, or anywhere (null). */
  wake(channelId: ChannelId | null): void {
    if (channelId === null) this.#safety.lookAtAll();
    else if (this.#deps.channels.held().has(channelId)) this.#lanes.wake(channelId);
  }

  /** What made sends unavailable there is over: the present wait is cut short. */
  sendable(channelId: ChannelId): void {
    if (this.#deps.channels.held().has(channelId)) this.#lanes.wake(channelId, true);
  }

  reply(given: Reply): void {
    const { limits, clock, ttlMs, answerMaxAgeMs } = this.#deps;
    const expiresAt = new Date(clock.now().getTime() + Math.min(ttlMs, answerMaxAgeMs));
    const reply = { ...given, text: chatText(given.text, limits.message), expiresAt };
    if (reply.text === '') {
      reply.receipt?.done(false);
      return;
    }
    this.#repliesAsking += 1;
    void this.#senderFor(reply.channel).then((credential) => {
      this.#repliesAsking -= 1;
      if (this.#unwritten.length >= UNWRITTEN_MAX) this.#replyWriter.drop([reply], 'too_many');
      else this.#unwritten.push({ reply, credential });
      this.#planWriting();
    });
  }

  /** An own message, seen in the chat: it may prove that a send arrived. */
  echo(message: ChatMessage): void {
    this.#delivery.echo(message);
  }

  /** Claims nothing more; resolves when running sends are recorded, after 10 s at the latest. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#lanes.close();
    this.#safety.stop();
    this.#turns.stop();
    const timer = this.#deps.clock.setTimer(DRAIN_MAX_MS, () => this.#drained.resolve());
    this.#checkDrained();
    await this.#drained.promise;
    timer.cancel();
  }

  stats(): OutboxStats {
    const { sent, failed, retried } = this.#delivery;
    return {
      sent,
      failed: failed + this.#interrupted + this.#safety.expired,
      retried,
      sending: this.#lanes.taken,
      answersCrowdedOut: this.#crowdedOut,
      oldestWaitingSince: this.#safety.oldestWaitingSince,
    };
  }

  /** A lane was woken: who speaks there, and when is its turn? */
  async #prepare(lane: Lane): Promise<void> {
    const channel = this.#deps.channels.held().get(lane.channelId);
    const credential = channel ? await this.#senderFor(channel) : null;
    lane.lacksSender = channel !== undefined && credential === null;
    lane.isAnswerNext &&= channel !== undefined;
    if (credential === null || this.#isDraining) {
      this.#turns.forget(lane.channelId);
      this.#lanes.rest(lane);
      // Its messages wait, and have to end in time.
      if (lane.lacksSender) this.#safety.look(lane.channelId);
      return;
    }
    this.#turns.add(lane, credential);
    this.#planRound();
  }

  async #senderFor(channel: SpeakingChannel): Promise<SenderCredential | null> {
    try {
      return await this.#deps.credentials.senderFor(channel);
    } catch (error) {
      const { log, platform } = this.#deps;
      log.warn(`${platform.logPrefix}sender_lookup_failed`, { channelId: channel.channelId, error });
      return null;
    }
  }

  /** Lanes that become ready within one tick share a claim; those that come while one runs share the next. */
  #planRound(): void {
    if (this.#isRoundPlanned || !this.#turns.areWanted) return;
    this.#isRoundPlanned = true;
    setImmediate(async () => {
      await this.#claims.prepare();
      await this.#round(this.#turns.take());
      this.#isRoundPlanned = false;
      this.#planRound();
      this.#checkDrained();
    });
  }

  async #round(candidates: readonly ClaimCandidate[]): Promise<void> {
    if (candidates.length === 0) return;
    const heads = await this.#claims.claim(candidates);
    const expired: ChannelId[] = [];
    for (const [place, candidate] of candidates.entries()) {
      const head = heads[place] ?? { kind: 'none' };
      const lane = this.#lanes.of(candidate.channel.channelId);
      if (head.kind === 'claimed' && !this.#isDraining) {
        // More may wait behind it.
        lane.isDirty = true;
        if (head.row.rank < ANSWER_RANK) candidate.permit.notForAnswer();
        void this.#depart({ ...candidate, row: head.row });
        continue;
      }
      candidate.permit.giveBack();
      if (head.kind === 'claimed') await this.#claims.release(head.row);
      if (head.kind === 'expired') expired.push(lane.channelId);
      if (head.kind === 'interrupted') this.#interrupted += 1;
      lane.isAnswerNext = head.kind === 'held';
      if (head.kind === 'held') this.#turns.queue(lane, candidate.credential, candidate.permit.answerInMs);
      else this.#restUnsent(lane, head);
    }
    if (expired.length > 0) await this.#safety.expire(expired);
  }

  #restUnsent(lane: Lane, head: Exclude<Head, { kind: 'held' }>): void {
    switch (head.kind) {
      case 'none':
      case 'claimed':
      case 'expired':
        lane.misses = 0;
        this.#lanes.rest(lane);
        break;
      case 'interrupted':
        lane.misses = 0;
        lane.isDirty = true;
        this.#lanes.rest(lane);
        break;
      case 'waiting':
        this.#lanes.retryIn(lane, head.dueInMs);
        break;
      case 'busy':
      case 'unreachable':
        lane.isEager = false;
        this.#lanes.restFor(lane, TRY_AGAIN_MS);
        break;
    }
  }

  async #depart(departure: Departure): Promise<void> {
    const lane = this.#lanes.of(departure.channel.channelId);
    const againInMs = await this.#delivery.deliver(departure, this.#lanes.begin(lane, departure.row.id));
    if (againInMs === null) {
      lane.misses = 0;
      this.#lanes.rest(lane);
    } else this.#lanes.retryIn(lane, againInMs);
    this.#planRound();
    this.#checkDrained();
  }

  /** Replies of one tick are written together; those that come meanwhile share the next statement. */
  #planWriting(): void {
    if (this.#isWriting || this.#unwritten.length === 0) return;
    this.#isWriting = true;
    setImmediate(async () => {
      const drafts = this.#unwritten.splice(0).map(({ reply, credential }) => {
        const mayGo = credential !== null && !this.#isDraining && this.#claims.isPrepared;
        return draftOf(reply, credential, mayGo ? this.#turns.takeAtOnce(reply.channel, credential) : null);
      });
      for (const written of await this.#replyWriter.write(drafts)) this.#sendWritten(written);
      this.#isWriting = false;
      this.#planWriting();
      this.#checkDrained();
    });
  }

  #sendWritten(written: WrittenReply): void {
    const { reply, credential, permit } = written.draft;
    const { channel } = reply;
    if (written.kind === 'claimed' && credential !== null && permit !== null) {
      void this.#depart({ channel, credential, permit, row: written.row });
      return;
    }
    if (written.kind === 'crowded_out') this.#crowdedOut += 1;
    const lane = this.#lanes.of(channel.channelId);
    lane.isDirty ||= written.kind === 'queued' && lane.step !== 'resting';
    if (permit !== null) {
      permit.giveBack();
      this.#lanes.rest(lane);
    } else if (written.kind === 'queued' && this.#deps.channels.held().has(channel.channelId)) {
      this.#lanes.resume(channel.channelId);
    }
  }

  #checkDrained(): void {
    if (!this.#isDraining || this.#lanes.taken > 0 || this.#repliesAsking > 0) return;
    if (!this.#isWriting && !this.#isRoundPlanned) this.#drained.resolve();
  }
}
