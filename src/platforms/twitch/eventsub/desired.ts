/** Which events which channels need, as the database says. */
import { sql } from 'kysely';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { EventType } from './remote.ts';

export interface DesiredEvents {
  readonly channelId: ChannelId;
  readonly broadcasterId: string;
  readonly types: readonly EventType[];
}

interface Row {
  readonly channelId: ChannelId;
  readonly broadcasterId: string;
  readonly isBotOn: boolean;
  readonly followGreetingsEnabled: boolean;
}

/** True when the gate and the subscription let the bot in (docs/contract/workers.md#subscriptions-and-gate). */
const botIsOn = sql<boolean>`
  (subscription.enabled is true and subscription."twitchLogin" <> '' and gate.enabled is distinct from false)
`;

/** @param channelId null for every channel; a channel that needs nothing is not in the answer */
export async function readDesiredEvents(db: Db, channelId: ChannelId | null): Promise<DesiredEvents[]> {
  const rows = await db
    .selectFrom('Channel')
    .leftJoin('ChatBotSubscription as subscription', 'subscription.channelId', 'Channel.id')
    .leftJoin('BotIntegrationSettings as gate', (join) =>
      join.onRef('gate.channelId', '=', 'Channel.id').on('gate.provider', '=', 'twitch'),
    )
    .where('twitchChannelId', 'is not', null)
    .where((where) => where.or([botIsOn, where('followGreetingsEnabled', '=', true)]))
    .$if(channelId !== null, (query) => query.where('Channel.id', '=', channelId as string))
    .select(['Channel.id as channelId', 'twitchChannelId as broadcasterId', 'followGreetingsEnabled'])
    .select(botIsOn.as('isBotOn'))
    .$castTo<Row>()
    .execute();
  return rows.map(({ isBotOn, followGreetingsEnabled, ...channel }) => ({
    ...channel,
    types: [
      ...(isBotOn ? (['stream.online', 'stream.offline'] as const) : []),
      ...(followGreetingsEnabled ? (['channel.follow'] as const) : []),
    ],
  }));
}

export async function isBotOn(db: Db, channelId: ChannelId): Promise<boolean> {
  const row = await db
    .selectFrom('ChatBotSubscription as subscription')
    .leftJoin('BotIntegrationSettings as gate', (join) =>
      join.onRef('gate.channelId', '=', 'subscription.channelId').on('gate.provider', '=', 'twitch'),
    )
    .where('subscription.channelId', '=', channelId)
    .select(botIsOn.as('isOn'))
    .executeTakeFirst();
  return row?.isOn ?? false;
}
