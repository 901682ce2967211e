/** Proves that a delivery comes from Twitch and is fresh, before anything in it is believed (docs/contract/http-api.md#twitch-eventsub-webhook). */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came. */
  readonly rawBody: Buffer;
}

export type Proof =
  | { kind: 'genuine'; messageId: string; sentAt: Date }
  /** The contract's sentence. */
  | { kind: 'refused'; message: string };

const REPLAY_WINDOW_MS = 10 * 60 * 1000;

export function prove({ headers, rawBody }: SignedDelivery, secret: string | null, now: Date): Proof {
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => {
    const value = headers[`twitch-eventsub-message-${name}`];
    return typeof value === 'string' && value !== '' ? value : null;
  });
  if (!id || !timestamp || !signature) return refusal('Missing signature headers');
  if (secret === null || !isEqual(signature, sign(secret, id, timestamp, rawBody))) return refusal('Invalid signature');
  const sentAt = parseTimestamp(timestamp);
  if (sentAt === null) return refusal('Invalid timestamp');
  if (Math.abs(now.getTime() - sentAt.getTime()) > REPLAY_WINDOW_MS) return refusal('Request too old');
  return { kind: 'genuine', messageId: id, sentAt };
}

export function sign(secret: string, messageId: string, timestamp: string, rawBody: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(messageId).update(timestamp).update(rawBody).digest('hex')}`;
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** RFC 3339 with nanoseconds; epoch milliseconds are tolerated. */
function parseTimestamp(text: string): Date | null {
  const date = new Date(/^\d+$/.test(text) ? Number(text) : text);
  return Number.isNaN(date.getTime()) ? null : date;
}

function refusal(message: string): Proof {
  return { kind: 'refused', message };
}
