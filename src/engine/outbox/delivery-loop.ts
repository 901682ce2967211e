/** The loop behind the outbox: wakes channels, claims their heads in rounds, hands them over, looks again. */
import type { ChannelId } from '../../lib/brand.ts';
import { plainText } from '../../lib/plain-text.ts';
import type { ChatMessage, SenderCredential } from '../../platforms/platform.ts';
import { type Permit, SendLimits } from '../limits/send-limits.ts';
import { type ClaimCandidate, Claims, type Head } from './claims.ts';
import { Delivery } from './delivery.ts';
import { type Departure, Dispatch } from './dispatch.ts';
import { type Lane, Lanes } from './lanes.ts';
import type { Outbox, OutboxDeps, OutboxStats } from './outbox.ts';
import { type PreparedReply, type Reply, ReplyQueue } from './replies.ts';
import { ResultWriter } from './results.ts';
import type { ClaimedRow, SpeakingChannel } from './row.ts';
import { Safety } from './safety.ts';
import { renderStatements } from './statements.ts';
import { cutToLimit } from './wording.ts';

/** How long until a lane is tried again that could not be served for a reason of our own. */
const TRY_AGAIN_MS = 1000;
const DRAIN_MAX_MS = 10_000;

interface ReadyLane {
  readonly lane: Lane;
  readonly credential: SenderCredential;
}

export class DeliveryLoop implements Outbox {
  readonly #deps: OutboxDeps;
  readonly #lanes: Lanes;
  readonly #limits: SendLimits;
  readonly #delivery: Delivery;
  readonly #dispatch: Dispatch;
  readonly #replies: ReplyQueue;
  readonly #claims: Claims;
  readonly #safety: Safety;
  readonly #drained = Promise.withResolvers<void>();
  /** First come, first claimed. */
  #ready: ReadyLane[] = [];
  /** Channels that the limits of a sender make wait, first come first. */
  readonly #queueing = new Map<ChannelId, string>();
  #isRoundPlanned = false;
  #repliesAsking = 0;
  #failedUnsent = 0;
  #isDraining = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    const { platform, limits, clock } = deps;
    const parts = { ...deps, statements: renderStatements(platform.tables), logPrefix: platform.logPrefix };
    this.#lanes = new Lanes(clock, (lane) => void this.#prepare(lane));
    this.#limits = new SendLimits({
      rules: limits.sendWindows,
      clock,
      share: deps.limitShare,
      freed: (senderKey) => this.#wakeQueueing(senderKey),
    });
    this.#delivery = new Delivery(parts);
    this.#dispatch = new Dispatch({ ...parts, delivery: this.#delivery, results: new ResultWriter(parts) });
    this.#claims = new Claims({ ...parts, limits: this.#limits });
    this.#replies = new ReplyQueue(
      { ...parts, provider: platform.id },
      {
        depart: (reply) => this.#depart(reply),
        send: (reply, departure, row) => void this.#send(reply.channel, departure, row, reply.text),
        stay: (reply, departure, fate) => this.#stay(reply, departure, fate),
        idle: () => this.#checkDrained(),
      },
    );
    this.#safety = new Safety(parts, {
      due: (channelId) => this.wake(channelId),
      wait: (channelId, delayMs) => this.#lanes.wait(channelId, delayMs),
      lacksSender: (channelId) => this.#lanes.lacksSender(channelId),
      failed: (rows) => {
        this.#failedUnsent += rows;
      },
    });
  }

  wake(channelId: ChannelId | null): void {
    if (channelId === null) this.#safety.lookAtAll();
    else if (this.#deps.channels.held().has(channelId)) this.#lanes.wake(channelId);
  }

  sendable(channelId: ChannelId): void {
    if (this.#deps.channels.held().has(channelId)) this.#lanes.wake(channelId, true);
  }

  reply({ channel, text, ...about }: Reply): void {
    const fit = cutToLimit(plainText(text), this.#deps.limits.message);
    if (fit === '') {
      about.receipt?.done(false);
      return;
    }
    this.#repliesAsking += 1;
    void this.#senderFor(channel).then((credential) => {
      this.#repliesAsking -= 1;
      this.#replies.add({ channel, text: fit, ...about, credential });
    });
  }

  echo(message: ChatMessage): void {
    this.#delivery.echo(message);
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#lanes.close();
    this.#safety.stop();
    for (const { lane } of this.#ready.splice(0)) this.#lanes.rest(lane);
    const timer = this.#deps.clock.setTimer(DRAIN_MAX_MS, () => this.#drained.resolve());
    this.#checkDrained();
    await this.#drained.promise;
    timer.cancel();
  }

  stats(): OutboxStats {
    const { sent, failed, retried } = this.#dispatch;
    return {
      sent,
      failed: failed + this.#failedUnsent,
      retried,
      sending: this.#lanes.taken,
      oldestWaitingSince: this.#safety.oldestWaitingSince,
    };
  }

  async #prepare(lane: Lane): Promise<void> {
    const channel = this.#deps.channels.held().get(lane.channelId);
    const credential = channel ? await this.#senderFor(channel) : null;
    lane.lacksSender = channel !== undefined && credential === null;
    if (credential === null || this.#isDraining) {
      this.#lanes.rest(lane);
      // Its messages wait, and have to end in time.
      if (lane.lacksSender) this.#safety.look(lane.channelId);
      return;
    }
    lane.step = 'ready';
    this.#ready.push({ lane, credential });
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
    if (this.#isRoundPlanned || this.#ready.length === 0 || this.#lanes.free <= 0) return;
    this.#isRoundPlanned = true;
    setImmediate(async () => {
      await this.#claims.prepare();
      await this.#round(this.#pick());
      this.#isRoundPlanned = false;
      this.#planRound();
      this.#checkDrained();
    });
  }

  /** Permission to send is taken before the claim, so that `processing` means the send has begun. */
  #pick(): ClaimCandidate[] {
    const picked: ClaimCandidate[] = [];
    const ready = this.#ready;
    let next = 0;
    for (const { lane, credential } of ready) {
      if (this.#lanes.free <= 0) break;
      next += 1;
      const channel = this.#deps.channels.held().get(lane.channelId);
      const permit = channel ? this.#permit(channel, credential) : 0;
      if (channel && typeof permit === 'number') {
        this.#queueing.set(lane.channelId, credential.key);
        this.#lanes.restFor(lane, permit);
        continue;
      }
      this.#queueing.delete(lane.channelId);
      if (!channel) this.#lanes.rest(lane);
      else if (typeof permit !== 'number') {
        this.#lanes.take(lane);
        picked.push({ channel, credential, permit, isEager: lane.isEager });
        lane.isEager = false;
      }
    }
    this.#ready = ready.slice(next);
    return picked;
  }

  /** A permit was taken for nothing: without this, those that were refused one meanwhile would sleep through it. */
  #wakeQueueing(senderKey: string): void {
    for (const [channelId, key] of this.#queueing) if (key === senderKey) this.#lanes.wake(channelId);
  }

  #permit(channel: SpeakingChannel, credential: SenderCredential): Permit | number {
    const isPrivileged = this.#deps.sender.isPrivileged(channel, credential);
    return this.#limits.take({ senderKey: credential.key, channelId: channel.channelId, isPrivileged });
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
        void this.#send(candidate.channel, candidate, head.row, head.message);
        continue;
      }
      candidate.permit.giveBack();
      if (head.kind === 'claimed') await this.#claims.release(head.row);
      if (head.kind === 'expired') expired.push(lane.channelId);
      if (head.kind === 'interrupted') this.#failedUnsent += 1;
      this.#afterUnsent(lane, head);
    }
    if (expired.length > 0) await this.#safety.expire(expired);
  }

  #afterUnsent(lane: Lane, head: Head): void {
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

  async #send(channel: SpeakingChannel, departure: Departure, row: ClaimedRow, message: string): Promise<void> {
    const lane = this.#lanes.of(channel.channelId);
    lane.misses += 1;
    const againInMs = await this.#dispatch.run(channel, departure, row, message, lane.misses);
    if (againInMs === null) {
      lane.misses = 0;
      this.#lanes.rest(lane);
    } else this.#lanes.retryIn(lane, againInMs);
    this.#planRound();
    this.#checkDrained();
  }

  /** A reply may go out at once when nothing else happens in its channel. */
  #depart({ channel, credential }: PreparedReply): Departure | null {
    const lane = this.#lanes.of(channel.channelId);
    if (credential === null || this.#isDraining || !this.#claims.isPrepared) return null;
    if (lane.step !== 'resting' || this.#lanes.free <= 0) return null;
    const permit = this.#permit(channel, credential);
    if (typeof permit === 'number') return null;
    this.#lanes.take(lane);
    return { credential, permit };
  }

  #stay({ channel }: PreparedReply, departure: Departure | null, fate: 'queued' | 'dropped'): void {
    const lane = this.#lanes.of(channel.channelId);
    lane.isDirty ||= fate === 'queued' && lane.step !== 'resting';
    if (departure !== null) {
      departure.permit.giveBack();
      this.#lanes.rest(lane);
    } else if (fate === 'queued') this.wake(channel.channelId);
  }

  #checkDrained(): void {
    if (!this.#isDraining || this.#lanes.taken > 0 || this.#repliesAsking > 0) return;
    if (this.#replies.isIdle && !this.#isRoundPlanned) this.#drained.resolve();
  }
}
