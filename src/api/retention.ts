/** Deletes what nobody will ask about any more (docs/design.md#data); the outbox tables are their workers'. */
import type pg from 'pg';
import type { Logger } from '../lib/logger.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Small steps: a long delete would hold back everybody's vacuum. */
const ROWS_AT_ONCE = 1000;

const KEPT: readonly { readonly table: string; readonly since: string; readonly forMs: number }[] = [
  // A greeted follower is greeted again after 24 hours: the row has to live exactly that long at least.
  { table: 'ChatBotEventDedup', since: 'createdAt', forMs: DAY_MS },
  { table: 'ExternalWebhookDeliveryDedup', since: 'receivedAt', forMs: DAY_MS },
  { table: 'WebhookInbox', since: 'receivedAt', forMs: 7 * DAY_MS },
  // Used up or not: for a day a late callback is told which of the two it was.
  { table: 'OAuthState', since: 'expiresAt', forMs: DAY_MS },
  // An expired token is refused for its age.
  { table: 'EndedSession', since: 'expiresAt', forMs: HOUR_MS },
  { table: 'CreditsRoll', since: 'expiresAt', forMs: DAY_MS },
  { table: 'ChannelWatch', since: 'until', forMs: HOUR_MS },
  // For a month a streamer can still see why a tool no longer works.
  { table: 'ApiToken', since: 'expiresAt', forMs: 30 * DAY_MS },
];

export async function pruneOldRows(on: Pick<pg.Client, 'query'>, now: Date, log: Logger): Promise<void> {
  for (const { table, since, forMs } of KEPT) {
    const rows = await prune(on, table, since, new Date(now.getTime() - forMs));
    if (rows > 0) log.info('api.pruned', { table, rows });
  }
}

async function prune(on: Pick<pg.Client, 'query'>, table: string, since: string, before: Date): Promise<number> {
  for (let pruned = 0; ; ) {
    const { rowCount } = await on.query(
      `delete from "${table}" where ctid = any(array(select ctid from "${table}" where "${since}" < $1 limit $2))`,
      [before, ROWS_AT_ONCE],
    );
    pruned += rowCount ?? 0;
    if ((rowCount ?? 0) < ROWS_AT_ONCE) return pruned;
  }
}
