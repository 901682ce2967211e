/** The account that speaks for all channels, and for how long it may, for operators who ask a worker how it is. */
import { type EffectiveSender, type StoredSenderDeps, StoredSenders } from '../../accounts/senders-stored.ts';
import type { Logger } from '../../lib/logger.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';

export interface SharedSenderDeps extends StoredSenderDeps {
  readonly platform: Pick<PlatformDescription, 'id' | 'logPrefix' | 'tables'>;
  readonly log: Logger;
}

export interface SharedSenderReport extends Pick<EffectiveSender, 'kind' | 'login' | 'reason'> {
  /** When it has to be linked again, where the platform tells. */
  readonly grantEndsAt: Date | null;
}

/** Nothing tells of time that passes: what ran out meanwhile shows within this. */
const LOOK_MS = 60_000;
/** After a look that failed. */
const RETRY_MS = 5000;

export class SharedSender {
  readonly #deps: SharedSenderDeps;
  readonly #senders: StoredSenders;
  #report: SharedSenderReport | null = null;
  #dueMs = Number.NEGATIVE_INFINITY;
  #looks = 0;

  constructor(deps: SharedSenderDeps) {
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
      const { effective, grantEndsAt } = await this.#senders.shared();
      if (look !== this.#looks) return;
      const { kind, login, reason } = effective;
      this.#announce({ kind, login, reason, grantEndsAt });
    } catch {
      // What was known stays.
      if (look === this.#looks) this.#dueMs = this.#deps.clock.monotonicMs() + RETRY_MS;
    }
  }

  /** A worker that cannot speak waits for an account: the log says once for which, and once that it is there. */
  #announce(report: SharedSenderReport): void {
    const { platform, log } = this.#deps;
    const lackedOne = this.#report?.kind === 'none';
    this.#report = report;
    if (report.kind !== 'none') {
      if (lackedOne) log.info(`${platform.logPrefix}sender_found`, { login: report.login });
    } else if (!lackedOne) {
      const problem = `No account can speak for all channels. An owner links one at /owner/bots/${platform.id}/default/link.`;
      log.warn(`${platform.logPrefix}no_sender`, { reason: report.reason, problem });
    }
  }
}
