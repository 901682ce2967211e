/** Who a chatter is to MemAlerts: the person who linked that platform account, else the platform's own id (docs/contract/workers.md#userid). */
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Db } from '../db/pool.ts';
import type { PlatformUserId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { PlatformDescription } from '../platforms/platform.ts';

export interface AuthorIdentity {
  /** The answer of the last five minutes; undefined when there is none. */
  known(platformUserId: PlatformUserId): string | undefined;
  /** Never rejects: without an answer the author counts as not linked. */
  find(platformUserId: PlatformUserId): Promise<string>;
}

interface AuthorIdentityDeps {
  readonly db: Db;
  readonly platform: Pick<PlatformDescription, 'id' | 'userColumns' | 'authorAccountColumn'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
}

const CACHE_MAX = 50_000;
const CACHE_MS = 5 * 60_000;
/** An answer the database could not give is asked for again sooner. */
const FAILED_CACHE_MS = 30_000;
/** Short beside the quarter of a second in which credits gather, long enough that a busy chat shares its look-ups. */
const BATCH_WAIT_MS = 25;
const BATCH_MAX = 4000;

export function createAuthorIdentity(deps: AuthorIdentityDeps): AuthorIdentity {
  return new BatchedIdentity(deps);
}

class BatchedIdentity implements AuthorIdentity {
  readonly #deps: AuthorIdentityDeps;
  readonly #cache: LRUCache<PlatformUserId, string>;
  #asked = new Map<PlatformUserId, PromiseWithResolvers<string>>();
  #isPlanned = false;
  #isFailing = false;

  constructor(deps: AuthorIdentityDeps) {
    this.#deps = deps;
    // The cache takes 0 for "no time"; without a resolution of its own it sets no timers.
    const perf = { now: () => deps.clock.monotonicMs() + 1 };
    this.#cache = new LRUCache({ max: CACHE_MAX, ttl: CACHE_MS, ttlResolution: 0, perf });
  }

  known(platformUserId: PlatformUserId): string | undefined {
    return this.#cache.get(platformUserId);
  }

  find(platformUserId: PlatformUserId): Promise<string> {
    let asked = this.#asked.get(platformUserId);
    if (asked === undefined) {
      asked = Promise.withResolvers();
      this.#asked.set(platformUserId, asked);
      this.#plan();
    }
    return asked.promise;
  }

  #plan(delayMs = BATCH_WAIT_MS): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#deps.clock.setTimer(delayMs, () => void this.#run());
  }

  /** One query at a time; who is asked for meanwhile is in the next. */
  async #run(): Promise<void> {
    const batch = [...this.#asked.entries().take(BATCH_MAX)];
    const found = await this.#look(batch.map(([platformUserId]) => platformUserId));
    for (const [platformUserId, { resolve }] of batch) {
      const userId = found?.get(platformUserId) ?? `${this.#deps.platform.id}:${platformUserId}`;
      this.#cache.set(platformUserId, userId, { ttl: found === null ? FAILED_CACHE_MS : CACHE_MS });
      this.#asked.delete(platformUserId);
      resolve(userId);
    }
    this.#isPlanned = false;
    if (this.#asked.size > 0) this.#plan(this.#asked.size < BATCH_MAX ? BATCH_WAIT_MS : 0);
  }

  /** @returns users by platform id; null when the database did not answer */
  async #look(platformUserIds: PlatformUserId[]): Promise<ReadonlyMap<string, string> | null> {
    const { db, platform, log, logPrefix } = this.#deps;
    try {
      const found = await readLinkedUsers(db, platform, platformUserIds);
      this.#isFailing = false;
      return found;
    } catch (error) {
      if (!this.#isFailing) log.warn(`${logPrefix}identity_lookup_failed`, { error });
      this.#isFailing = true;
      return null;
    }
  }
}

async function readLinkedUsers(
  db: Db,
  { id, userColumns, authorAccountColumn = 'providerAccountId' }: AuthorIdentityDeps['platform'],
  platformUserIds: PlatformUserId[],
): Promise<ReadonlyMap<string, string>> {
  const direct = userColumns
    ? sql`union all select ${sql.ref(userColumns.id)}, id, true, null from "User"
        where ${sql.ref(userColumns.id)} = any(${platformUserIds}::text[])`
    : sql``;
  // A login names one account at a time, but nothing in the table says so: the newest holds it now.
  const { rows } = await sql<{ authorId: string; userId: string }>`
    select distinct on ("authorId") "authorId", "userId" from (
      select ${sql.ref(authorAccountColumn)} as "authorId", "userId", false as "isDirect", "createdAt"
      from "ExternalAccount"
      where provider = ${id}::"ExternalAccountProvider" and ${sql.ref(authorAccountColumn)} = any(${platformUserIds}::text[])
      ${direct}
    ) linked
    order by "authorId", "isDirect" desc, "createdAt" desc
  `.execute(db);
  return new Map(rows.map(({ authorId, userId }) => [authorId, userId]));
}
