/** The channel row of a streamer and its link to Twitch, as every route here checks them first. */
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Helix } from './helix/client.ts';
import { findUser } from './helix/users.ts';

export interface LinkedChannel {
  readonly twitchChannelId: string;
  readonly followGreetingTemplate: string | null;
}

/** @throws BadInput `CHANNEL_NOT_FOUND`, `TWITCH_CHANNEL_NOT_LINKED` */
export async function requireLinkedChannel(db: Db, channelId: ChannelId): Promise<LinkedChannel> {
  const channel = await db
    .selectFrom('Channel')
    .select(['twitchChannelId', 'followGreetingTemplate'])
    .where('id', '=', channelId)
    .executeTakeFirst();
  if (channel === undefined) throw new BadInput('CHANNEL_NOT_FOUND');
  const { twitchChannelId } = channel;
  if (twitchChannelId === null) throw new BadInput('TWITCH_CHANNEL_NOT_LINKED');
  return { ...channel, twitchChannelId };
}

/** @throws BadInput when the account is gone; PlatformRefused, PlatformUnreachable when Twitch does not say */
export async function requireLogin(helix: Helix, twitchChannelId: string): Promise<string> {
  const user = await findUser(helix, twitchChannelId);
  if (user === null) {
    throw new BadInput('BAD_REQUEST', 'Twitch no longer knows the linked account. It may be suspended or deleted.');
  }
  return user.login;
}
