/** What became of a channel's messages, over the outboxes of all platforms, newest first. */
import { type RawBuilder, sql } from 'kysely';
import { isMissingSchema } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { OutboxStatus } from './queue.ts';

type HistoryPlatform = Pick<PlatformDescription, 'id' | 'tables'>;

export interface HistoryRow {
  readonly provider: ProviderId;
  readonly id: string;
  readonly seq: number;
  readonly source: string;
  readonly message: string;
  readonly status: OutboxStatus;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly platformMessageId: string | null;
  readonly nextAttemptAt: Date;
  readonly expiresAt: Date | null;
  readonly processingAt: Date | null;
  readonly sentAt: Date | null;
  readonly failedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A place in the history: rows of one time are told apart by their platform, then by their order there. */
export type HistoryPosition = Pick<HistoryRow, 'createdAt' | 'provider' | 'seq'>;

export interface HistoryQuestion {
  readonly channelId: ChannelId;
  readonly platforms: readonly HistoryPlatform[];
  readonly statuses: readonly OutboxStatus[];
  /** Only what is older than this. */
  readonly after: HistoryPosition | null;
  readonly limit: number;
}

export const OUTBOX_STATUSES = ['pending', 'processing', 'sent', 'failed'] as const satisfies readonly OutboxStatus[];

/** @returns null when none of the platforms has its outbox; one whose outbox is missing has no messages */
export async function outboxHistory(db: Db, question: HistoryQuestion): Promise<HistoryRow[] | null> {
  const { platforms, limit } = question;
  const lists = await Promise.all(platforms.map((platform) => present(historyOf(db, platform, question))));
  if (lists.every((rows) => rows === null)) return null;
  return lists
    .flatMap((rows) => rows ?? [])
    .sort(newestFirst)
    .slice(0, limit);
}

/** The messages of a channel with these ids on one platform; ids of others are passed over. */
export async function outboxMessages(
  db: Db,
  platform: HistoryPlatform,
  channelId: ChannelId,
  ids: readonly string[],
): Promise<HistoryRow[]> {
  const { rows } = await sql<HistoryRow>`
    select ${columns(platform)} from ${sql.table(platform.tables.outbox)}
    where id = any(${[...ids]}::text[]) and "channelId" = ${channelId}
  `.execute(db);
  return rows;
}

export function newestFirst(a: HistoryPosition, b: HistoryPosition): number {
  return (
    b.createdAt.getTime() - a.createdAt.getTime() ||
    Number(b.provider > a.provider) - Number(b.provider < a.provider) ||
    b.seq - a.seq
  );
}

/**
 * Each state from its own end of the index on (channel, state, time): a page costs the same however long the history. The
 * states are constants, because for a joined column the planner walks a whole index that it could enter at one end.
 */
async function historyOf(db: Db, platform: HistoryPlatform, question: HistoryQuestion): Promise<HistoryRow[]> {
  const { channelId, statuses, after, limit } = question;
  const order = sql`order by "createdAt" desc, seq desc limit ${limit}`;
  const each = statuses.map(
    (status) => sql`(
      select ${columns(platform)} from ${sql.table(platform.tables.outbox)}
      where "channelId" = ${channelId} and status = ${status} and ${olderThan(after, platform.id)} ${order}
    )`,
  );
  const { rows } = await sql<HistoryRow>`select * from (${sql.join(each, sql` union all `)}) page ${order}`.execute(db);
  return rows;
}

function olderThan(position: HistoryPosition | null, provider: ProviderId): RawBuilder<unknown> {
  if (position === null) return sql`true`;
  const { createdAt, seq } = position;
  if (provider === position.provider) return sql`("createdAt", seq) < (${createdAt}, ${seq})`;
  return provider < position.provider ? sql`"createdAt" <= ${createdAt}` : sql`"createdAt" < ${createdAt}`;
}

function columns({ id }: HistoryPlatform): RawBuilder<unknown> {
  return sql`${id}::text as provider, id, seq, source, message, status, attempts, "lastError", "platformMessageId",
    "nextAttemptAt", "expiresAt", "processingAt", "sentAt", "failedAt", "createdAt", "updatedAt"`;
}

async function present<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (isMissingSchema(error)) return null;
    throw error;
  }
}
