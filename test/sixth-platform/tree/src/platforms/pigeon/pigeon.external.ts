/** What Pigeon sends us. */
import { z } from 'zod';

export const frame = z.object({
  joined: z.string().optional(),
  pong: z.number().optional(),
  line: z
    .object({
      id: z.string(),
      loft: z.string(),
      text: z.string(),
      atMs: z.number(),
      author: z.object({ id: z.string(), name: z.string(), isModerator: z.boolean() }),
    })
    .optional(),
});

export type Line = NonNullable<z.infer<typeof frame>['line']>;

export const tokenAnswer = z.object({ access: z.string(), refresh: z.string(), seconds: z.number() });
export const identityAnswer = z.object({ id: z.string(), name: z.string() });
export const sentAnswer = z.object({ id: z.string() });
export const refusedAnswer = z.object({ reason: z.string() });
export const lofts = z.array(z.object({ loft: z.string(), liveSinceMs: z.number().nullable() }));
