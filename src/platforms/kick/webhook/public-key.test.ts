import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { kickDeps } from '../../../../test/support/kick-world.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { PlatformUnreachable } from '../../../lib/errors.ts';
import { createKeyRing } from './public-key.ts';
import type { VerifyingKey } from './signature.ts';

const HOUR = 3_600_000;

function world() {
  const deps = kickDeps({}, new ManualClock());
  const kick = { pem: newPem(), isAway: false, calls: 0 };
  const api = {
    asNobody: async () => {
      kick.calls += 1;
      if (kick.isAway) throw new PlatformUnreachable('away');
      return { data: { public_key: kick.pem }, message: 'OK' };
    },
  };
  return { ...deps, kick, keys: createKeyRing({ ...deps, api, given: null, lifeMs: 600_000 }) };
}

function newPem(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  }) as string;
}

test('everybody who waits for the first key waits for one fetch, and later ones for none', async () => {
  const { keys, kick } = world();
  const found = await Promise.all(Array.from({ length: 50 }, () => keys.current()));
  expect(new Set(found).size).toBe(1);
  await keys.current();
  expect(kick.calls).toBe(1);
});

test('an old key is used while a newer one is fetched, and for as long as none can be', async () => {
  const { keys, kick, clock, lines } = world();
  const first = await keys.current();
  kick.isAway = true;
  for (let hour = 0; hour < 3; hour += 1) {
    await clock.advance(HOUR);
    expect(await keys.current()).toBe(first);
  }
  expect(lines.filter((line) => line.includes('kick.webhook.public_key_fetch_failed'))).toHaveLength(1);
});

test('while no key could ever be had there is none, and Kick is asked about once a second at most', async () => {
  const { keys, kick, clock } = world();
  kick.isAway = true;
  for (let delivery = 0; delivery < 100; delivery += 1) expect(await keys.current()).toBeNull();
  expect(kick.calls).toBe(1);
  kick.isAway = false;
  await clock.advance(1000);
  expect(await keys.current()).not.toBeNull();
});

test('a key that changed is fetched at the first failure; a flood of failures asks once a minute', async () => {
  const { keys, kick, clock } = world();
  const first = (await keys.current()) as VerifyingKey;
  const flood = async (times: number) => {
    for (let index = 0; index < times; index += 1) expect(await keys.insteadOf(first)).toBeNull();
  };
  await flood(100);
  expect(kick.calls).toBe(2);
  await clock.advance(59_000);
  await flood(10);
  expect(kick.calls).toBe(2);

  kick.pem = newPem();
  await clock.advance(1000);
  const [second, third] = await Promise.all([keys.insteadOf(first), keys.insteadOf(first)]);
  expect(second).not.toBeNull();
  expect(third).toBe(second);
  expect(await keys.current()).toBe(second);
  expect(await keys.insteadOf(first)).toBe(second);
  expect(kick.calls).toBe(3);
});

test('a changed key that could not be fetched is asked for again after a second, not after a minute', async () => {
  const { keys, kick, clock } = world();
  const first = (await keys.current()) as VerifyingKey;
  kick.pem = newPem();
  kick.isAway = true;
  expect(await keys.insteadOf(first)).toBeNull();
  kick.isAway = false;
  expect(await keys.insteadOf(first)).toBeNull();
  await clock.advance(1000);
  expect(await keys.insteadOf(first)).not.toBeNull();
  expect(kick.calls).toBe(3);
});
