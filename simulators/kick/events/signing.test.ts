/** The signature, against the published test vector and against the key the platform tells. */
import { createHash, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { isGenuine, publicKey, simulator, streamer, subscribe, Webhook } from '../test-support.ts';
import { signedBytes } from './signing.ts';

// docs/platforms/kick.md#signature.
const VECTOR = {
  id: '01K0SIMDE0000000000000000A',
  timestamp: '2026-01-02T03:04:05Z',
  body: '{"message_id":"m-1","content":"Привет 🎉 <ok>","emotes":null}',
  sha256: '606c277d9b7bb0c187ea9991efd0890ae8a9c828074adefda8d6c421c16931d8',
  signature:
    'luHOJV+d85txepeotudjlRj9dOuriHPeDAxBbddobx/cRGwcHm2JTn/y3FLF9UZdMQnSDKTxO2sGf41Qn2UymDbtHXJa20rDJKHSU+GFT6iMJ3GD' +
    '+w7goy9ukBGAPb0qIhy8/Pw7iKfbjbfPhrNfvoKFkOpj14sGKWWW3IPiLRGlU9i7jPicEvb/On5kOWYTaVJABsRwL2EX93MeZ9SLSaMOmSeGi9jE' +
    'yTmFGC1kAFd60OhbGOJ74Qbg0s4KB6CS7lUqL6TBnn3qFl05nWImMpH3OjzPfxJpIeECnXbewGPUQpQIIZM36pC4LO0hU7JJHdItTiXlX/Ss1uePud9erA==',
  publicKey: `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0tvNzuv/j4N42BFVNvZV
23Be/6CzGB3cJAutbaTOXo5PEUaBdDUmYs3v2mgWAVpVqtk0n2FrG/MTnPujgUrT
eigDn+9fu60max1gfEHsH2SV2vuTOJGLTYICzek3eUXFf4tfp3rBxyFaNqtd479n
b+UwIwBAk0pBIhRkQO5U7ZsvrQb4KiyyFkNMKWO/a3p9mOnrsbsO1VrSqwVufv5j
F95cLEDUM0momuviyrmmubGwHBE+Gmjyund2ZPsWOxaWJpgyrqX3IzruTXZzBmJ6
gVs0QI2g58UFBVjeVgh+zyKAXJE0e14+hclPeC14r71lQ7u7NvZ9uZQC3tIgtMxQ
pwIDAQAB
-----END PUBLIC KEY-----
`,
};

function vectorVerifies(body: string): boolean {
  const bytes = signedBytes(VECTOR.id, VECTOR.timestamp, Buffer.from(body));
  return verify('RSA-SHA256', bytes, VECTOR.publicKey, Buffer.from(VECTOR.signature, 'base64'));
}

test('what is signed is what the published vector was made over', () => {
  const bytes = signedBytes(VECTOR.id, VECTOR.timestamp, Buffer.from(VECTOR.body));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(VECTOR.sha256);
  expect(vectorVerifies(VECTOR.body)).toBe(true);
  expect(vectorVerifies(`${VECTOR.body} `)).toBe(false);
  expect(vectorVerifies(`${VECTOR.body}\n`)).toBe(false);
});

test('every delivery verifies over its exact bytes with the key the platform tells, without a token', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  await subscribe(sim, streamer(sim).token, 'chat.message.sent');
  sim.say('northpine', 'mira_k', 'Привет 🎉 <ok>');
  const [delivery] = await webhook.next(1);
  const pem = await publicKey(sim);
  expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  expect(delivery && isGenuine(delivery, pem)).toBe(true);
  expect(delivery?.headers['kick-event-signature']).toHaveLength(344);
  expect(delivery && isGenuine({ ...delivery, raw: Buffer.concat([delivery.raw, Buffer.from(' ')]) }, pem)).toBe(false);
});

test('after a rotation the new key signs and is told; the old one no longer verifies', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  await subscribe(sim, streamer(sim).token, 'chat.message.sent');
  const before = await publicKey(sim);
  sim.faults.rotateKey();
  sim.say('northpine', 'mira_k', 'hello');
  const [delivery] = await webhook.next(1);
  expect(delivery && isGenuine(delivery, before)).toBe(false);
  expect(delivery && isGenuine(delivery, await publicKey(sim))).toBe(true);
});

test('the key endpoint can be away while deliveries go on', async () => {
  const sim = await simulator();
  const webhook = await Webhook.of(sim);
  await subscribe(sim, streamer(sim).token, 'chat.message.sent');
  sim.faults.hideKey();
  expect((await fetch(`${sim.urls.api}/public/v1/public-key`)).status).toBe(503);
  sim.say('northpine', 'mira_k', 'hello');
  await webhook.next(1);
  sim.faults.hideKey(false);
  expect((await fetch(`${sim.urls.api}/public/v1/public-key`)).status).toBe(200);
});
