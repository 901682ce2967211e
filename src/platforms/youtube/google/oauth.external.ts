/** What Google's OAuth endpoints answer (docs/platforms/youtube.md#endpoints-and-parameters, docs/platforms/youtube.md#token-lifetimes-and-failures). */
import { z } from 'zod';

/** The library turns `expires_in` into a moment on the machine's clock; the raw answer is read before it does. */
export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish(),
  expires_in: z.coerce.number().optional().catch(undefined),
  scope: z.string().nullish(),
  /** Of grants that end by themselves: 7 days while the consent screen is in testing. */
  refresh_token_expires_in: z.coerce.number().optional().catch(undefined),
});

export const refusalAnswer = z
  .object({ error: z.string().catch(''), error_description: z.string().catch('') })
  .catch({ error: '', error_description: '' });

/** Every value is a text; `sub` comes with the scope `openid` only. */
export const tokenInfo = z.object({
  scope: z.string().catch(''),
  sub: z.string().min(1).optional().catch(undefined),
  user_id: z.string().min(1).optional().catch(undefined),
});
