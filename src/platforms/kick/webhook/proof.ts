/** Proves that a delivery comes from Kick and is fresh, before anything in it is believed (docs/contract/http-api.md#kick-webhook, docs/platforms/kick.md#webhook-delivery). */
import type { KeyRing } from './public-key.ts';
import { isSignedBy, readSignature } from './signature.ts';

export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came. */
  readonly rawBody: Buffer;
}

/** The contract's reasons (docs/contract/workers.md#kick-webhook). */
export type RefusalReason =
  | 'missing_signature'
  | 'missing_signature_headers'
  | 'invalid_timestamp'
  | 'request_too_old'
  | 'public_key_unavailable'
  | 'invalid_signature_encoding'
  | 'invalid_signature';

export type Proof =
  | { kind: 'genuine'; messageId: string; sentAt: Date }
  | { kind: 'nameless' }
  | { kind: 'refused'; reason: RefusalReason; ageMs: number | null };

export async function prove(
  { headers, rawBody }: SignedDelivery,
  keys: KeyRing,
  now: Date,
  windowMs: number,
): Promise<Proof> {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const messageId = header('kick-event-message-id');
  const timestamp = header('kick-event-message-timestamp') ?? header('kick-event-timestamp');
  const signatureText = header('kick-event-signature');
  if (messageId === null) return { kind: 'nameless' };
  if (signatureText === null) return refused('missing_signature');
  if (timestamp === null) return refused('missing_signature_headers');
  const sentAt = readTimestamp(timestamp);
  if (sentAt === null) return refused('invalid_timestamp');
  const ageMs = now.getTime() - sentAt.getTime();
  if (Math.abs(ageMs) > windowMs) return refused('request_too_old', ageMs);
  const signature = readSignature(signatureText);
  if (signature === null) return refused('invalid_signature_encoding', ageMs);
  const key = await keys.current();
  if (key === null) return refused('public_key_unavailable', ageMs);
  const parts = { messageId, timestamp, rawBody };
  if (isSignedBy(key, signature, parts)) return { kind: 'genuine', messageId, sentAt };
  const rotated = await keys.insteadOf(key);
  if (rotated !== null && isSignedBy(rotated, signature, parts)) return { kind: 'genuine', messageId, sentAt };
  return refused('invalid_signature', ageMs);
}

/** RFC 3339; epoch milliseconds, and a date that stands twice, are understood (docs/platforms/kick.md#acknowledgement-and-retries). */
export function readTimestamp(text: string): Date | null {
  const repaired = text.replace(/^(\d{4}-\d{2}-\d{2})T(?=\1T)/, '');
  const date = new Date(/^\d+$/.test(repaired) ? Number(repaired) : repaired);
  return Number.isNaN(date.getTime()) ? null : date;
}

function refused(reason: RefusalReason, ageMs: number | null = null): Proof {
  return { kind: 'refused', reason, ageMs };
}
