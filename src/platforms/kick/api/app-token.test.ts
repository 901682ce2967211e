import { expect, test } from 'vitest';
import { kickDeps, simulatedKick } from '../../../../test/support/kick-world.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { PlatformRefused } from '../../../lib/errors.ts';
import { createAppToken } from './app-token.ts';

test('whoever needs the token shares one request for it, and its failure for a few seconds', async () => {
  const clock = new ManualClock(new Date());
  const sim = await simulatedKick(clock);
  const deps = kickDeps(sim.env(), clock);
  let requests = 0;
  const http: typeof deps.http = (...asked) => {
    requests += 1;
    return deps.http(...asked);
  };
  const wrong = kickDeps({ ...sim.env(), KICK_CLIENT_SECRET: 'wrong' }, clock);
  const refused = createAppToken({ http, clock }, wrong.settings as never);
  for (let caller = 0; caller < 100; caller += 1) await expect(refused.get()).rejects.toBeInstanceOf(PlatformRefused);
  expect(requests).toBe(1);
  await clock.advance(5000);
  await expect(refused.get()).rejects.toBeInstanceOf(PlatformRefused);
  expect(requests).toBe(2);
  const right = createAppToken({ http, clock }, deps.settings as never);
  const tokens = await Promise.all(Array.from({ length: 10 }, () => right.get()));
  expect(new Set(tokens).size).toBe(1);
  expect(requests).toBe(3);
});
