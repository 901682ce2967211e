/** What Kick says about event subscriptions: lists and creations name the same things differently (docs/platforms/kick.md#event-subscriptions). */
import { z } from 'zod';

export const listAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      broadcaster_user_id: z.union([z.number(), z.string()]).transform(String),
      event: z.string(),
      version: z.union([z.number(), z.string()]).transform(Number),
      method: z.string(),
      created_at: z.string().nullish().catch(null),
    }),
  ),
});

export type RemoteSubscription = z.infer<typeof listAnswer>['data'][number];

/** One entry for each event asked for; some may have failed inside a success. */
export const createAnswer = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      subscription_id: z.string().min(1).nullish().catch(null),
      error: z.string().nullish().catch(null),
    }),
  ),
});
