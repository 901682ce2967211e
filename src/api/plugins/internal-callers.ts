/** Who may call `/internal/*`: processes of this installation (docs/contract/http-api.md#relay-a-chatter). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';
import { isLocalCall } from '../../lib/loopback.ts';

const SIGNATURE_WINDOW_MS = 5 * 60 * 1000;

/**
 * With a secret every caller signs and may be anywhere; without one only this machine, never through a proxy (docs/design.md#the-credits-relay).
 *
 * @throws BadInput as for a route that does not exist
 */
export function requireInternal(request: FastifyRequest, secret: string | null, clock: Clock): void {
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
