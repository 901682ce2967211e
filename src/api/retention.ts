/** Deletes what nobody will ask about any more (docs/design.md#data); the outbox tables are their workers'. */
import type pg from 'pg';
import { pruneRows, ROWS_AT_ONCE } from '../db/prune.ts';
import { isAliveSql } from '../engine/worker/alive.ts';
import type { Logger } from '../lib/logger.ts';

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const KEPT: readonly { readonly table: string; readonly since: string; readonly forMs: number }[] = [
  // A greeted follower is greeted again after 24 hours: the row has to live exactly that long at least.
  { table: 'ChatBotEventDedup', since: 'createdAt', forMs: DAY_MS },
  { table: 'ExternalWebhookDeliveryDedup', since: 'receivedAt', forMs: DAY_MS },
  { table: 'WebhookInbox', since: 'receivedAt', forMs: 7 * DAY_MS },
  // Used up or not: for a day a late callback is told which of the two it was.
  { table: 'OAuthState', since: 'expiresAt', forMs: DAY_MS },
  // An expired token is refused for its age.
  { table: 'EndedSession', since: 'expiresAt', forMs: HOUR_MS },
  { table: 'ChannelWatch', since: 'until', forMs: HOUR_MS },
  // For a month a streamer can still see why a tool no longer works.
  { table: 'ApiToken', since: 'expiresAt', forMs: 30 * DAY_MS },
];

const ROLLS_KEPT_MS = DAY_MS;
/** Workers do it themselves, while there is one. */
const IS_DEAD = `not ${isAliveSql('"BotWorker"."startNumber"')}`;

export async function pruneOldRows(on: Pick<pg.Client, 'query'>, now: Date, log: Logger): Promise<void> {
  const told = (table: string, rows: number) => {
    if (rows > 0) log.info('api.pruned', { table, rows });
  };
  for (const { table, since, forMs } of KEPT) {
    told(table, await pruneRows(on, { table, since, before: new Date(now.getTime() - forMs) }));
  }
  const dead = {
    table: 'BotWorker',
    since: 'heartbeatAt',
    before: new Date(now.getTime() - MINUTE_MS),
    mayGo: IS_DEAD,
  };
  told('BotWorker', await pruneRows(on, dead));
  told('CreditsRoll', await pruneRolls(on, new Date(now.getTime() - ROLLS_KEPT_MS)));
}

/** One roll after the other, and its people first: with the roll all of them would go in one step. */
async function pruneRolls(on: Pick<pg.Client, 'query'>, before: Date): Promise<number> {
  for (let pruned = 0; ; pruned += 1) {
    const { rows } = await on.query<{ channelId: string }>(OLDEST_ROLL, [before]);
    const [oldest] = rows;
    if (oldest === undefined) return pruned;
    for (const table of ['CreditsChatter', 'CreditsDonor']) {
      for (let left = true; left; ) {
        const { rowCount } = await on.query(peopleOf(table), [oldest.channelId, before, ROWS_AT_ONCE]);
        left = rowCount === ROWS_AT_ONCE;
      }
    }
    const { rowCount } = await on.query(FORGET_ROLL, [oldest.channelId, before]);
    // It has begun anew, or somebody is writing to it: the rest of the rolls can wait for the next hour.
    if (rowCount === 0) return pruned;
  }
}

const OLDEST_ROLL = `select "channelId" from "CreditsRoll" where "expiresAt" < $1 order by "expiresAt" limit 1`;
const FORGET_ROLL = `delete from "CreditsRoll" where "channelId" = $1 and "expiresAt" < $2`;

/** A roll that begins anew meanwhile keeps its people: it is held while they are looked for. */
function peopleOf(table: string): string {
  return `
    with roll as materialized (
      select "channelId" from "CreditsRoll" where "channelId" = $1 and "expiresAt" < $2 for update skip locked
    )
    delete from "${table}" where ctid = any(array(
      select people.ctid from roll join "${table}" people using ("channelId") order by people.seq limit $3
    ))`;
}
