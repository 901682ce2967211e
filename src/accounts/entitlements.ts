/** What a channel has been granted (docs/contract/http-api.md#the-entitlement-custom_bot). */
import { isMissingSchema } from '../db/failures.ts';
import type { Db } from '../db/pool.ts';
import type { ChannelId } from '../lib/brand.ts';

/** The key of the right to speak through an account of one's own. */
export const CUSTOM_BOT = 'custom_bot';

/** Asked of the database each time: a grant or its end counts at once. A missing table grants nothing to anybody. */
export async function isEntitled(db: Db, channelId: ChannelId, now: Date): Promise<boolean> {
  const granted = db
    .selectFrom('ChannelEntitlement')
    .select('id')
    .where('channelId', '=', channelId)
    .where('key', '=', CUSTOM_BOT)
    .where('enabled', '=', true)
    .where((where) => where.or([where('expiresAt', 'is', null), where('expiresAt', '>', now)]));
  try {
    return (await granted.executeTakeFirst()) !== undefined;
  } catch (error) {
    if (isMissingSchema(error)) return false;
    throw error;
  }
}
