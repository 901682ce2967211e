/** What a simulated VK Video Live can be started with. */
import type { Clock } from '../../src/lib/clock.ts';

export interface VkVideoSimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Port that keeps serving `/_control/` while the platform refuses connections. */
  controlPort?: number;
  /** The platform's own by default; `off` for load runs. */
  limits?: LimitChoice;
  clock?: Clock;
  /** What the application registered: asked for character for character. */
  redirectUri?: string;
  /** Lets tests see in seconds what takes VK minutes. */
  pubsub?: Partial<PubsubTimes>;
}

/** Times of the pub/sub server in seconds; Centrifugo's own by default (docs/platforms/vkvideo.md#centrifugo-client-protocol-v2). */
export interface PubsubTimes {
  ping: number;
  pong: number;
  /** From the open socket to `connect`. */
  stale: number;
  /** Life of both kinds of tokens. */
  token: number;
  /** Waited after a token ran out. */
  expiryGrace: number;
}

export const PUBSUB_TIMES: PubsubTimes = { ping: 25, pong: 8, stale: 10, token: 3600, expiryGrace: 25 };

/**
 * Seconds, or characters; 0 is no limit. VK's numbers are unknown (docs/platforms/vkvideo.md#send-message): these are what clients reckon with, and
 * whoever writes once a second is never too fast.
 */
export interface VkVideoLimits {
  anyMessageSeconds: number;
  sameMessageSeconds: number;
  messageCharacters: number;
}

export const LIMIT_NAMES = ['anyMessageSeconds', 'sameMessageSeconds', 'messageCharacters'] as const;

export type LimitChoice = 'off' | Partial<VkVideoLimits>;

const REAL: VkVideoLimits = { anyMessageSeconds: 0.8, sameMessageSeconds: 10, messageCharacters: 500 };

/** `off` keeps the length: no haste makes a message shorter. */
export function chosenLimits(choice: LimitChoice): VkVideoLimits {
  return choice === 'off' ? { ...REAL, anyMessageSeconds: 0, sameMessageSeconds: 0 } : { ...REAL, ...choice };
}
