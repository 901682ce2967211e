/** Fetches what was written while a chat was not read: for the credits, never to be answered (docs/contract/workers.md#vk-video-live-pubsub). */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import { PlatformRefused } from '../../../lib/errors.ts';
import { Turnstile } from '../../../lib/turnstile.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ReadChannel } from '../../worker-side.ts';
import { chatMessagesAnswer } from '../api.external.ts';
import type { Ask } from '../api.ts';

export interface BackfillDeps extends Pick<CommonDeps, 'clock' | 'log' | 'random'> {
  readonly ask: Ask;
  readonly channelParameter: (channel: ReadChannel) => string | null;
}

/** Most messages VK hands out (docs/platforms/vkvideo.md#common-rules). */
export const HISTORY_MAX = 200;
const AT_ONCE = 4;
const TRIES = 5;
const RETRY: BackoffLimits = { firstMs: 1_000, longestMs: 30_000 };

export class Backfill {
  readonly #deps: BackfillDeps;
  readonly #turnstile = new Turnstile(AT_ONCE);

  constructor(deps: BackfillDeps) {
    this.#deps = deps;
  }

  /** @returns raw messages in the order VK gave them; null when they could not be had, which is logged */
  async fetch(channel: ReadChannel, isWanted: () => boolean): Promise<readonly unknown[] | null> {
    const { clock, random, log } = this.#deps;
    for (let failures = 1; isWanted(); failures += 1) {
      try {
        return await this.#turnstile.run(() => this.#ask(channel));
      } catch (error) {
        // A chat that has not begun yet has no history (docs/platforms/vkvideo.md#chat-reads).
        if (error instanceof PlatformRefused && error.status === 404) return [];
        if (failures === TRIES) {
          log.warn('vkvideo_chatbot.backfill_failed', { channelId: channel.channelId, error });
          return null;
        }
      }
      await clock.sleep(backoffMs(failures, RETRY, random));
    }
    return null;
  }

  async #ask(channel: ReadChannel): Promise<readonly unknown[]> {
    const channelUrl = this.#deps.channelParameter(channel);
    if (channelUrl === null) return [];
    const query = { channel_url: channelUrl, limit: String(HISTORY_MAX) };
    return this.#deps.ask({ path: '/v1/chat/messages', query }, chatMessagesAnswer);
  }
}
