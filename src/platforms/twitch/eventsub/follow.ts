/** Turns a follow into one greeting, at most once per message and once per follower and day (docs/contract/http-api.md#twitch-eventsub-webhook). */
import type { Transaction } from 'kysely';
import type { Database } from '../../../db/tables.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { isBlank } from '../../../lib/plain-text.ts';
import type { ApiDeps } from '../../api-side.ts';
import { renderGreeting } from '../greeting.ts';
import { isBotOn } from './desired.ts';
import { followEvent } from './eventsub.external.ts';

type FollowDeps = Pick<ApiDeps, 'db' | 'clock' | 'enqueue'>;

const GREETED_AGAIN_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * One transaction: a failure leaves nothing behind, and Twitch's next try finds everything as it was.
 *
 * @returns the contract's sentence for what was done
 */
export async function greetFollower(
  { db, clock, enqueue }: FollowDeps,
  messageId: string,
  event: unknown,
): Promise<string> {
  const parsed = followEvent.safeParse(event);
  if (!parsed.success) return 'Follow event error (ignored)';
  const { broadcaster_user_id: broadcasterId, user_id: followerId, user_name: name } = parsed.data;
  return db.transaction().execute(async (tx) => {
    const channel = await tx
      .selectFrom('Channel')
      .select(['id', 'followGreetingsEnabled', 'followGreetingTemplate'])
      .where('twitchChannelId', '=', broadcasterId)
      .executeTakeFirst();
    if (channel === undefined) return 'Channel not found, ignoring';
    if (!channel.followGreetingsEnabled) return 'Follow greetings disabled';
    if (await wasHandled(tx, 'follow', messageId)) return 'Duplicate follow ignored';
    const channelId = channel.id as ChannelId;
    if (!(await isBotOn(tx, channelId))) return 'Bot not enabled for channel, ignoring';
    const text = renderGreeting(channel.followGreetingTemplate, name);
    if (isBlank(text)) return 'Empty greeting, ignoring';
    const now = clock.now();
    if (!(await mayGreet(tx, channelId, followerId, now))) return 'Duplicate follow ignored';
    await remember(tx, 'follow', messageId, channelId, now);
    const dedupKey = `follow:${followerId}:${now.toISOString().slice(0, 10)}`;
    const isQueued = await enqueue(tx, { channelId, text, source: 'greeting', dedupKey });
    return isQueued ? 'Follow greeting enqueued' : 'Duplicate follow ignored';
  });
}

export async function wasHandled(db: ApiDeps['db'], kind: 'follow' | 'stream', messageId: string): Promise<boolean> {
  const row = await db
    .selectFrom('ChatBotEventDedup')
    .select('id')
    .where('kind', '=', kind)
    .where('eventId', '=', messageId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function remember(
  db: ApiDeps['db'],
  kind: 'follow' | 'stream',
  messageId: string,
  channelId: ChannelId,
  now: Date,
): Promise<void> {
  await db
    .insertInto('ChatBotEventDedup')
    .values({ kind, eventId: messageId, channelId, createdAt: now })
    .onConflict((conflict) => conflict.columns(['kind', 'eventId']).doNothing())
    .execute();
}

/** Takes the follower's turn; two deliveries at once meet on the row, and one of them finds it taken. */
async function mayGreet(
  tx: Transaction<Database>,
  channelId: ChannelId,
  followerId: string,
  now: Date,
): Promise<boolean> {
  const yesterday = new Date(now.getTime() - GREETED_AGAIN_AFTER_MS);
  const taken = await tx
    .insertInto('ChatBotEventDedup')
    .values({ kind: 'follower', eventId: `${channelId}:${followerId}`, channelId, createdAt: now })
    .onConflict((conflict) =>
      conflict
        .columns(['kind', 'eventId'])
        .doUpdateSet({ createdAt: now })
        .where('ChatBotEventDedup.createdAt', '<=', yesterday),
    )
    .returning('id')
    .executeTakeFirst();
  return taken !== undefined;
}
