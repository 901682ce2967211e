/** Whose channel an event is about: the bots that are on, in memory, read again when the database says they changed. */
import { sql } from 'kysely';
import { isMissingSchema } from '../../../db/failures.ts';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { Clock } from '../../../lib/clock.ts';

/** Hints may be lost without a word: nobody's chat is to be missed for longer. */
const LONGEST_KEPT_MS = 30_000;

export class ChannelMap {
  readonly #db: Db;
  readonly #clock: Clock;
  #known: ReadonlyMap<string, ChannelId> = new Map();
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  /** Counts the changes: what is being read may be older than the last. */
  #version = 0;
  /** Of which version what is known is, at least. */
  #knownVersion = 0;
  #reading: { version: number; done: Promise<void> } | null = null;

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @throws what the database says when it does not answer and nothing fresh is known */
  async find(broadcasterId: string): Promise<ChannelId | null> {
    if (this.#clock.monotonicMs() >= this.#freshUntilMs) await this.#read();
    return this.#known.get(broadcasterId) ?? null;
  }

  /** A subscription or a gate changed. */
  forget(): void {
    this.#version += 1;
    this.#freshUntilMs = Number.NEGATIVE_INFINITY;
  }

  #read(): Promise<void> {
    if (this.#reading?.version !== this.#version) {
      const version = this.#version;
      this.#reading = { version, done: this.#load(version) };
    }
    return this.#reading.done;
  }

  async #load(version: number): Promise<void> {
    try {
      const known = await readActive(this.#db);
      // Good enough for whoever asked before the last change, however fast changes follow each other.
      if (version < this.#knownVersion) return;
      this.#known = known;
      this.#knownVersion = version;
      if (version === this.#version) this.#freshUntilMs = this.#clock.monotonicMs() + LONGEST_KEPT_MS;
    } finally {
      if (this.#reading?.version === version) this.#reading = null;
    }
  }
}

async function readActive(db: Db): Promise<ReadonlyMap<string, ChannelId>> {
  const { rows } = await activeQuery(true)
    .execute(db)
    .catch((error: unknown) => {
      // Gates are optional: without them every subscription counts (docs/contract/workers.md#subscriptions-and-gate).
      if (isMissingSchema(error)) return activeQuery(false).execute(db);
      throw error;
    });
  return new Map(rows.map(({ broadcasterId, channelId }) => [broadcasterId, channelId]));
}

function activeQuery(hasGates: boolean) {
  const gate = hasGates
    ? sql`and not exists (
        select from "BotIntegrationSettings" gate
        where gate."channelId" = s."channelId" and gate.provider = 'kick' and not gate.enabled)`
    : sql``;
  return sql<{ broadcasterId: string; channelId: ChannelId }>`
    select trim(s."kickChannelId") as "broadcasterId", s."channelId"
    from "KickChatBotSubscription" s where s.enabled and trim(s."kickChannelId") <> '' ${gate}
  `;
}
