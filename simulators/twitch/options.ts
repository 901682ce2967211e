/** What a simulated Twitch can be started with, and what can be said about a line. */
import type { Clock } from '../../src/lib/clock.ts';
import type { LimitChoice } from './limits.ts';

export interface TwitchSimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Port that keeps serving `/_control/` while the platform refuses connections. */
  controlPort?: number;
  /** Twitch's own by default; `off` for load runs. */
  limits?: LimitChoice;
  clock?: Clock;
  /** A used refresh token dies. True by default. */
  rotateRefreshTokens?: boolean;
  pingSeconds?: number;
}

export interface SayOptions {
  /** Answers this message. */
  replyTo?: string | undefined;
  /** In the place of the author's roles, e.g. `moderator/1,subscriber/12`. */
  badges?: string | undefined;
  isFirst?: boolean | undefined;
  isAction?: boolean | undefined;
  /** The words belong to this event (`resub`, `viewermilestone`, …): they travel in a USERNOTICE, and in no PRIVMSG. */
  notice?: string | undefined;
  /** Added to, or put in the place of, the usual tags; values unescaped. */
  tags?: Record<string, string> | undefined;
}
