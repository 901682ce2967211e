import { expect, test } from 'vitest';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { prove, readTimestamp } from './proof.ts';
import { isSignedBy, readPublicKey, readSignature, type VerifyingKey } from './signature.ts';

/** The test vector of docs/platforms/kick.md#signature, made with a throw-away key. */
const PEM = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0tvNzuv/j4N42BFVNvZV
23Be/6CzGB3cJAutbaTOXo5PEUaBdDUmYs3v2mgWAVpVqtk0n2FrG/MTnPujgUrT
eigDn+9fu60max1gfEHsH2SV2vuTOJGLTYICzek3eUXFf4tfp3rBxyFaNqtd479n
b+UwIwBAk0pBIhRkQO5U7ZsvrQb4KiyyFkNMKWO/a3p9mOnrsbsO1VrSqwVufv5j
F95cLEDUM0momuviyrmmubGwHBE+Gmjyund2ZPsWOxaWJpgyrqX3IzruTXZzBmJ6
gVs0QI2g58UFBVjeVgh+zyKAXJE0e14+hclPeC14r71lQ7u7NvZ9uZQC3tIgtMxQ
pwIDAQAB
-----END PUBLIC KEY-----`;
const MESSAGE_ID = '01K0SIMDE0000000000000000A';
const TIMESTAMP = '2026-01-02T03:04:05Z';
const BODY = '{"message_id":"m-1","content":"Привет 🎉 <ok>","emotes":null}';
const SIGNATURE =
  'luHOJV+d85txepeotudjlRj9dOuriHPeDAxBbddobx/cRGwcHm2JTn/y3FLF9UZdMQnSDKTxO2sGf41Qn2UymDbtHXJa20rDJKHSU+GFT6iMJ3GD+w7goy9ukBGAPb0qIhy8/Pw7iKfbjbfPhrNfvoKFkOpj14sGKWWW3IPiLRGlU9i7jPicEvb/On5kOWYTaVJABsRwL2EX93MeZ9SLSaMOmSeGi9jEyTmFGC1kAFd60OhbGOJ74Qbg0s4KB6CS7lUqL6TBnn3qFl05nWImMpH3OjzPfxJpIeECnXbewGPUQpQIIZM36pC4LO0hU7JJHdItTiXlX/Ss1uePud9erA==';

const key = readPublicKey(PEM) as VerifyingKey;
const signature = readSignature(SIGNATURE) as Buffer;
const isGenuine = (body: string, timestamp = TIMESTAMP, messageId = MESSAGE_ID) =>
  isSignedBy(key, signature, { messageId, timestamp, rawBody: Buffer.from(body) });

test('the published vector verifies; one byte more anywhere, and it does not', () => {
  expect(Buffer.byteLength(BODY)).toBe(69);
  expect(isGenuine(BODY)).toBe(true);
  expect(isGenuine(`${BODY} `)).toBe(false);
  expect(isGenuine(`${BODY}\n`)).toBe(false);
  expect(isGenuine(JSON.stringify(JSON.parse(BODY), null, 1))).toBe(false);
  expect(isGenuine(BODY, '2026-01-02T03:04:05.000Z')).toBe(false);
  expect(isGenuine(BODY, TIMESTAMP, '01K0SIMDE0000000000000000B')).toBe(false);
});

test('the bytes are verified as they came, not as a framework would write them again', () => {
  const spaced = BODY.replaceAll(':', ' : ');
  expect(JSON.parse(spaced)).toEqual(JSON.parse(BODY));
  expect(isGenuine(spaced)).toBe(false);
  expect(isGenuine(JSON.stringify(JSON.parse(BODY)))).toBe(true);
});

test('a key is understood as PEM, with folded lines, and as its base64 body alone; nothing else is a key', () => {
  const body = PEM.split('\n').slice(1, -1);
  for (const text of [PEM, PEM.replaceAll('\n', '\\n'), body.join('\n'), body.join('')]) {
    expect(readPublicKey(text)?.asymmetricKeyType).toBe('rsa');
  }
  for (const text of ['', 'nonsense', PEM.replace('MIIB', 'AAAA'), body.slice(1).join('')]) {
    expect(readPublicKey(text)).toBeNull();
  }
});

test('headers that are missing, odd or old are refused with the reason, before any key is asked for', async () => {
  const now = new ManualClock(new Date('2026-01-02T03:05:00Z')).now();
  let asked = 0;
  const keys = {
    current: async () => {
      asked += 1;
      return key;
    },
    insteadOf: async () => null,
  };
  const headers = {
    'kick-event-message-id': MESSAGE_ID,
    'kick-event-message-timestamp': TIMESTAMP,
    'kick-event-signature': SIGNATURE,
  };
  const verdict = (changed: Record<string, string | undefined>) =>
    prove({ headers: { ...headers, ...changed }, rawBody: Buffer.from(BODY) }, keys, now, 600_000);
  expect(await verdict({})).toMatchObject({ kind: 'genuine', messageId: MESSAGE_ID });
  expect(asked).toBe(1);
  expect(await verdict({ 'kick-event-message-id': undefined })).toEqual({ kind: 'nameless' });
  const reasons: [Record<string, string | undefined>, string][] = [
    [{ 'kick-event-signature': undefined }, 'missing_signature'],
    [{ 'kick-event-message-timestamp': undefined }, 'missing_signature_headers'],
    [{ 'kick-event-message-timestamp': 'yesterday' }, 'invalid_timestamp'],
    [{ 'kick-event-message-timestamp': '2026-01-02T02:54:59Z' }, 'request_too_old'],
    [{ 'kick-event-message-timestamp': '2026-01-02T03:15:01Z' }, 'request_too_old'],
    [{ 'kick-event-signature': 'not base64!' }, 'invalid_signature_encoding'],
  ];
  for (const [changed, reason] of reasons) expect(await verdict(changed)).toMatchObject({ kind: 'refused', reason });
  expect(asked).toBe(1);
  expect(await verdict({ 'kick-event-signature': SIGNATURE.replace('luHO', 'AAAA') })).toMatchObject({
    reason: 'invalid_signature',
  });
});

test('a timestamp is a date, a date that stands twice, or milliseconds', () => {
  const at = new Date('2026-04-26T11:27:44Z');
  expect(readTimestamp('2026-04-26T2026-04-26T11:27:44Z')).toEqual(at);
  expect(readTimestamp('2026-04-26T11:27:44Z')).toEqual(at);
  expect(readTimestamp(String(at.getTime()))).toEqual(at);
  expect(readTimestamp('2026-04-26T2026-04-27T11:27:44Z')).toBeNull();
});
