/** What Twitch says about event subscriptions, in answers and in deliveries (docs/platforms/twitch.md#eventsub-subscriptions, docs/platforms/twitch.md#webhook-transport). */
import { z } from 'zod';

const subscription = z.object({
  id: z.string().min(1),
  status: z.string(),
  type: z.string(),
  version: z.string(),
  condition: z.record(z.string(), z.unknown()),
  transport: z.object({ method: z.string(), callback: z.string().optional() }),
});

export type RemoteSubscription = z.infer<typeof subscription>;

export const subscriptionsAnswer = z.object({
  data: z.array(subscription),
  pagination: z.object({ cursor: z.string().optional() }).nullish(),
});

/** A delivery, as far as every kind has it. */
export const delivery = z.object({
  challenge: z.string().optional(),
  // A challenge for a conduit's shard names no subscription.
  subscription: subscription.pick({ id: true, status: true, type: true, condition: true }).optional(),
  event: z.unknown().optional(),
});

export type Delivery = z.infer<typeof delivery>;

/** Twitch has none above 25. */
const LONGEST_LOGIN = 30;

export const followEvent = z.object({
  user_id: z.string().min(1),
  user_login: z.string(),
  user_name: z.string(),
  broadcaster_user_id: z.string().min(1),
  broadcaster_user_login: z.string(),
  broadcaster_user_name: z.string(),
  followed_at: z.string(),
});

/** What every event about a channel says of its streamer. */
export const broadcasterEvent = z.object({
  broadcaster_user_id: z.string().min(1),
  broadcaster_user_login: z.string().min(1).max(LONGEST_LOGIN),
});

/** `type` and `started_at` come with `stream.online` only. */
export const streamEvent = z.object({
  broadcaster_user_id: z.string().min(1),
  type: z.unknown().optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
});
