/** The platform's limits on our messages, kept per sender and per channel (design §5). */
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

/** Leave to send one message. Exactly one of the two has to be called. */
export interface Permit {
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
  /** A permit of this sender was given back: whoever was told to wait may not have to. */
  readonly freed: (senderKey: string) => void;
}

const FREE: Permit = { spent() {}, giveBack() {} };
const SWEEP_ABOVE_WINDOWS = 1000;

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

  /** @returns a permit, or for how many milliseconds there will be none */
  take(speaker: Speaker): Permit | number {
    if (this.#rules.length === 0) return FREE;
    const nowMs = this.#clock.monotonicMs();
    const waitMs = this.#freeAtMs(speaker) - nowMs;
    if (waitMs > 0) return waitMs;
    this.#each(speaker, (window) => window.add(nowMs));
    return {
      // Counted from when it was surely there: the platform's window opens when the message arrives, not when we began.
      spent: () =>
        this.#each(speaker, (window) => {
          window.remove(nowMs);
          window.add(this.#clock.monotonicMs());
        }),
      giveBack: () => {
        this.#each(speaker, (window) => window.remove(nowMs));
        this.#freed(speaker.senderKey);
      },
    };
  }

  /** Counts a message from before this process started. */
  seed(senderKey: string, channelId: ChannelId, ageMs: number): void {
    const atMs = this.#clock.monotonicMs() - Math.max(0, ageMs);
    this.#each({ senderKey, channelId, isPrivileged: false }, (window) => window.add(atMs));
  }

  #freeAtMs(speaker: Speaker): number {
    const share = this.#share();
    let freeAtMs = Number.NEGATIVE_INFINITY;
    for (const [index, rule] of this.#rules.entries()) {
      if (rule.blocks === 'unprivileged' && speaker.isPrivileged) continue;
      // Only one copy speaks in a channel: its window is all ours.
      const ours = rule.scope === 'sender' ? share : 1;
      const window = this.#windows.get(keyOf(index, rule, speaker));
      freeAtMs = Math.max(freeAtMs, window?.freeAtMs(ours) ?? freeAtMs);
    }
    return freeAtMs;
  }

  #each(speaker: Speaker, change: (window: SendWindow) => void): void {
    for (const [index, rule] of this.#rules.entries()) {
      const key = keyOf(index, rule, speaker);
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

/** A channel's window belongs to the sender in it: platforms count each account by itself. */
function keyOf(index: number, rule: WindowRule, { senderKey, channelId }: Speaker): string {
  return rule.scope === 'sender' ? `${index} ${senderKey}` : `${index} ${senderKey} ${channelId}`;
}
