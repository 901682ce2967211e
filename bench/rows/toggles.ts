/** Two hundred bots switched on at once: how soon each is in its chat. */
import { summarize } from '../../simulators/world/latency.ts';
import { median, ms } from '../figures.ts';
import { signIn } from '../lab/caller.ts';
import { addChannels, type BenchChannel } from '../lab/seed.ts';
import { epochMs, until } from '../lab/until.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 200;
const RUNS = 3;
const BUDGET_MS = 250;

interface Toggle {
  /** Whether the wait begins with the call, or with its end. */
  readonly countsItself: boolean;
  run(channel: BenchChannel): Promise<unknown>;
}

export const toggles: Row = {
  name: 'toggles',
  measure: (lab) =>
    lab.inWorld({}, async (world) => {
      const channels = await addChannels(world, CHANNELS, { enabled: false });
      const api = await world.startApi();
      await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: api.url });
      const callers = await signIn(world, api.url, channels);
      const callerOf = new Map(callers.map((caller) => [caller.channel.id, caller]));
      const bySql: Toggle = {
        countsItself: false,
        run: ({ id }) => world.pg.query('update "ChatBotSubscription" set enabled = true where "channelId" = $1', [id]),
      };
      const byApi: Toggle = {
        countsItself: true,
        run: async ({ id }) => callerOf.get(id)?.call('PATCH', '/streamer/bots/twitch', { enabled: true }),
      };
      return [
        figure('200 bots switched on at once → joined, p99', 'commit', await medianP99(world, channels, bySql)),
        figure(
          '200 bots switched on at once by the API → joined, p99',
          'call',
          await medianP99(world, channels, byApi),
        ),
      ];
    }),
};

function figure(what: string, since: string, p99: number): Figure {
  return {
    what,
    measured: ms(p99),
    budget: `≤ ${BUDGET_MS} ms`,
    isMet: p99 <= BUDGET_MS,
    note: `join limit off; each from its ${since} on; median of ${RUNS} runs`,
    values: { p99Ms: p99 },
  };
}

async function medianP99(world: World, channels: readonly BenchChannel[], toggle: Toggle): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const sinceMs = new Map<string, number>();
    await Promise.all(
      channels.map(async (channel) => {
        sinceMs.set(channel.login, epochMs());
        await toggle.run(channel);
        if (!toggle.countsItself) sinceMs.set(channel.login, epochMs());
      }),
    );
    await world.joined(CHANNELS);
    const joined = await world.twitch.joinedAtMs();
    const waits = [...joined].map(([login, atMs]) => Math.max(0, atMs - (sinceMs.get(login) ?? Number.NaN)));
    runs.push(summarize(waits).p99 ?? Number.NaN);
    await world.pg.query('update "ChatBotSubscription" set enabled = false');
    await until(10, 'every channel is left', async () => (await world.twitch.joinedAtMs()).size === 0);
  }
  return median(runs);
}
