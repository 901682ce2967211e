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

type Toggle = (channel: BenchChannel) => Promise<unknown>;

interface Waits {
  /** 99th percentiles of the wait for the bot, from the commit and from the call on. */
  readonly sinceCommitMs: number;
  readonly sinceCallMs: number;
}

export const toggles: Row = {
  name: 'toggles',
  measure: (lab) =>
    lab.inWorld({}, async (world) => {
      const channels = await addChannels(world, CHANNELS);
      await world.pg.query(
        `insert into "BotIntegrationSettings" ("channelId", provider, enabled) select id, 'twitch', false from "Channel"`,
      );
      const api = await world.startApi();
      await world.startWorker({ CHATBOT_BACKEND_BASE_URLS: api.url });
      const callers = await signIn(world, api.url, channels);
      const callerOf = new Map(callers.map((caller) => [caller.channel.id, caller]));
      const bySql: Toggle = ({ id }) =>
        world.pg.query('update "BotIntegrationSettings" set enabled = true where "channelId" = $1', [id]);
      const byApi: Toggle = async ({ id }) =>
        callerOf.get(id)?.call('PATCH', '/streamer/bots/twitch', { enabled: true });
      return [
        figure('200 bots switched on at once in the database → joined, p99', await measure(world, channels, bySql)),
        figure(
          '200 bots switched on at once by PATCH /streamer/bots → joined, p99',
          await measure(world, channels, byApi),
        ),
      ];
    }),
};

function figure(what: string, { sinceCommitMs, sinceCallMs }: Waits): Figure {
  return {
    what,
    measured: ms(sinceCommitMs),
    budget: `≤ ${BUDGET_MS} ms`,
    isMet: sinceCommitMs <= BUDGET_MS,
    note: `join limit off; from the commit on, from the call on ${ms(sinceCallMs)}; median of ${RUNS} runs`,
    values: { p99Ms: sinceCommitMs, sinceCallP99Ms: sinceCallMs },
  };
}

async function measure(world: World, channels: readonly BenchChannel[], toggle: Toggle): Promise<Waits> {
  const runs: Waits[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const calledAtMs = epochMs();
    await Promise.all(channels.map(toggle));
    await world.joined(CHANNELS);
    const joined = await world.twitch.joinedAtMs();
    const committed = await commitTimes(world);
    const waits = (since: (login: string) => number) =>
      summarize([...joined].map(([login, atMs]) => atMs - since(login))).p99 ?? Number.NaN;
    runs.push({
      sinceCommitMs: waits((login) => committed.get(login) ?? Number.NaN),
      sinceCallMs: waits(() => calledAtMs),
    });
    await world.pg.query('update "BotIntegrationSettings" set enabled = false');
    await until(10, 'every channel is left', async () => (await world.twitch.joinedAtMs()).size === 0);
  }
  return {
    sinceCommitMs: median(runs.map(({ sinceCommitMs }) => sinceCommitMs)),
    sinceCallMs: median(runs.map(({ sinceCallMs }) => sinceCallMs)),
  };
}

/** When each transaction that switched a bot on began: a little before its commit. */
async function commitTimes({ pg }: World): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pg.query<{ login: string; updatedAt: Date }>(
    `select c.slug as login, s."updatedAt" from "BotIntegrationSettings" s join "Channel" c on c.id = s."channelId"`,
  );
  return new Map(rows.map(({ login, updatedAt }) => [login, updatedAt.getTime()]));
}
