/** What Twitch's Helix API answers, as far as we read it (docs/platforms/twitch.md#helix-and-eventsub). */
import { z } from 'zod';

export const errorAnswer = z
  .object({ error: z.string().catch(''), message: z.string().catch('') })
  .catch({ error: '', message: '' });

export const usersAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      login: z.string().min(1),
      display_name: z.string(),
      profile_image_url: z.string().nullish(),
    }),
  ),
});

export const streamsAnswer = z.object({
  data: z.array(
    z.object({ user_id: z.string(), user_login: z.string().catch(''), type: z.string(), started_at: z.string() }),
  ),
});

export const sendAnswer = z.object({
  data: z.tuple([
    z.object({
      message_id: z.string(),
      is_sent: z.boolean(),
      drop_reason: z.object({ code: z.string().min(1) }).nullish(),
    }),
  ]),
});
