/** Writes down that a streamer goes by another name on the platform. */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import type { PlatformTables } from '../../platforms/platform.ts';

/** The hint of that change makes the worker move. @param from nothing happens when it is another name by now */
export async function renameTarget(
  db: Db,
  { subscription, targetColumn }: PlatformTables,
  channelId: ChannelId,
  from: PlatformChannelId,
  to: PlatformChannelId,
): Promise<void> {
  const column = sql.ref(targetColumn);
  await sql`
    update ${sql.table(subscription)} set ${column} = ${to}
    where "channelId" = ${channelId} and trim(${column}) in (${from}, ${`#${from}`})
  `.execute(db);
}
