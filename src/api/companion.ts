/** What an entry point may let live inside the API process: older installations run a bot there. */
import type { Config } from '../config.ts';
import type { CreditsRoll } from '../credits/roll.ts';
import type { Db } from '../db/pool.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';

export interface CompanionDeps {
  readonly config: Config;
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
