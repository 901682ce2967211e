/** The short-lived tokens that admit a client to the chat of one channel (docs/platforms/trovo.md#chat-token). */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/lib/clock.ts';

interface ChatToken {
  readonly channelId: string;
  expiresAtMs: number;
}

export class ChatTokens {
  /** Life of tokens handed out from now on. */
  seconds = 20;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, ChatToken>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(channelId: string): string {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, { expiresAtMs }] of this.#tokens) {
      // In the order they were made: what follows is younger.
      if (expiresAtMs > nowMs) break;
      this.#tokens.delete(name);
    }
    const name = randomBytes(24).toString('base64url');
    this.#tokens.set(name, { channelId, expiresAtMs: nowMs + this.seconds * 1000 });
    return name;
  }

  /** @returns the channel, or null for a token that is unknown or too old */
  channelOf(name: unknown): string | null {
    const token = typeof name === 'string' ? this.#tokens.get(name) : undefined;
    return token && token.expiresAtMs > this.#clock.monotonicMs() ? token.channelId : null;
  }

  /** Lets every token run out now. */
  expireAll(): void {
    this.#tokens.clear();
  }
}
