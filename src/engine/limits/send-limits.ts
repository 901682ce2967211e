/** The platform's limits on our messages, kept per sender and per channel. */
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { PlatformLimits, SendWindow as WindowRule } from '../../platforms/platform.ts';
import { SendWindow } from './send-window.ts';

export interface Speaker {
  /** `SenderCredential.key`. */
  readonly senderKey: string;
  readonly channelId: ChannelId;
  readonly isPrivileged: boolean;
}

/** Permission to send one message. Exactly one of `spent` and `giveBack` has to be called. */
export interface Permit {
  /** In how many milliseconds an answer may go out; 0 when this message may be one. */
  readonly answerInMs: number;
  /** The message turned out to be no answer: its place among the answers is free again. */
  notForAnswer(): void;
  /** The message has left, or may have: it counts from now on. */
  spent(): void;
  /** Nothing was sent. */
  giveBack(): void;
}

interface SendLimitsDeps {
  readonly rules: PlatformLimits['sendWindows'];
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** 1 ÷ live copies: copies do not hear of each other's messages. */
  readonly share: () => number;
  /** Room of this sender became free: whoever was told to wait may not have to. Also for answers, or for others alone. */
  readonly freed: (senderKey: string, isForAnswers: boolean) => void;
}

const FREE: Permit = { answerInMs: 0, notForAnswer() {}, spent() {}, giveBack() {} };
const SWEEP_ABOVE_WINDOWS = 1000;

/**
 * Answers to commands may use only a part of each window of a sender, over all its channels: the rest is kept for what
 * the streamers say, so that viewers cannot silence them. A channel's own windows know no such part.
 */
export class SendLimits {
  readonly #rules: readonly WindowRule[];
  readonly #clock: SendLimitsDeps['clock'];
  readonly #share: () => number;
  readonly #freed: SendLimitsDeps['freed'];
  readonly #windows = new Map<string, SendWindow>();
  #sweepAbove = SWEEP_ABOVE_WINDOWS;

  constructor({ rules, clock, share, freed }: SendLimitsDeps) {
    this.#rules = rules.filter(({ max }) => max > 0);
    this.#clock = clock;
    this.#share = share;
    this.#freed = freed;
  }

  /** How far back messages still matter; 0 without any limit. */
  get longestPeriodMs(): number {
    return Math.max(0, ...this.#rules.map(({ periodMs }) => periodMs));
  }

  /** In how many milliseconds an answer may go out, as far as the part of the windows goes that answers may use. */
  answerInMs(speaker: Speaker): number {
    return Math.max(0, this.#freeAtMs(speaker, true) - this.#clock.monotonicMs());
  }

  /**
   * @param isAnswer true when the message is an answer for certain; otherwise the permit tells whether it may be one
   * @returns a permit, or for how many milliseconds there will be none
   */
  take(speaker: Speaker, isAnswer = false): Permit | number {
    if (this.#rules.length === 0) return FREE;
    const nowMs = this.#clock.monotonicMs();
    const answerInMs = this.answerInMs(speaker);
    const waitMs = Math.max(this.#freeAtMs(speaker, false) - nowMs, isAnswer ? answerInMs : 0);
    if (waitMs > 0) return waitMs;
    let countsAsAnswer = answerInMs === 0;
    this.#each(speaker, false, (window) => window.add(nowMs));
    if (countsAsAnswer) this.#each(speaker, true, (window) => window.add(nowMs));
    const change = (work: (window: SendWindow) => void) => {
      this.#each(speaker, false, work);
      if (countsAsAnswer) this.#each(speaker, true, work);
    };
    return {
      answerInMs,
      notForAnswer: () => {
        if (!countsAsAnswer) return;
        countsAsAnswer = false;
        this.#each(speaker, true, (window) => window.remove(nowMs));
        this.#freed(speaker.senderKey, true);
      },
      // Counted from when it was surely there: the platform's window opens when the message arrives, not when we began.
      spent: () =>
        change((window) => {
          window.remove(nowMs);
          window.add(this.#clock.monotonicMs());
        }),
      giveBack: () => {
        change((window) => window.remove(nowMs));
        this.#freed(speaker.senderKey, countsAsAnswer);
      },
    };
  }

  /** Counts a message from before this process started. */
  seed(senderKey: string, channelId: ChannelId, ageMs: number, isAnswer: boolean): void {
    const atMs = this.#clock.monotonicMs() - Math.max(0, ageMs);
    const speaker = { senderKey, channelId, isPrivileged: false };
    this.#each(speaker, false, (window) => window.add(atMs));
    if (isAnswer) this.#each(speaker, true, (window) => window.add(atMs));
  }

  #freeAtMs(speaker: Speaker, ofAnswers: boolean): number {
    const share = this.#share();
    let freeAtMs = Number.NEGATIVE_INFINITY;
    for (const [index, rule] of this.#rules.entries()) {
      if (rule.blocks === 'unprivileged' && speaker.isPrivileged) continue;
      if (ofAnswers && rule.scope === 'channel') continue;
      // Only one copy speaks in a channel: its window is all ours.
      const ours = rule.scope === 'sender' ? Math.max(1, Math.floor(rule.max * share)) : rule.max;
      const window = this.#windows.get(keyOf(index, rule, speaker, ofAnswers));
      freeAtMs = Math.max(freeAtMs, window?.freeAtMs(ofAnswers ? answersOf(ours) : ours) ?? freeAtMs);
    }
    return freeAtMs;
  }

  #each(speaker: Speaker, ofAnswers: boolean, change: (window: SendWindow) => void): void {
    for (const [index, rule] of this.#rules.entries()) {
      if (ofAnswers && rule.scope === 'channel') continue;
      const key = keyOf(index, rule, speaker, ofAnswers);
      const known = this.#windows.get(key);
      const window = known ?? new SendWindow(rule.max, rule.periodMs);
      if (!known) this.#windows.set(key, window);
      change(window);
    }
    if (this.#windows.size > this.#sweepAbove) this.#sweep();
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, window] of this.#windows) if (window.isOver(nowMs)) this.#windows.delete(key);
    this.#sweepAbove = Math.max(SWEEP_ABOVE_WINDOWS, this.#windows.size * 2);
  }
}

/** How many of the messages of a sender's window may be answers: all but a fifth, at least one. */
function answersOf(max: number): number {
  return Math.max(1, max - Math.max(1, Math.floor(max / 5)));
}

/** A channel's window belongs to the sender in it: platforms count each account by itself. */
function keyOf(index: number, rule: WindowRule, { senderKey, channelId }: Speaker, ofAnswers: boolean): string {
  const window = ofAnswers ? `${index}a` : `${index}`;
  return rule.scope === 'sender' ? `${window} ${senderKey}` : `${window} ${senderKey} ${channelId}`;
}
