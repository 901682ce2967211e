/** Credits a chatter: who wrote is looked up, then told to every API instance. Chat waits for neither. */
import { type AuthorIdentity, createAuthorIdentity } from '../../credits/author-identity.ts';
import type { PlatformUserId } from '../../lib/brand.ts';
import type { ChatMessage } from '../../platforms/worker-side.ts';
import type { EndpointStats } from './endpoint.ts';
import { type CreditsRelay, createCreditsRelay, type RelayStats } from './relay.ts';

export interface Credits {
  /** Returns at once and never throws, whatever the database and the API do. */
  credit(message: Pick<ChatMessage, 'author'>, slug: string): void;
  /** Delivers what waits, look-ups included, for at most `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  /** Events by what became of them; `delivered` and `dropped` are summed over the instances. */
  stats(): CreditsStats;
  /** The instances, and whether each took the last request. */
  instances(): readonly Pick<EndpointStats, 'origin' | 'isReachable'>[];
}

export interface CreditsStats extends Pick<RelayStats, 'added' | 'repeated'> {
  readonly delivered: number;
  readonly dropped: number;
}

type CreditsDeps = Parameters<typeof createAuthorIdentity>[0] & Parameters<typeof createCreditsRelay>[0];

interface Chatter {
  displayName: string;
  avatarUrl: string | null;
}

/** Chatters whose look-up is under way; more of them are lost until they chat again. */
const WAITING_MAX = 20_000;

export function createCredits(deps: CreditsDeps): Credits {
  return new RelayedCredits(createAuthorIdentity(deps), createCreditsRelay(deps), deps);
}

class RelayedCredits implements Credits {
  readonly #identity: AuthorIdentity;
  readonly #relay: CreditsRelay;
  readonly #clock: CreditsDeps['clock'];
  readonly #hasReceivers: boolean;
  readonly #waiting = new Map<string, Chatter>();
  #nobodyWaits = Promise.withResolvers<void>();
  #dropped = 0;

  constructor(identity: AuthorIdentity, relay: CreditsRelay, { clock, baseUrls }: CreditsDeps) {
    this.#identity = identity;
    this.#relay = relay;
    this.#clock = clock;
    this.#hasReceivers = baseUrls.length > 0;
    this.#nobodyWaits.resolve();
  }

  credit({ author }: Pick<ChatMessage, 'author'>, slug: string): void {
    if (!this.#hasReceivers) return;
    const { platformUserId, displayName, avatarUrl } = author;
    const userId = this.#identity.known(platformUserId);
    if (userId === undefined) this.#lookUp(platformUserId, slug, { displayName, avatarUrl });
    else this.#relay.add({ channelSlug: slug, userId, displayName, avatarUrl });
  }

  async drain(deadlineMs: number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + deadlineMs;
    const deadline = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(deadlineMs, deadline.resolve);
    await Promise.race([this.#nobodyWaits.promise, deadline.promise]);
    timer.cancel();
    await this.#relay.drain(untilMs - this.#clock.monotonicMs());
  }

  stats(): CreditsStats {
    const { added, repeated, endpoints } = this.#relay.stats();
    const sum = (count: 'delivered' | 'dropped') => endpoints.reduce((total, endpoint) => total + endpoint[count], 0);
    return { added, repeated, delivered: sum('delivered'), dropped: this.#dropped + sum('dropped') };
  }

  instances(): readonly Pick<EndpointStats, 'origin' | 'isReachable'>[] {
    return this.#relay.stats().endpoints;
  }

  /** However often somebody writes meanwhile, they wait once, under their latest name. */
  #lookUp(platformUserId: PlatformUserId, slug: string, chatter: Chatter): void {
    const key = `${slug}\n${platformUserId}`;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      Object.assign(waiting, chatter);
      return;
    }
    // Nobody would be told who it is: looking that up costs most when there is least time for it.
    if (this.#waiting.size >= WAITING_MAX || !this.#relay.hasRoom()) {
      this.#dropped += 1;
      return;
    }
    if (this.#waiting.size === 0) this.#nobodyWaits = Promise.withResolvers();
    this.#waiting.set(key, chatter);
    void this.#identity.find(platformUserId).then((userId) => {
      this.#waiting.delete(key);
      this.#relay.add({ channelSlug: slug, userId, ...chatter });
      if (this.#waiting.size === 0) this.#nobodyWaits.resolve();
    });
  }
}
