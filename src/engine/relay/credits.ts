/** Credits a chatter: who wrote is looked up, then told to every API instance. Chat waits for neither. */
import type { ChatAuthor, ChatMessage } from '../../platforms/platform.ts';
import { type AuthorIdentity, createAuthorIdentity } from './identity.ts';
import { type CreditsRelay, createCreditsRelay, type RelayStats } from './relay.ts';

export interface Credits {
  /** Returns at once and never throws. */
  credit(message: ChatMessage, slug: string): void;
  /** Delivers what waits, for at most `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  /** Events by what became of them; `delivered` and `dropped` are summed over the instances. */
  stats(): CreditsStats;
}

export interface CreditsStats extends Pick<RelayStats, 'added' | 'repeated'> {
  readonly delivered: number;
  readonly dropped: number;
}

type CreditsDeps = Parameters<typeof createAuthorIdentity>[0] & Parameters<typeof createCreditsRelay>[0];

export function createCredits(deps: CreditsDeps): Credits {
  return new RelayedCredits(createAuthorIdentity(deps), createCreditsRelay(deps));
}

class RelayedCredits implements Credits {
  readonly #identity: AuthorIdentity;
  readonly #relay: CreditsRelay;

  constructor(identity: AuthorIdentity, relay: CreditsRelay) {
    this.#identity = identity;
    this.#relay = relay;
  }

  credit({ author }: ChatMessage, slug: string): void {
    const known = this.#identity.known(author.platformUserId);
    if (known !== undefined) this.#add(slug, known, author);
    else void this.#identity.find(author.platformUserId).then((userId) => this.#add(slug, userId, author));
  }

  drain(deadlineMs: number): Promise<void> {
    return this.#relay.drain(deadlineMs);
  }

  stats(): CreditsStats {
    const { added, repeated, endpoints } = this.#relay.stats();
    const sum = (count: 'delivered' | 'dropped') => endpoints.reduce((total, endpoint) => total + endpoint[count], 0);
    return { added, repeated, delivered: sum('delivered'), dropped: sum('dropped') };
  }

  #add(channelSlug: string, userId: string, { displayName, avatarUrl }: ChatAuthor): void {
    this.#relay.add({ channelSlug, userId, displayName, ...(avatarUrl === null ? {} : { avatarUrl }) });
  }
}
