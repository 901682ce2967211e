/** `/internal/credits/*`: where workers hand over chatters, and donation services donors (docs/contract/http-api.md#relay-a-chatter, docs/contract/http-api.md#relay-a-donor). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { shownName } from '../../credits/name.ts';
import type { Clock } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';
import { readJsonBody } from '../../lib/json-body.ts';
import { isLocalCall } from '../../lib/loopback.ts';
import { plainText } from '../../lib/plain-text.ts';
import type { Api, ApiContext } from '../context.ts';
import { CUT } from '../plugins/bounds.ts';

const SIGNATURE_WINDOW_MS = 5 * 60 * 1000;
const MAX_USER_ID = 200;
const MAX_EVENTS = 4000;

const plain = z.string().min(1, 'must not be empty');
const required = z.string().transform(plainText).pipe(plain);
const slug = required.transform((raw) => raw.toLowerCase());
const userId = z
  .string()
  .meta({ maxLength: MAX_USER_ID })
  .transform(plainText)
  .pipe(plain.max(MAX_USER_ID, `must be at most ${MAX_USER_ID} characters`));
/** Cut, however long it is: a name is no reason to lose the chatter either. */
const name = z.string().meta(CUT).transform(plainText).pipe(plain).transform(shownName);
/** Anything but a short http(s) address is no reason to lose the chatter. */
const avatarUrl = z
  .unknown()
  .meta(CUT)
  .transform((raw) => (typeof raw === 'string' && /^https?:\/\//i.test(raw) && raw.length <= 500 ? raw : null));

const chatter = z.object({ channelSlug: slug, userId, displayName: name, avatarUrl: avatarUrl.optional() });
const chatterBody = z.union([chatter, z.array(chatter).max(MAX_EVENTS)]);

const donorBody = z.object({
  channelSlug: slug,
  name,
  amount: z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(z.number()),
  currency: z
    .string()
    .max(16)
    .default('RUB')
    .transform((raw) => plainText(raw).toUpperCase() || 'RUB'),
  avatarUrl: avatarUrl.optional(),
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
    requireRelay(request, relaySecret, clock);
    request.body = readJsonBody(request.rawBody);
  };

  app.post(
    '/internal/credits/chatter',
    { preValidation, schema: { ...hidden, body: chatterBody } },
    async (request, reply) => {
      const events = Array.isArray(request.body) ? request.body : [request.body];
      const chatters = events.map((event) => ({ ...event, avatarUrl: event.avatarUrl ?? null }));
      const stored = await roll.addChatters(chatters, senderOf(reply));
      if (stored === 'busy') throw new BadInput('CREDITS_BUSY');
      return stored === 0 ? { ok: true as const, ignored: true as const } : { ok: true as const };
    },
  );

  app.post(
    '/internal/credits/donor',
    { preValidation, schema: { ...hidden, body: donorBody } },
    async (request, reply) => {
      const { avatarUrl: avatar, amount, ...donor } = request.body;
      const given = { ...donor, amount: Math.max(amount, 0), avatarUrl: avatar ?? null };
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

/** With a secret every caller signs and may be anywhere; without one only this machine, never through a proxy (docs/design.md#the-credits-relay). */
function requireRelay(request: FastifyRequest, secret: string | null, clock: Clock): void {
  const isTrusted =
    secret === null
      ? isLocalCall(request) && request.headers['x-memalerts-internal'] === 'credits-event'
      : isSigned(request, secret, clock);
  if (!isTrusted) throw new BadInput('NOT_FOUND');
}

function isSigned({ headers, rawBody }: FastifyRequest, secret: string, clock: Clock): boolean {
  const timestamp = String(headers['x-memalerts-timestamp'] ?? '');
  const signature = Buffer.from(String(headers['x-memalerts-signature'] ?? ''), 'hex');
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest();
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return false;
  return Math.abs(clock.now().getTime() - Number(timestamp)) <= SIGNATURE_WINDOW_MS;
}
