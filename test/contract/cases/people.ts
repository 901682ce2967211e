/** Callers in states that several resources answer to. */
import type { StreamerPerson } from '../../support/api-world.ts';
import { type Ask, call } from '../call.ts';
import type { Case } from '../kit.ts';
import type { Stage } from '../stage.ts';

/** Signed in a moment ago, and the channel has been deleted since: rights are known for some seconds. */
async function withoutChannelRow(stage: Stage): Promise<StreamerPerson> {
  const who = await stage.streamer();
  await call(stage.port, 'GET /streamer/entitlements/custom-bot', { as: who });
  await stage.pg.query('delete from "Channel" where id = $1', [who.channelId]);
  return who;
}

export function channelGone(ask: Ask = {}): Case {
  return {
    when: 'the channel is gone',
    expects: '404 CHANNEL_NOT_FOUND',
    ask: async (at) => ({ ...ask, as: await withoutChannelRow(at) }),
  };
}

/** A streamer whose channel is linked to a channel of the simulated Twitch. */
export async function onTwitch(stage: Stage): Promise<StreamerPerson & { readonly login: string }> {
  const { accountId, target } = stage.streamerOn('twitch');
  return { ...(await stage.streamer({ twitchId: accountId })), login: target };
}
