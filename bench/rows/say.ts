/** From a streamer's `say` to the platform, in a channel where nothing else happens. */
import { setTimeout as pause } from 'node:timers/promises';
import { summarize } from '../../simulators/world/latency.ts';
import { ms } from '../figures.ts';
import { signIn } from '../lab/caller.ts';
import { addChannels, type SpeaksBy } from '../lab/seed.ts';
import { epochMs, until } from '../lab/until.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 100;
const WARM_UP = 60;
const MESSAGES = 400;
const BETWEEN_MS = 15;
const BUDGET_MS = { p50: 5, p99: 25 };

export const say: Row = {
  name: 'say',
  measure: async (lab) => {
    const figures: Figure[] = [];
    for (const speaksBy of ['irc', 'helix'] as const) {
      figures.push(await lab.inWorld({ speaksBy }, (world) => measure(world, speaksBy)));
    }
    return figures;
  },
};

async function measure(world: World, speaksBy: SpeaksBy): Promise<Figure> {
  const channels = await addChannels(world, CHANNELS);
  const api = await world.startApi();
  await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: api.url });
  await world.joined(CHANNELS);
  const callers = await signIn(world, api.url, channels);
  const ear = await world.twitch.listen();
  const saidAtMs = new Map<string, number>();
  for (let number = 0; number < WARM_UP + MESSAGES; number += 1) {
    const message = `said ${number}`;
    saidAtMs.set(message, epochMs());
    const caller = callers[number % callers.length];
    await caller?.call('POST', '/streamer/bot/say', { message });
    await pause(BETWEEN_MS);
  }
  await until(15, 'everything said was heard', () => ear.messages.length >= WARM_UP + MESSAGES);
  ear.stop();
  const latencies = ear.messages.map(
    ({ text, arrivedAtMs }) => arrivedAtMs - (saidAtMs.get(text.trim()) ?? Number.NaN),
  );
  const { p50, p99 } = summarize(latencies.slice(WARM_UP));
  return {
    what: `POST /streamer/bot/say → platform by ${speaksBy}, idle channel, p50 / p99`,
    measured: `${ms(p50)} / ${ms(p99)}`,
    budget: '≤ 5 / ≤ 25 ms',
    isMet: (p50 ?? Number.POSITIVE_INFINITY) <= BUDGET_MS.p50 && (p99 ?? Number.POSITIVE_INFINITY) <= BUDGET_MS.p99,
    note: `${MESSAGES} messages, ${CHANNELS} channels`,
    values: { p50Ms: p50, p99Ms: p99 },
  };
}
