/** What Twitch's OAuth endpoints answer (docs/platforms/twitch.md#oauth). */
import { z } from 'zod';

export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish(),
  expires_in: z.number().optional(),
  // An array in practice, a space-separated text where a proxy follows the RFC.
  scope: z.union([z.array(z.string()), z.string().transform((text) => text.split(' ').filter(Boolean))]).nullish(),
});

export const refusalAnswer = z.object({ message: z.string().catch('') }).catch({ message: '' });
