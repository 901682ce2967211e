/** `/internal/credits/*`: where workers hand over chatters, and donation services donors (docs/contract/http-api.md#relay-a-chatter, docs/contract/http-api.md#relay-a-donor). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BadInput } from '../../lib/errors.ts';
import { readJsonBody } from '../../lib/json-body.ts';
import { plainText } from '../../lib/plain-text.ts';
import type { Api, ApiContext } from '../context.ts';
import { requireInternal } from '../plugins/internal-callers.ts';
import { avatarUrl, chatterBody, chatterValidator, name, slug } from './relayed-chatters.ts';

const donorBody = z.object({
  channelSlug: slug,
  name,
  amount: z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(z.number()),
  currency: z
    .string()
    .max(16)
    .default('RUB')
    .transform((raw) => plainText(raw).toUpperCase() || 'RUB'),
  avatarUrl,
});

const answer = z.object({ ok: z.literal(true), ignored: z.literal(true).optional() });

/**
 * @param app keeps bodies raw: nothing of one is looked at before the caller has been recognised, to everybody else the
 *   route does not exist
 * @param relaySecret null: only this machine may call
 */
export function registerInternalCreditsRoutes(app: Api, { clock, roll }: ApiContext, relaySecret: string | null): void {
  const hidden = { hide: true, response: { 200: answer } };
  const preValidation = async (request: FastifyRequest) => {
    requireInternal(request, relaySecret, clock);
    request.body = readJsonBody(request.rawBody);
  };

  app.post(
    '/internal/credits/chatter',
    { preValidation, validatorCompiler: chatterValidator, schema: { ...hidden, body: chatterBody } },
    async (request, reply) => {
      const chatters = Array.isArray(request.body) ? request.body : [request.body];
      const stored = await roll.addChatters(chatters, senderOf(reply));
      if (stored === 'busy') throw new BadInput('CREDITS_BUSY');
      return stored === 0 ? { ok: true as const, ignored: true as const } : { ok: true as const };
    },
  );

  app.post(
    '/internal/credits/donor',
    { preValidation, schema: { ...hidden, body: donorBody } },
    async (request, reply) => {
      const given = { ...request.body, amount: Math.max(request.body.amount, 0) };
      const isStored = await roll.addDonor(given, senderOf(reply));
      if (isStored === 'busy') throw new BadInput('CREDITS_BUSY');
      return isStored ? { ok: true as const } : { ok: true as const, ignored: true as const };
    },
  );
}

/** Aborts when the sender is gone before it was answered. The request's own signal aborts as soon as its body is read. */
function senderOf({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
