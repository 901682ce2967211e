/** The bodies of Kick's events, as far as we read them: flat objects, the type is in a header (docs/platforms/kick.md#payloads). */
import { z } from 'zod';

/** A number in practice; text would be the same person. */
const userId = z.union([z.number().int().positive().transform(String), z.string().regex(/^[1-9]\d*$/)]);
const text = z.string().nullish().catch(null);

const badges = z
  .array(z.object({ type: z.string() }).catch({ type: '' }))
  .nullish()
  .catch(null);

/** What every event has. */
export const anyEvent = z.object({ broadcaster: z.object({ user_id: userId }) });

export const chatEvent = z.object({
  message_id: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  sender: z.object({
    user_id: userId,
    username: text,
    profile_picture: text,
    identity: z.object({ badges }).nullish().catch(null),
  }),
  content: z.string(),
  created_at: text,
});

export type ChatEvent = z.infer<typeof chatEvent>;

export const streamEvent = z.object({ is_live: z.boolean(), started_at: text, ended_at: text });

export type StreamEvent = z.infer<typeof streamEvent>;

/** Where a body names its own type. */
export const namedEvent = z
  .object({ type: text, event: text, event_type: text, name: text })
  .transform(({ type, event, event_type, name }) => type ?? event ?? event_type ?? name ?? '')
  .catch('');
