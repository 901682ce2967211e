/** How many requests of streamers the API answers, beside the time of one question to its database. */
import { summarize } from '../../simulators/world/latency.ts';
import { ms, thousands } from '../figures.ts';
import { type Caller, signIn } from '../lab/caller.ts';
import { addChannels } from '../lab/seed.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 100;
const AT_ONCE = 16;
const SECONDS = 8;
const WARM_UP_SECONDS = 2;
const ROUND_TRIPS = 500;
/** A panel's page is there at once. */
const BUDGET_P99_MS = 100;

export const requests: Row = {
  name: 'requests',
  measure: (lab) => lab.inWorld({}, measure),
};

async function measure(world: World): Promise<Figure[]> {
  const channels = await addChannels(world, CHANNELS);
  const api = await world.startApi();
  await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: api.url });
  await world.joined(CHANNELS);
  const callers = await signIn(world, api.url, channels);
  const roundTripMs = await roundTrip(world);
  const figures: Figure[] = [];
  for (const [what, call] of [
    ['GET /streamer/bots', (caller: Caller) => caller.call('GET', '/streamer/bots')],
    [
      'POST /streamer/bot/say',
      (caller: Caller, number: number) => caller.call('POST', '/streamer/bot/say', { message: `said ${number}` }),
    ],
  ] as const) {
    await run(callers, call, WARM_UP_SECONDS);
    const { perSecond, p50, p99 } = await run(callers, call, SECONDS);
    figures.push({
      what: `${what}, ${AT_ONCE} at once: requests/s, p50 / p99`,
      measured: `${thousands(perSecond)}/s, ${ms(p50)} / ${ms(p99)}`,
      budget: `p99 ≤ ${BUDGET_P99_MS} ms`,
      isMet: p99 !== null && p99 <= BUDGET_P99_MS,
      note: `one round trip to the database takes ${ms(roundTripMs)}`,
      values: { perSecond, p50Ms: p50, p99Ms: p99, roundTripMs },
    });
  }
  return figures;
}

async function run(
  callers: readonly Caller[],
  call: (caller: Caller, number: number) => Promise<void>,
  seconds: number,
): Promise<{ perSecond: number; p50: number | null; p99: number | null }> {
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let number = 0;
  const keepCalling = async () => {
    while (performance.now() < endMs) {
      number += 1;
      const caller = callers[number % callers.length];
      const sinceMs = performance.now();
      if (caller !== undefined) await call(caller, number);
      latenciesMs.push(performance.now() - sinceMs);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepCalling));
  const tookSeconds = (performance.now() - startMs) / 1000;
  const { p50, p99 } = summarize(latenciesMs);
  return { perSecond: latenciesMs.length / tookSeconds, p50, p99 };
}

async function roundTrip({ pg }: World): Promise<number | null> {
  const latenciesMs: number[] = [];
  for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
    const sinceMs = performance.now();
    await pg.query('select 1');
    latenciesMs.push(performance.now() - sinceMs);
  }
  return summarize(latenciesMs).p50;
}
