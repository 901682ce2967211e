/** Knows whether the account all bots speak with can: at Kick a grant dies after weeks of good service (sheet §2.2). */
import type { Timer } from '../../lib/clock.ts';
import type { WorkerDeps } from '../platform.ts';

interface SpeakerWatchDeps extends Pick<WorkerDeps, 'credentials' | 'clock' | 'log'> {
  readonly changed: (isThere: boolean) => void;
}

/** Most changes are told; a token endpoint that is back tells nobody. */
const LOOK_AGAIN_MS = 30_000;

export class SpeakerWatch {
  /** Believed until we know better. */
  isThere = true;
  readonly #deps: SpeakerWatchDeps;
  #timer: Timer | null = null;
  #isStarted = false;
  #isClosed = false;

  constructor(deps: SpeakerWatchDeps) {
    this.#deps = deps;
    deps.credentials.onDefaultSenderChanged(() => void this.#look());
  }

  /** Nobody is asked before there is a channel to speak in. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { credentials, clock, log, changed } = this.#deps;
    if (!this.#isStarted || this.#isClosed) return;
    this.#timer?.cancel();
    try {
      const isThere = (await credentials.defaultSender()) !== null;
      if (this.#isClosed) return;
      const isNews = isThere !== this.isThere;
      this.isThere = isThere;
      if (isNews) changed(isThere);
    } catch (error) {
      // What was known stays.
      log.debug('kick_chatbot.sender_lookup_failed', { error });
    }
    this.#timer?.cancel();
    if (!this.isThere && !this.#isClosed) {
      this.#timer = clock.setTimer(LOOK_AGAIN_MS, () => void this.#look(), { unref: true });
    }
  }
}
