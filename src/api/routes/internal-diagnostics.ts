/** `GET /internal/diagnostics`: what this process knows of itself, for `memalerts doctor` (docs/contract/http-api.md#ask-an-api-process). */
import { z } from 'zod';
import { CHECKS } from '../../engine/diagnosis/fact.ts';
import { VERDICTS } from '../../platforms/causes/cause.ts';
import type { Api, ApiContext } from '../context.ts';
import { requireInternal } from '../plugins/internal-callers.ts';

const answer = z.object({
  version: z.string().nullable(),
  keys: z.array(z.string()).readonly(),
  told: z
    .array(
      z.object({
        check: z.enum(CHECKS),
        cause: z.string(),
        provider: z.string().nullable(),
        verdict: z.enum(VERDICTS).optional(),
        data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      }),
    )
    .readonly(),
});

/** @param relaySecret null: only this machine may call */
export function registerInternalDiagnosticsRoutes(
  app: Api,
  { clock, self }: ApiContext,
  relaySecret: string | null,
  version: string | null,
): void {
  app.get(
    '/internal/diagnostics',
    {
      schema: { hide: true, response: { 200: answer } },
      preValidation: async (request) => requireInternal(request, relaySecret, clock),
    },
    async () => {
      const { keys, told } = self();
      return { version, keys, told: told.map((fact) => ({ ...fact, data: { ...fact.data } })) };
    },
  );
}
