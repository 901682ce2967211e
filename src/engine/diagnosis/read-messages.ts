/** How the outboxes of channels stand: what waits, why the head waits, and what was said or failed last. */
import pg from 'pg';
import { askedFor } from '../../db/asked-for.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { MessagesSnapshot } from './snapshot.ts';

interface MessagesRow extends Omit<MessagesSnapshot, 'failure'> {
  readonly provider: ProviderId;
  readonly channelId: ChannelId;
  readonly failedError: string | null;
  readonly failedAt: Date | null;
}

const NONE: MessagesSnapshot = {
  waiting: 0,
  oldestAt: null,
  headError: null,
  headDueAt: null,
  lastSentAt: null,
  failure: null,
};
const COUNTED_MAX = 100;

/** One statement for all platforms; each part enters an index at one end. */
export async function readMessages(
  pool: Pick<pg.Pool, 'query'>,
  platforms: readonly Pick<PlatformDescription, 'id' | 'tables'>[],
  channelIds: readonly ChannelId[],
): Promise<(provider: ProviderId, channelId: ChannelId) => MessagesSnapshot> {
  const { label, rows: asked, value } = askedFor(channelIds);
  const { rows } = await pool.query<MessagesRow>({
    name: `snapshot of outboxes of ${label}`,
    text: platforms.map((platform) => messagesOf(platform, asked)).join(' union all '),
    values: [value],
  });
  const known = new Map(
    rows.map(({ provider, channelId, failedError, failedAt, ...row }) => [
      `${provider} ${channelId}`,
      { ...row, failure: failedAt && { error: failedError, at: failedAt } },
    ]),
  );
  return (provider, channelId) => known.get(`${provider} ${channelId}`) ?? NONE;
}

function messagesOf({ id, tables }: Pick<PlatformDescription, 'id' | 'tables'>, asked: string): string {
  const outbox = pg.escapeIdentifier(tables.outbox);
  return `
    select ${pg.escapeLiteral(id)}::text as provider, asked.id as "channelId", waiting.count as waiting,
      waiting."oldestAt", head."lastError" as "headError", head."nextAttemptAt" as "headDueAt",
      sent."sentAt" as "lastSentAt", failed."lastError" as "failedError", failed."failedAt"
    from ${asked} as asked (id)
    cross join lateral (
      select count(*)::int, min("createdAt") as "oldestAt" from (
        select "createdAt" from ${outbox}
        where "channelId" = asked.id and status in ('pending', 'processing') order by seq limit ${COUNTED_MAX}
      ) row
    ) waiting
    left join lateral (
      select "lastError", "nextAttemptAt" from ${outbox}
      where "channelId" = asked.id and status in ('pending', 'processing') order by status desc, rank, seq limit 1
    ) head on true
    left join lateral (
      select "sentAt", "createdAt" from ${outbox}
      where "channelId" = asked.id and status = 'sent' order by "createdAt" desc limit 1
    ) sent on true
    left join lateral (
      select "lastError", "failedAt" from ${outbox} newest
      where "channelId" = asked.id and status = 'failed'
        and newest."createdAt" > coalesce(sent."createdAt", '-infinity')
      order by "createdAt" desc limit 1
    ) failed on true`;
}
