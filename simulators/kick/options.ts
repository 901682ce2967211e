/** What a simulated Kick can be started with, and what can be said about a line. */
import type { Clock } from '../../src/lib/clock.ts';
import type { Badge } from './channel.ts';
import type { Quirk } from './events/quirks.ts';

export interface KickSimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Port of the control interface, which answers also while the platform refuses connections. */
  controlPort?: number;
  /** `off` lets everybody be as fast as the machine. */
  limits?: 'real' | 'off';
  clock?: Clock;
}

export interface SayOptions {
  /** Answers this message. */
  replyTo?: string | undefined;
  /** In the place of those the author wears in the channel. */
  badges?: readonly Badge[] | undefined;
  /** The line, its event and its signature are this much older than now. */
  agoMs?: number | undefined;
  /** Added to those that are switched on. */
  quirks?: readonly Quirk[] | undefined;
}
