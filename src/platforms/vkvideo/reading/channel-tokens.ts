/** Finds tokens for the restricted chats of one connection; where they cannot be had, asks for them again. */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { Timer } from '../../../lib/clock.ts';
import { CREDENTIAL_RETRY_MS } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import { TokenUnavailable } from '../api.ts';
import type { Tokens } from './tokens.ts';

export interface ChannelTokensDeps extends Pick<CommonDeps, 'clock' | 'log' | 'random'> {
  readonly tokens: Pick<Tokens, 'channels'>;
  /** To be called for the names whose tokens could not be had before. */
  readonly retry: (names: readonly string[]) => void;
}

const RETRY: BackoffLimits = { firstMs: 5_000, longestMs: 60_000 };
const NONE: ReadonlyMap<string, string> = new Map();

export class ChannelTokens {
  readonly #deps: ChannelTokensDeps;
  readonly #unknown = new Set<string>();
  #timer: Timer | null = null;
  #failures = 0;

  constructor(deps: ChannelTokensDeps) {
    this.#deps = deps;
  }

  /** Never throws: what everybody may read is read without. @returns tokens by name, only of names with access */
  async of(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return NONE;
    try {
      const tokens = await this.#deps.tokens.channels(names);
      this.#failures = 0;
      return tokens;
    } catch (error) {
      const { log } = this.#deps;
      // Once for each outage, however often it is tried.
      if (this.#failures === 0)
        log.warn('vkvideo_chatbot.subscription_token_failed', { channels: names.length, error });
      this.#failures += 1;
      for (const name of names) this.#unknown.add(name);
      this.#planRetry(error);
      return NONE;
    }
  }

  close(): void {
    this.#timer?.cancel();
  }

  #planRetry(error: unknown): void {
    const { clock, random, retry } = this.#deps;
    this.#timer?.cancel();
    const again = () => {
      const names = [...this.#unknown];
      this.#unknown.clear();
      retry(names);
    };
    const delayMs = error instanceof TokenUnavailable ? CREDENTIAL_RETRY_MS : backoffMs(this.#failures, RETRY, random);
    this.#timer = clock.setTimer(delayMs, again, { unref: true });
  }
}
