/** Hands the chatters a worker sees to every API instance, in batches, without ever holding chat up (docs/contract/workers.md#credits-chatter-events). */
import { Lately } from '../../lib/lately.ts';
import { type CreditsEvent, type EndpointDeps, type EndpointStats, RelayEndpoint } from './endpoint.ts';

export type { CreditsEvent } from './endpoint.ts';

export interface CreditsRelay {
  /** Returns at once and never throws. A chatter told a few seconds ago under the same name costs a look-up. */
  add(event: CreditsEvent): void;
  /** Whether any instance could be told of one more chatter. */
  hasRoom(): boolean;
  /** Delivers what waits, for at most `deadlineMs`; nothing is taken afterwards. */
  drain(deadlineMs: number): Promise<void>;
  stats(): RelayStats;
}

/** Counts since the start. */
export interface RelayStats {
  readonly added: number;
  readonly repeated: number;
  readonly endpoints: readonly EndpointStats[];
}

interface RelayDeps extends EndpointDeps {
  /** `CHATBOT_BACKEND_BASE_URLS`; paths are ignored, equal origins are one. Empty: nothing is relayed. */
  readonly baseUrls: readonly string[];
}

/** A busy chatter is one event, not one per line: a name is told again 5 to 10 s after it was told last. */
const TOLD_MS = 5000;
const TOLD_MAX = 50_000;

export function createCreditsRelay({ baseUrls, ...deps }: RelayDeps): CreditsRelay {
  const origins = [...new Set(baseUrls.map((baseUrl) => new URL(baseUrl).origin))];
  return new BatchingRelay(
    origins.map((origin) => new RelayEndpoint(origin, deps)),
    deps.clock,
  );
}

class BatchingRelay implements CreditsRelay {
  readonly #endpoints: readonly RelayEndpoint[];
  readonly #clock: EndpointDeps['clock'];
  /** Names by channel and user. */
  readonly #told: Lately<string>;
  #isOver = false;
  #added = 0;
  #repeated = 0;

  constructor(endpoints: readonly RelayEndpoint[], clock: EndpointDeps['clock']) {
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#told = new Lately({ keepMs: TOLD_MS, max: TOLD_MAX, clock });
  }

  add(event: CreditsEvent): void {
    if (this.#isOver || this.#endpoints.length === 0) return;
    this.#added += 1;
    // The name told last decides: somebody who took a new name and took the old one back is news both times.
    if (this.#told.get(event.channelSlug, event.userId) === event.displayName) {
      this.#repeated += 1;
      return;
    }
    this.#told.set(event.channelSlug, event.userId, event.displayName);
    const presentable = toPresentable(event);
    if (presentable === null) return;
    const key = `${event.channelSlug}\n${event.userId}`;
    for (const endpoint of this.#endpoints) endpoint.offer(key, presentable);
  }

  hasRoom(): boolean {
    return this.#endpoints.some((endpoint) => endpoint.hasRoom);
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#isOver = true;
    this.#told.clear();
    const deadline = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(deadlineMs, deadline.resolve);
    await Promise.race([Promise.all(this.#endpoints.map((endpoint) => endpoint.drain())), deadline.promise]);
    timer.cancel();
    for (const endpoint of this.#endpoints) endpoint.abandon();
  }

  stats(): RelayStats {
    return {
      added: this.#added,
      repeated: this.#repeated,
      endpoints: this.#endpoints.map((endpoint) => endpoint.stats()),
    };
  }
}

/** @returns null for what the API would refuse: one such event would cost the whole batch */
function toPresentable({ channelSlug, userId, displayName, avatarUrl }: CreditsEvent): CreditsEvent | null {
  // PostgreSQL stores no NUL.
  const name = displayName.replaceAll('\0', '').trim();
  if (channelSlug.trim() === '' || userId.trim() === '' || userId.includes('\0') || name === '') return null;
  return { channelSlug, userId, displayName: name, ...(avatarUrl ? { avatarUrl } : {}) };
}
