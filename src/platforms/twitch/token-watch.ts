/** Validates the tokens in use at start and every hour, as Twitch demands of every application (docs/platforms/twitch.md#oauth). */
import type { Timer } from '../../lib/clock.ts';
import type { CredentialSource, PlatformOAuth, SenderCredential } from '../account-side.ts';
import { isMissing } from '../no-credential.ts';
import type { CommonDeps } from '../platform.ts';

const DISTANCE_MS = 60 * 60 * 1000;

interface TokenWatchDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly credentials: Pick<CredentialSource, 'defaultSender' | 'renewed'>;
  readonly validate: NonNullable<PlatformOAuth['validate']>;
}

export class TokenWatch {
  readonly #deps: TokenWatchDeps;
  /** Senders other than the shared one that spoke since the last round. */
  readonly #used = new Map<string, SenderCredential>();
  #timer: Timer | null = null;
  #isStarted = false;

  constructor(deps: TokenWatchDeps) {
    this.#deps = deps;
  }

  /** The first round is now; later calls do nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#round();
  }

  used(credential: SenderCredential): void {
    if (credential.kind === 'override') this.#used.set(credential.key, credential);
  }

  close(): void {
    this.#isStarted = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  async #round(): Promise<void> {
    this.#timer = this.#deps.clock.setTimer(DISTANCE_MS, () => void this.#round(), { unref: true });
    const { credentials, log } = this.#deps;
    try {
      const shared = await credentials.defaultSender();
      if (!isMissing(shared)) await this.#check(shared);
    } catch (error) {
      log.warn('chatbot.token_check_failed', { error });
    }
    const used = [...this.#used.values()];
    this.#used.clear();
    // One that cannot be renewed now leaves the others their turn.
    for (const credential of used) {
      await this.#check(credential).catch((error) => log.warn('chatbot.token_check_failed', { error }));
    }
  }

  async #check(credential: SenderCredential): Promise<void> {
    const { credentials, validate, log } = this.#deps;
    if ((await validate(credential.accessToken)) !== 'dead') return;
    log.warn('chatbot.token_dead', { externalAccountId: credential.accountId });
    await credentials.renewed(credential, credential.accessToken);
  }
}
