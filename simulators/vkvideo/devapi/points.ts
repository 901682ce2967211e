/** Methods about channel points: rewards, and what was demanded for them (docs/platforms/vkvideo.md#channel-points). */
import { z } from 'zod';
import type { Answer } from '../../world/host.ts';
import { partsSchema } from '../parts.ts';
import type { VkVideoState } from '../state.ts';
import {
  type AnyMethod,
  bodyOf,
  type ChannelContext,
  data,
  done,
  limitOf,
  type Methods,
  type PersonContext,
  queryOf,
  Refused,
} from './method.ts';

const reward = z.object({ name: z.string(), price: z.number().int().positive() });
const activateBody = z.object({
  reward: z.object({ id: z.string(), message: z.object({ parts: partsSchema }).optional() }),
});
const demandsBody = z.object({ demands: z.array(z.object({ id: z.number().int() })).max(100) });

type Run = (state: VkVideoState, context: ChannelContext & PersonContext) => Answer;

const listed: Run = ({ rewards }, { channel }) => data({ rewards: rewards.in(channel) });

export const pointMethods: Methods = {
  'GET /v1/channel_point': asViewer(() => data({ balance: { available: 1000, total_earned: 1500, total_spent: 500 } })),
  'GET /v1/channel_point/rewards': asViewer(listed),
  'GET /v1/channel_point/rewards/manage_info': asOwner(listed),
  'POST /v1/channel_point/reward/activate': asViewer(({ rewards }, { call, channel, person }) => {
    const { id, message } = bodyOf(call, activateBody).reward;
    if (rewards.demand(channel, person, id, message?.parts ?? []) === null) throw new Refused(400, 'reward_disabled');
    return done;
  }),
  'POST /v1/channel_point/reward/create': asOwner(({ rewards }, { call, channel }) => {
    const { name, price } = bodyOf(call, z.object({ reward })).reward;
    return data({ reward: { id: rewards.create(channel, name, price) } });
  }),
  'POST /v1/channel_point/reward/edit': asOwner(({ rewards }, { call, channel }) => {
    const { name, price } = bodyOf(call, z.object({ reward })).reward;
    return orMissing(rewards.edit(channel, queryOf(call, 'reward_id'), { name, price }));
  }),
  'POST /v1/channel_point/reward/enable': asOwner(switched(false)),
  'POST /v1/channel_point/reward/disable': asOwner(switched(true)),
  'POST /v1/channel_point/reward/delete': asOwner(({ rewards }, { call, channel }) =>
    orMissing(rewards.delete(channel, queryOf(call, 'reward_id'))),
  ),
  'GET /v1/channel_point/reward/demands': onDemands(({ rewards }, { call, channel }) => {
    const from = Number(queryOf(call, 'offset'));
    const page = rewards.demandsIn(channel, call.query.get('reward_id'), from, limitOf(call));
    return data({ demands: page.demands }, { is_last: page.isLast, offset: page.offset });
  }),
  'POST /v1/channel_point/reward/demand/accept': onDemands(settled('approved')),
  'POST /v1/channel_point/reward/demand/reject': onDemands(settled('rejected')),
};

function asViewer(run: Run): AnyMethod {
  return { by: 'user', scope: 'channel:points', inChannel: true, run };
}

function asOwner(run: Run): AnyMethod {
  return { by: 'user', scope: 'channel:points:rewards', only: 'owner', inChannel: true, run };
}

function onDemands(run: Run): AnyMethod {
  return { by: 'user', scope: 'channel:points:rewards:demands', only: 'owner', inChannel: true, run };
}

function switched(isDisabled: boolean): Run {
  return ({ rewards }, { call, channel }) =>
    orMissing(rewards.edit(channel, queryOf(call, 'reward_id'), { isDisabled }));
}

function settled(status: 'approved' | 'rejected'): Run {
  return ({ rewards }, { call, channel }) => {
    const ids = bodyOf(call, demandsBody).demands.map(({ id }) => id);
    rewards.settle(channel, ids, status);
    return done;
  };
}

function orMissing(isThere: boolean): Answer {
  if (!isThere) throw new Refused(404, 'reward_not_found', 'Reward not found');
  return done;
}
