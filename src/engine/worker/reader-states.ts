/** How the readers of a channel are, as the workers that serve it said last. */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { ReaderState } from '../../platforms/worker-side.ts';
import { isAliveSql } from './alive.ts';

export interface ToldReaderState {
  readonly provider: ProviderId;
  readonly state: ReaderState['kind'];
  readonly reason: string | null;
  readonly since: Date;
  /** Whether the worker that said so lives; what a dead one said last may be true no more. */
  readonly isCurrent: boolean;
}

/** In the order of `providers`; a bot that is off has no state. */
export async function readerStates(
  db: Db,
  channelId: ChannelId,
  providers: readonly ProviderId[],
): Promise<ToldReaderState[]> {
  const { rows } = await sql<ToldReaderState>`
    select h.provider, h.state, h.reason, h.since, ${sql.raw(isAliveSql('h."startNumber"'))} as "isCurrent"
    from "BotChannelHealth" h
    where h.provider = any(${[...providers]}::text[]) and h."channelId" = ${channelId}
    order by array_position(${[...providers]}::text[], h.provider)
  `.execute(db);
  return rows;
}
