/** How messages get into the outbox from outside a worker, and how their fate is looked up (docs/contract/http-api.md#say-and-outbox). */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { QueuedMessage } from '../../platforms/api-side.ts';
import type { PlatformDescription, PlatformLimits } from '../../platforms/platform.ts';
import { chatText } from './wording.ts';

type QueuePlatform = Pick<PlatformDescription, 'id' | 'tables'>;

export type OutboxStatus = 'pending' | 'processing' | 'sent' | 'failed';

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
