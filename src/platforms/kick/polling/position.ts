/** Where a poll left off, over restarts and over copies of the worker. */
import type { Db } from '../../../db/pool.ts';
import type { ReadChannel } from '../../worker-side.ts';
import { KICK } from '../chat/stored-line.ts';

type Polled = Pick<ReadChannel, 'channelId' | 'target'>;

export async function readPosition(db: Db, { channelId, target }: Polled): Promise<string | null> {
  const row = await db
    .selectFrom('ChatPosition')
    .select('position')
    .where('provider', '=', KICK)
    .where('channelId', '=', channelId)
    .where('chat', '=', target)
    .executeTakeFirst();
  return row?.position ?? null;
}

export async function writePosition(
  db: Db,
  { channelId, target }: Polled,
  position: string,
  updatedAt: Date,
): Promise<void> {
  await db
    .insertInto('ChatPosition')
    .values({ provider: KICK, channelId, chat: target, position, updatedAt })
    .onConflict((row) => row.columns(['provider', 'channelId', 'chat']).doUpdateSet({ position, updatedAt }))
    .execute();
}
