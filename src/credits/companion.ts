/** A bot that lives inside the API process and credits chatters there: older installations run one. */
import type { Db } from '../db/pool.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { PlatformSettings } from '../platforms/platform.ts';
import type { CreditsRoll } from './roll.ts';

export interface CompanionDeps {
  /** Values of the platform's own variables. */
  readonly platformSettings: (id: string) => PlatformSettings;
  /** Longest wait for an answer of the platform. */
  readonly httpTimeoutMs: number;
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly roll: Pick<CreditsRoll, 'addChatters'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
}

export interface Companion {
  /** Accounts or their grants changed, or hints about that may have been lost. Must not block. */
  credentialsChanged(): void;
  /** Finishes what it has begun; the database is there until it has. */
  stop(): Promise<void>;
}

/** Called once the server listens. Must not wait for the database. @returns null when it is switched off */
export type StartCompanion = (deps: CompanionDeps) => Companion | null;
