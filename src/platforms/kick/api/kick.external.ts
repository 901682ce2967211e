/** What Kick's API answers, as far as we read it (docs/platforms/kick.md#rest-conventions, docs/platforms/kick.md#endpoints). */
import { z } from 'zod';

/** Refusals come from the API, from OAuth and from the edge, each in its own shape. */
export const errorAnswer = z
  .object({
    message: z.string().catch(''),
    data: z.string().catch(''),
    error: z.string().catch(''),
    error_description: z.string().catch(''),
  })
  .catch({ message: '', data: '', error: '', error_description: '' });

/** Numbers in practice; some clients have seen text. */
const numericId = z.union([z.number().int().positive().transform(String), z.string().regex(/^[1-9]\d*$/)]);

export const usersAnswer = z.object({
  data: z.array(
    z.object({ user_id: numericId, name: z.string().min(1), profile_picture: z.string().nullish().catch(null) }),
  ),
});

export const channelsAnswer = z.object({
  data: z.array(
    z.object({
      broadcaster_user_id: numericId,
      stream: z
        .object({ is_live: z.boolean().nullish(), start_time: z.string().nullish().catch(null) })
        .nullish()
        .catch(null),
    }),
  ),
});

export const sendAnswer = z.object({
  data: z.object({ is_sent: z.boolean(), message_id: z.string().nullish().catch(null) }),
});

export const publicKeyAnswer = z.object({ data: z.object({ public_key: z.string().min(1) }) });
