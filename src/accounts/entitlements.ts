/** What a channel has been granted (http-api §2.6). */
import type { Db } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';

/** The key of the right to speak through an account of one's own. */
export const CUSTOM_BOT = 'custom_bot';

/** Asked of the database each time: a grant or its end counts at once. @throws where the table is missing */
export async function isEntitled(db: Db, channelId: ChannelId, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('ChannelEntitlement')
    .select('id')
    .where('channelId', '=', channelId)
    .where('key', '=', CUSTOM_BOT)
    .where('enabled', '=', true)
    .where((where) => where.or([where('expiresAt', 'is', null), where('expiresAt', '>', now)]))
    .executeTakeFirst();
  return row !== undefined;
}
