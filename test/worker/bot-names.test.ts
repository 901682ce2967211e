/** Own bots where a platform tells anybody's name by an id; the default bot is in the conformance suite. */
import { expect, test } from 'vitest';
import { simulate as simulateKick } from '../../simulators/kick/simulated-platform.ts';
import { simulate as simulateTwitch } from '../../simulators/twitch/simulated-platform.ts';
import type { Simulate } from '../../simulators/world/simulated-platform.ts';
import { simulate as simulateYouTube } from '../../simulators/youtube/simulated-platform.ts';
import { kick } from '../../src/platforms/kick/index.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { twitch } from '../../src/platforms/twitch/index.ts';
import { youtube } from '../../src/platforms/youtube/index.ts';
import { conformanceWorld, STREAMER } from '../conformance/world.ts';
import { createTestDatabase } from '../support/database.ts';

const OWN = 'north_helper';
const RENAMED = 'north_helper_two';

async function world(platform: Platform, simulate: Simulate) {
  const { url: databaseUrl } = await createTestDatabase({ forTest: true });
  const found = await conformanceWorld({ platform, simulate, databaseUrl });
  await found.linkOverride(await found.addStreamer(STREAMER), OWN);
  found.ability('rename')(OWN, RENAMED);
  return {
    ...found,
    /** The own bot goes by its new name in the database. */
    followed: () => found.leapUntil(async () => expect(await found.accountNames()).toContain(RENAMED)),
  };
}

test.for<[string, Platform, Simulate]>([
  ['Twitch', twitch, simulateTwitch],
  ['Kick', kick, simulateKick],
  ['YouTube', youtube, simulateYouTube],
])('an own bot that was renamed on %s is stored under its new name', async ([, platform, simulate]) => {
  const { startWorker, followed } = await world(platform, simulate);
  await startWorker();
  await followed();
});

test("where Kick does not take the application's token for names, it is asked with the bot's", async () => {
  const { sim, startWorker, followed } = await world(kick, simulateKick);
  const fault = { kind: 'answer', path: '/public/v1/users', status: 403, body: { message: 'Forbidden' }, times: 1 };
  const answer = await fetch(`${sim.urls.control}/httpFault`, { method: 'POST', body: JSON.stringify(fault) });
  expect(answer.status).toBe(200);
  await startWorker();
  await followed();
});
