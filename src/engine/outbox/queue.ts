/** How messages get into the outbox from outside a worker, and how their fate is looked up (docs/contract/http-api.md#say-and-outbox). */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { QueuedMessage } from '../../platforms/api-side.ts';
import type { PlatformDescription, PlatformLimits } from '../../platforms/platform.ts';
import type { OutboxSource } from './row.ts';
import { chatText } from './wording.ts';

type QueuePlatform = Pick<PlatformDescription, 'id' | 'tables'>;

export type OutboxStatus = 'pending' | 'processing' | 'sent' | 'failed';

export interface SayRequest {
  readonly platform: QueuePlatform;
  /** Every platform: an idempotency key belongs to the channel, wherever it was used first. */
  readonly platforms: readonly QueuePlatform[];
  readonly channelId: ChannelId;
  /** The platform's channel, as the subscription has it. */
  readonly target: string;
  readonly text: string;
  readonly source: OutboxSource;
  readonly idempotencyKey: string | null;
  readonly ttlMs: number;
  readonly now: Date;
}

export interface QueuedRow {
  readonly provider: ProviderId;
  readonly id: string;
  readonly status: OutboxStatus;
  readonly createdAt: Date;
}

export interface OutboxFate {
  readonly id: string;
  readonly status: OutboxStatus;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly nextAttemptAt: Date;
  readonly processingAt: Date | null;
  readonly sentAt: Date | null;
  readonly failedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const KEY_LIFE_MS = 24 * 60 * 60 * 1000;

/**
 * Queues one message. With an idempotency key used in the last 24 hours it queues nothing and returns the row of then.
 *
 * @throws BadInput `CONFLICT` when the key was used for another message
 */
export function enqueue(db: Db, request: SayRequest): Promise<QueuedRow> {
  const { channelId, idempotencyKey } = request;
  if (idempotencyKey === null) return insert(db, request, null);
  const dedupKey = `say:${idempotencyKey}`;
  return db.transaction().execute(async (tx) => {
    // Two requests with one key at once: the second waits here and then finds the first one's row.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${channelId} ${dedupKey}`}, 0))`.execute(tx);
    const earlier = await findByKey(tx, request, dedupKey);
    if (earlier === null) return insert(tx, request, dedupKey);
    if (earlier.provider === request.platform.id && earlier.message === request.text) return earlier;
    throw new BadInput('CONFLICT', 'This Idempotency-Key was already used for another message');
  });
}

/**
 * Queues a message of ours once per `dedupKey`, as the chat is to show it.
 *
 * @param db the transaction the message is to be part of
 * @returns false when the key was used before, or when the channel has no subscription to speak to
 */
export async function enqueueOnce(
  db: Db,
  platform: QueuePlatform,
  limit: PlatformLimits['message'],
  { channelId, text, source, dedupKey }: QueuedMessage,
  expiresAt: Date,
): Promise<boolean> {
  const { outbox, subscription, targetColumn } = platform.tables;
  const target = sql.ref(targetColumn);
  const result = await sql`
    insert into ${sql.table(outbox)} ("channelId", ${target}, message, source, "dedupKey", "expiresAt")
    select "channelId", ${target}, ${chatText(text, limit)}, ${source}, ${dedupKey}, ${expiresAt}
    from ${sql.table(subscription)} where "channelId" = ${channelId}
    on conflict do nothing
  `.execute(db);
  return (result.numAffectedRows ?? 0n) > 0n;
}

/** @returns null for a row that does not exist or belongs to another channel */
export async function outboxStatus(
  db: Db,
  platform: QueuePlatform,
  channelId: ChannelId,
  id: string,
): Promise<OutboxFate | null> {
  const { rows } = await sql<OutboxFate>`
    select id, status, attempts, "lastError", "nextAttemptAt", "processingAt", "sentAt", "failedAt", "createdAt", "updatedAt"
    from ${sql.table(platform.tables.outbox)} where id = ${id} and "channelId" = ${channelId}
  `.execute(db);
  return rows[0] ?? null;
}

async function insert(db: Db, request: SayRequest, dedupKey: string | null): Promise<QueuedRow> {
  const { platform, channelId, target, text, source, ttlMs, now } = request;
  const { rows } = await sql<QueuedRow>`
    insert into ${sql.table(platform.tables.outbox)}
      ("channelId", ${sql.ref(platform.tables.targetColumn)}, message, source, "dedupKey", "expiresAt")
    values (${channelId}, ${target}, ${text}, ${source}, ${dedupKey}, ${new Date(now.getTime() + ttlMs)})
    returning ${platform.id}::text as provider, id, status, "createdAt"
  `.execute(db);
  const row = rows[0];
  if (row === undefined) throw new Error('an insert returned no row');
  return row;
}

interface KeyedRow extends QueuedRow {
  readonly message: string;
}

/** A key older than its life is taken off its row, so that it can be used again. */
async function findByKey(
  db: Db,
  { platforms, channelId, now }: SayRequest,
  dedupKey: string,
): Promise<KeyedRow | null> {
  const oldest = new Date(now.getTime() - KEY_LIFE_MS);
  for (const { id: provider, tables } of platforms) {
    const { rows } = await sql<KeyedRow>`
      select ${provider}::text as provider, id, status, message, "createdAt" from ${sql.table(tables.outbox)}
      where "channelId" = ${channelId} and "dedupKey" = ${dedupKey}
    `.execute(db);
    const row = rows[0];
    if (row !== undefined && row.createdAt > oldest) return row;
    if (row === undefined) continue;
    await sql`update ${sql.table(tables.outbox)} set "dedupKey" = null where id = ${row.id}`.execute(db);
  }
  return null;
}
