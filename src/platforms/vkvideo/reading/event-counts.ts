/** Counts the events that trigger nothing, and says once of each kind that it exists (docs/contract/workers.md#vk-video-live-pubsub). */
import type { Logger } from '../../../lib/logger.ts';

/** Of the web site's own interface, which another host speaks (docs/platforms/vkvideo.md#web-site-vocabulary). */
const SITE_TYPES = new Set(['message', 'message_v8', 'cp_reward_demand', 'actions_journal_new_event']);
/** Names are foreign text: however many a broken server thinks of, only so many are kept. */
const KINDS_MAX = 100;

export class EventCounts {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(type: string): void {
    const kind = type.slice(0, 60) || 'unreadable';
    const count = this.#counts.get(kind);
    if (count !== undefined) this.#counts.set(kind, count + 1);
    else if (this.#counts.size < KINDS_MAX) {
      this.#counts.set(kind, 1);
      if (SITE_TYPES.has(kind)) this.#log.warn('vkvideo_pubsub.wrong_host', { type: kind });
      else this.#log.debug('vkvideo_pubsub.first_event', { type: kind });
    }
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
