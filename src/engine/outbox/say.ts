/** Queues what a streamer says: who listens, an earlier message of the same key, and the row, in one question to the database. */
import { LRUCache } from 'lru-cache';
import pg from 'pg';
import { isMissingSchema } from '../../db/failures.ts';
import { onceMoreAfterDeadlock } from '../../db/transaction.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { OutboxStatus } from './queue.ts';
import { forgetKeyStatement, PRESENT_TABLES, sayStatement } from './say-statement.ts';

type SayPlatform = Pick<PlatformDescription, 'id' | 'tables'>;

export interface SayRequest {
  readonly channelId: ChannelId;
  /** Null: the one that is enabled. */
  readonly provider: ProviderId | null;
  readonly text: string;
  /** A repeat of what was accepted is answered with the row of then, whatever else has changed. */
  readonly idempotencyKey: string | null;
  /** Platforms on which nothing may be queued now; a repeat is answered all the same. */
  readonly closed: readonly ProviderId[];
  readonly ttlMs: number;
  readonly now: Date;
}

export interface QueuedRow {
  readonly provider: ProviderId;
  readonly id: string;
  readonly status: OutboxStatus;
  readonly createdAt: Date;
}

export type Said =
  | { readonly kind: 'queued' | 'repeated'; readonly row: QueuedRow }
  /** The key stands for another message, or for another platform than the one that is named. */
  | { readonly kind: 'key_taken' }
  | { readonly kind: 'closed'; readonly provider: ProviderId }
  /** In the order of speaking: none, or several of which none is named. */
  | { readonly kind: 'no_target'; readonly enabled: readonly ProviderId[] }
  | { readonly kind: 'no_channel' }
  /** Neither the named platform nor, where none is named, any other has its tables. */
  | { readonly kind: 'no_tables' };

interface Verdict {
  readonly hasChannel: boolean;
  readonly enabled: ProviderId[];
  readonly chosen: ProviderId | null;
  readonly kind: 'queued' | 'earlier' | null;
  readonly provider: ProviderId;
  readonly id: string;
  readonly status: OutboxStatus;
  readonly message: string;
  readonly createdAt: Date;
}

const GATES = 'BotIntegrationSettings';
const KEY_LIFE_MS = 24 * 60 * 60 * 1000;

/** Channels whose last platform is remembered: a wrong guess costs a second question. */
const REMEMBERED_MAX = 20_000;
/** A guess that was wrong, and a key that had expired. */
const TRIES_MAX = 4;

interface Installed {
  readonly platforms: readonly SayPlatform[];
  readonly hasGates: boolean;
  /** All of it, which is worth a kept plan. */
  readonly isWhole: boolean;
}

export class Sayer {
  readonly #pg: pg.Pool;
  readonly #whole: Installed;
  readonly #lastOf = new LRUCache<ChannelId, ProviderId>({ max: REMEMBERED_MAX });

  /** @param platforms in the order of speaking */
  constructor(pool: pg.Pool, platforms: readonly SayPlatform[]) {
    this.#pg = pool;
    this.#whole = { platforms, hasGates: true, isWhole: true };
  }

  /** @throws what the database throws, but for missing tables */
  async say(request: SayRequest): Promise<Said> {
    try {
      return await onceMoreAfterDeadlock(() => this.#say(request, this.#whole));
    } catch (error) {
      if (!isMissingSchema(error)) throw error;
    }
    const installed = await this.#lookAtTables();
    const { platforms } = installed;
    const isLacking = request.provider !== null && platforms.every(({ id }) => id !== request.provider);
    if (platforms.length === 0 || isLacking) return { kind: 'no_tables' };
    return this.#say(request, installed);
  }

  async #say(request: SayRequest, installed: Installed): Promise<Said> {
    const { idempotencyKey, channelId } = request;
    if (idempotencyKey === null) return judge(request, await this.#write(this.#pg, request, installed));
    const lock = pg.escapeLiteral(`${channelId} ${dedupKeyOf(idempotencyKey)}`);
    const client = await this.#pg.connect();
    try {
      // Two requests with one key at once: the second waits here and then finds the first one's row. The lock has a
      // statement of its own, because a statement sees only what was committed before it began.
      await client.query(`begin; select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
      const said = judge(request, await this.#write(client, request, installed));
      await client.query('commit');
      client.release();
      return said;
    } catch (error) {
      await client.query('rollback').then(
        () => client.release(),
        (broken: Error) => client.release(broken),
      );
      throw error;
    }
  }

  /** Asks again where another platform was chosen than the statement could write to, or an expired key was in the way. */
  async #write(on: Pick<pg.Pool, 'query'>, request: SayRequest, { platforms, ...shape }: Installed): Promise<Verdict> {
    const { channelId, provider, text, idempotencyKey, closed, now, ttlMs } = request;
    const key = idempotencyKey === null ? null : dedupKeyOf(idempotencyKey);
    const oldest = new Date(now.getTime() - KEY_LIFE_MS);
    const values = [channelId, provider, closed, text, new Date(now.getTime() + ttlMs)];
    let writesTo = platformOf(platforms, provider ?? this.#lastOf.get(channelId) ?? null);
    for (let tries = 1; ; tries += 1) {
      const { rows } = await on.query<Verdict>({
        ...(shape.isWhole ? { name: `say ${writesTo.id}${key === null ? '' : ' once'}` } : {}),
        text: sayStatement({ platforms, writesTo, hasGates: shape.hasGates, isKeyed: key !== null }),
        values: key === null ? values : [...values, key, oldest],
      });
      const verdict = rows[0] as Verdict;
      const { chosen } = verdict;
      const isWritable = verdict.kind === null && chosen !== null && !closed.includes(chosen);
      if (!isWritable || tries === TRIES_MAX) return verdict;
      this.#lastOf.set(channelId, chosen);
      if (chosen !== writesTo.id) writesTo = platformOf(platforms, chosen);
      else await on.query(forgetKeyStatement(writesTo), [channelId, key, oldest]);
    }
  }

  async #lookAtTables(): Promise<Installed> {
    const { platforms } = this.#whole;
    const wanted = [GATES, ...platforms.flatMap(({ tables }) => [tables.subscription, tables.outbox])];
    const { rows } = await this.#pg.query<{ name: string }>(PRESENT_TABLES, [wanted]);
    const present = new Set(rows.map(({ name }) => name));
    return {
      platforms: platforms.filter(({ tables }) => present.has(tables.subscription) && present.has(tables.outbox)),
      hasGates: present.has(GATES),
      isWhole: false,
    };
  }
}

function judge({ text, provider, closed }: SayRequest, verdict: Verdict): Said {
  const { kind, chosen, enabled } = verdict;
  if (kind === 'queued') return { kind, row: verdict };
  if (kind === 'earlier') {
    // A repeat that names no platform is told by its text alone: what is enabled now is not what was enabled then.
    const isRepeat = verdict.message === text && (provider === null || provider === verdict.provider);
    return isRepeat ? { kind: 'repeated', row: verdict } : { kind: 'key_taken' };
  }
  if (!verdict.hasChannel) return { kind: 'no_channel' };
  if (chosen === null) return { kind: 'no_target', enabled };
  if (closed.includes(chosen)) return { kind: 'closed', provider: chosen };
  throw new Error('nothing was queued although nothing forbade it');
}

function platformOf(platforms: readonly SayPlatform[], id: ProviderId | null): SayPlatform {
  return (platforms.find((platform) => platform.id === id) ?? platforms[0]) as SayPlatform;
}

function dedupKeyOf(idempotencyKey: string): string {
  return `say:${idempotencyKey}`;
}
