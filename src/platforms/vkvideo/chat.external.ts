/** Events and chat messages as VK Video Live publishes them (docs/platforms/vkvideo.md#envelope). */
import { z } from 'zod';
import { id, moment } from './api.external.ts';

const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);

/** `type` and `data` of a publication; whatever else it is, it is no event. */
export const envelope = z.object({ type: z.string().catch(''), data: z.record(z.string(), z.unknown()) });

const part = z.object({
  mention: z
    .object({ id: id.nullish().catch(null), nick: text })
    .nullish()
    .catch(null),
  text: z.object({ content: text }).nullish().catch(null),
  smile: z.object({ name: text }).nullish().catch(null),
  link: z.object({ url: text, content: text }).nullish().catch(null),
});

const author = z.object({
  id,
  nick: z.string().min(1),
  avatar_url: text,
  is_owner: flag,
  is_moderator: flag,
  badges: z
    .array(z.object({ achievement_name: text }))
    .nullish()
    .catch(null),
  roles: z.array(z.object({ id })).nullish().catch(null),
});

export const chatMessage = z.object({
  id: id.nullish().catch(null),
  created_at: moment,
  is_private: flag,
  author,
  parts: z.array(part.catch({})).nullish().catch(null),
});

export type ChatMessageShape = z.infer<typeof chatMessage>;
export type MessagePart = z.infer<typeof part>;
