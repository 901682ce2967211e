import { expect, test } from 'vitest';
import { prove, sign } from './signature.ts';

const SECRET = 'pinecone-secret-01';
const NOW = new Date('2026-03-04T05:10:00Z');
const BODY = Buffer.from('{"challenge":"ch-7f3a"}');
const genuine = {
  'twitch-eventsub-message-id': 'b1f6c2de-0001-4a6b-9c1e-2f4d5a6b7c8d',
  'twitch-eventsub-message-timestamp': '2026-03-04T05:06:07.123456789Z',
  'twitch-eventsub-message-signature': 'sha256=49173ad9769e8b45f894d2c9b1540898cceff234de32a01de7d2f82f0aad652b',
};

function refusalOf(headers: Record<string, string>, rawBody = BODY, secret: string | null = SECRET, now = NOW) {
  const proof = prove({ headers, rawBody }, secret, now);
  return proof.kind === 'refused' ? proof.message : proof.kind;
}

function signedAt(timestamp: string) {
  const id = genuine['twitch-eventsub-message-id'];
  return {
    ...genuine,
    'twitch-eventsub-message-timestamp': timestamp,
    'twitch-eventsub-message-signature': sign(SECRET, id, timestamp, BODY),
  };
}

test("a delivery is believed when its signature is Twitch's own over id, timestamp and the exact bytes", () => {
  expect(prove({ headers: genuine, rawBody: BODY }, SECRET, NOW)).toEqual({
    kind: 'genuine',
    messageId: 'b1f6c2de-0001-4a6b-9c1e-2f4d5a6b7c8d',
    sentAt: new Date('2026-03-04T05:06:07.123Z'),
  });
  expect(refusalOf(genuine, Buffer.from('{"challenge": "ch-7f3a"}'))).toBe('Invalid signature');
  expect(refusalOf(genuine, BODY, 'pinecone-secret-02')).toBe('Invalid signature');
  expect(refusalOf(genuine, BODY, null)).toBe('Invalid signature');
});

test('what is missing is named before what is wrong, and the signature is checked before the time', () => {
  const { 'twitch-eventsub-message-timestamp': _, ...incomplete } = genuine;
  expect(refusalOf(incomplete)).toBe('Missing signature headers');
  expect(refusalOf({ ...genuine, 'twitch-eventsub-message-timestamp': 'yesterday' })).toBe('Invalid signature');
  expect(refusalOf(signedAt('yesterday'))).toBe('Invalid timestamp');
});

test('a delivery from more than ten minutes away, either way, is refused', () => {
  expect(refusalOf(signedAt('2026-03-04T04:59:59Z'))).toBe('Request too old');
  expect(refusalOf(signedAt('2026-03-04T05:20:01Z'))).toBe('Request too old');
  expect(refusalOf(signedAt('2026-03-04T05:00:00Z'))).toBe('genuine');
  expect(refusalOf(signedAt(String(NOW.getTime())))).toBe('genuine');
});
