/** Credits chatters from inside a process that has the roll: who they are is looked up, then they are stored in batches. */
import { isMissingSchema, isUnavailable } from '../db/failures.ts';
import { type BackoffLimits, backoffMs } from '../lib/backoff.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { ChatAuthor } from '../platforms/worker-side.ts';
import type { AuthorIdentity } from './author-identity.ts';
import { shownName } from './name.ts';
import type { Chatter, CreditsRoll } from './roll.ts';

export interface DirectCreditsDeps {
  readonly roll: Pick<CreditsRoll, 'addChatters'>;
  readonly identity: AuthorIdentity;
  readonly clock: Clock;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
}

type Author = Pick<ChatAuthor, 'platformUserId' | 'displayName' | 'avatarUrl'>;

interface Waiting {
  readonly author: Author;
  readonly slug: string;
  readonly addedAtMs: number;
}

const BATCH_WAIT_MS = 250;
const BATCH_MAX = 1000;
const WAITING_MAX = 20_000;
/** Outlives a restart of the database. Older lines could be of an earlier stream. */
const LIFE_MS = 120_000;
const RETRY: BackoffLimits = { firstMs: 500, longestMs: 10_000 };

export class DirectCredits {
  readonly #deps: DirectCreditsDeps;
  /** Who is not stored yet, once per channel, under their latest name. */
  readonly #waiting = new Map<string, Waiting>();
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #failures = 0;

  constructor(deps: DirectCreditsDeps) {
    this.#deps = deps;
  }

  /** Returns at once and never throws. @param slug lower-case */
  credit(author: Author, slug: string): void {
    const displayName = shownName(author.displayName);
    if (displayName === '') return;
    const key = `${slug}\n${author.platformUserId}`;
    if (this.#waiting.size >= WAITING_MAX && !this.#waiting.has(key)) return;
    const addedAtMs = this.#deps.clock.monotonicMs();
    this.#waiting.set(key, { author: { ...author, displayName }, slug, addedAtMs });
    this.#plan(BATCH_WAIT_MS);
  }

  /** Stores what waits, each batch tried once more, and stores nothing afterwards. Bounded by the database's own deadlines. */
  async drain(): Promise<void> {
    await this.#running;
    while (this.#waiting.size > 0 && (await this.#store()));
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #plan(delayMs: number): void {
    if (this.#timer !== null || this.#running !== null) return;
    this.#timer = this.#deps.clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    while ((await this.#store()) && this.#waiting.size >= BATCH_MAX);
    this.#running = null;
    if (this.#waiting.size === 0) return;
    this.#plan(this.#failures === 0 ? BATCH_WAIT_MS : backoffMs(this.#failures, RETRY, this.#deps.random));
  }

  /** @returns false when the batch waits on: the database is away, or busy with others */
  async #store(): Promise<boolean> {
    const { roll, log, logPrefix } = this.#deps;
    const batch = this.#nextBatch();
    if (batch.length === 0) return true;
    try {
      const stored = await roll.addChatters(await this.#chatters(batch.map(([, waiting]) => waiting)));
      if (stored === 'busy') return this.#postpone(new Error('This API is busy storing other credits events'));
      if (this.#failures > 0) log.info(`${logPrefix}credits_resumed`, { failures: this.#failures });
      this.#failures = 0;
    } catch (error) {
      if (isUnavailable(error) || isMissingSchema(error)) return this.#postpone(error);
      log.error(`${logPrefix}credits_store_failed`, { chatters: batch.length, error });
    }
    // Whoever wrote again meanwhile, perhaps under another name, is somebody new.
    for (const [key, waiting] of batch) if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    return true;
  }

  #postpone(error: unknown): false {
    const { log, logPrefix } = this.#deps;
    if (this.#failures === 0) log.warn(`${logPrefix}credits_postponed`, { error });
    this.#failures += 1;
    return false;
  }

  #nextBatch(): [string, Waiting][] {
    const oldestMs = this.#deps.clock.monotonicMs() - LIFE_MS;
    for (const [key, { addedAtMs }] of this.#waiting) if (addedAtMs < oldestMs) this.#waiting.delete(key);
    return [...this.#waiting.entries().take(BATCH_MAX)];
  }

  /** A look-up during an outage says "not linked": on a second try everybody is asked for again, or would be listed twice. */
  #chatters(batch: readonly Waiting[]): Promise<Chatter[]> {
    const { identity } = this.#deps;
    return Promise.all(
      batch.map(async ({ author: { platformUserId, displayName, avatarUrl }, slug }) => {
        const known = this.#failures === 0 ? identity.known(platformUserId) : undefined;
        const userId = known ?? (await identity.find(platformUserId));
        return { channelSlug: slug, userId, displayName, avatarUrl };
      }),
    );
  }
}
