/** What Kick's OAuth endpoints answer (docs/platforms/kick.md#oauth). */
import { z } from 'zod';

export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish().catch(null),
  // A number in practice, an empty text in the documentation's samples.
  expires_in: z
    .union([z.number(), z.string().transform((text) => Number.parseInt(text, 10))])
    .transform((seconds) => (seconds > 0 ? seconds : null))
    .nullish()
    .catch(null),
  scope: z
    .string()
    .transform((text) => text.split(/\s+/).filter(Boolean))
    .nullish()
    .catch(null),
});

export const introspection = z.object({ data: z.object({ active: z.boolean() }) });
