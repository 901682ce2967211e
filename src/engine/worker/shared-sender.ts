/** The account that speaks for all channels, and for how long it may, for operators who ask a worker how it is. */
import { type EffectiveSender, type StoredSenderDeps, StoredSenders } from '../../accounts/senders-stored.ts';

export interface SharedSenderReport extends Pick<EffectiveSender, 'kind' | 'login' | 'reason'> {
  /** When it has to be linked again, where the platform tells. */
  readonly grantEndsAt: Date | null;
}

/** Nothing tells of time that passes: what ran out meanwhile shows within this. */
const LOOK_MS = 60_000;
/** After a look that failed. */
const RETRY_MS = 5000;

export class SharedSender {
  readonly #deps: StoredSenderDeps;
  readonly #senders: StoredSenders;
  #report: SharedSenderReport | null = null;
  #dueMs = Number.NEGATIVE_INFINITY;
  #looks = 0;

  constructor(deps: StoredSenderDeps) {
    this.#deps = deps;
    this.#senders = new StoredSenders(deps);
  }

  /** As last known: nobody who asks waits for a database that may be lost. Null until it has been looked at once. */
  get report(): SharedSenderReport | null {
    if (this.#deps.clock.monotonicMs() >= this.#dueMs) void this.look();
    return this.#report;
  }

  /** Must not throw: every other statement reports an outage. */
  async look(): Promise<void> {
    this.#dueMs = this.#deps.clock.monotonicMs() + LOOK_MS;
    this.#looks += 1;
    const look = this.#looks;
    try {
      const { kind, login, reason } = await this.#senders.effective(null);
      const row = await this.#senders.defaultBot();
      const account = row && (await this.#senders.account(row.accountId));
      if (look === this.#looks) this.#report = { kind, login, reason, grantEndsAt: account?.grantEndsAt ?? null };
    } catch {
      // What was known stays.
      if (look === this.#looks) this.#dueMs = this.#deps.clock.monotonicMs() + RETRY_MS;
    }
  }
}
