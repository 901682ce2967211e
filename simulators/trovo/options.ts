/** What a simulated Trovo can be started with, and what can be said about a line. */
import type { Clock } from '../../src/lib/clock.ts';
import type { Oddities } from './chat.ts';
import type { LimitChoice } from './limits.ts';
import type { HeldRole } from './room.ts';

export interface TrovoSimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Port that keeps serving `/_control/` while the platform refuses connections. */
  controlPort?: number;
  /** Trovo's own by default; `off` for load runs. */
  limits?: LimitChoice;
  clock?: Clock;
}

export interface SayOptions extends Oddities {
  /** In the place of the author's roles. */
  roles?: readonly HeldRole[] | undefined;
  /** Written then: nobody is shown it but whoever connects from now on. */
  sentAt?: Date | undefined;
}
