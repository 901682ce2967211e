/** Gives channels their turn: a message may go out when one of the places is free and the sender's limits have room. */
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { SenderCredential } from '../../platforms/account-side.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';
import type { ChatSender } from '../../platforms/worker-side.ts';
import { type Permit, SendLimits, type Speaker } from '../limits/send-limits.ts';
import type { ClaimCandidate } from './claims.ts';
import type { Lane, Lanes } from './lanes.ts';
import type { SpeakingChannel } from './row.ts';

interface TurnDeps {
  readonly lanes: Lanes;
  readonly limits: PlatformLimits;
  readonly limitShare: () => number;
  readonly sender: Pick<ChatSender, 'isPrivileged'>;
  readonly channels: { held(): ReadonlyMap<ChannelId, SpeakingChannel> };
  readonly clock: Clock;
}

interface ReadyLane {
  readonly lane: Lane;
  readonly credential: SenderCredential;
}

export class Turns {
  readonly #deps: TurnDeps;
  readonly limits: SendLimits;
  /** First come, first claimed. */
  #ready: ReadyLane[] = [];
  /** Channels that the limits of a sender make wait, first come first. */
  readonly #queueing = new Map<ChannelId, SenderCredential>();

  constructor(deps: TurnDeps) {
    this.#deps = deps;
    const { limits, clock, limitShare } = deps;
    this.limits = new SendLimits({
      rules: limits.sendWindows,
      clock,
      share: limitShare,
      freed: (senderKey, isForAnswers) => this.#resumeQueueing(senderKey, isForAnswers),
    });
  }

  get areWanted(): boolean {
    return this.#ready.length > 0 && this.#deps.lanes.free > 0;
  }

  /** The lane waits for its turn. */
  add(lane: Lane, credential: SenderCredential): void {
    lane.step = 'ready';
    this.#ready.push({ lane, credential });
  }

  /** Nobody gets a turn any more. */
  stop(): void {
    for (const { lane } of this.#ready.splice(0)) this.#deps.lanes.rest(lane);
  }

  /** Takes those whose turn it is. A permit comes before the claim, so that `processing` means the send has begun. */
  take(): ClaimCandidate[] {
    const { lanes, channels } = this.#deps;
    const candidates: ClaimCandidate[] = [];
    let looked = 0;
    for (const { lane, credential } of this.#ready) {
      if (lanes.free <= 0) break;
      looked += 1;
      const channel = channels.held().get(lane.channelId);
      if (channel === undefined) {
        this.#queueing.delete(lane.channelId);
        lanes.rest(lane);
        continue;
      }
      const permit = this.#permit(channel, credential, lane.isAnswerNext);
      if (typeof permit === 'number') {
        this.queue(lane, credential, permit);
        continue;
      }
      this.#queueing.delete(lane.channelId);
      lanes.take(lane);
      candidates.push({ channel, credential, permit, isEager: lane.isEager });
      lane.isEager = false;
    }
    this.#ready = this.#ready.slice(looked);
    return candidates;
  }

  /** The lane waits until the sender's limits have room for its next message, `waitMs` at most. */
  queue(lane: Lane, credential: SenderCredential, waitMs: number): void {
    this.#queueing.set(lane.channelId, credential);
    this.#deps.lanes.restFor(lane, waitMs);
  }

  /** The channel is not ours any more, or nobody speaks there: it waits for no room. */
  forget(channelId: ChannelId): void {
    this.#queueing.delete(channelId);
  }

  /** For an answer that is not written yet. @returns null unless nothing else happens in its channel */
  takeAtOnce(channel: SpeakingChannel, credential: SenderCredential): Permit | null {
    const { lanes } = this.#deps;
    const lane = lanes.of(channel.channelId);
    if (lane.step !== 'resting' || lanes.free <= 0) return null;
    const permit = this.#permit(channel, credential, true);
    if (typeof permit === 'number') return null;
    lanes.take(lane);
    return permit;
  }

  #permit(channel: SpeakingChannel, credential: SenderCredential, isAnswer: boolean): Permit | number {
    return this.limits.take(this.#speaker(channel, credential), isAnswer);
  }

  #speaker(channel: SpeakingChannel, credential: SenderCredential): Speaker {
    const isPrivileged = this.#deps.sender.isPrivileged(channel, credential);
    return { senderKey: credential.key, channelId: channel.channelId, isPrivileged };
  }

  /** A permit was taken for nothing: without this, those that were refused one meanwhile would sleep through it. */
  #resumeQueueing(senderKey: string, isForAnswers: boolean): void {
    const { lanes, channels } = this.#deps;
    for (const [channelId, credential] of this.#queueing) {
      if (credential.key !== senderKey) continue;
      const channel = channels.held().get(channelId);
      // An answer that waits for room among the answers has no use for other room.
      const lacksAnswerRoom = () =>
        channel !== undefined && this.limits.answerInMs(this.#speaker(channel, credential)) > 0;
      if (isForAnswers || !lanes.of(channelId).isAnswerNext || !lacksAnswerRoom()) lanes.resume(channelId);
    }
  }
}
