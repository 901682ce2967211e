/** What a guest costs who sends the API large JSON and endless text: others' wait, and CPU for each refusal. */
import { Agent } from 'node:http';
import { summarize } from '../../simulators/world/latency.ts';
import { issueSession } from '../../src/accounts/sessions.ts';
import type { ChannelId, UserId } from '../../src/lib/brand.ts';
import { ms } from '../figures.ts';
import { type Child, startChild } from '../lab/child.ts';
import { post } from '../lab/post.ts';
import { addChannels } from '../lab/seed.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const QUIET_SECONDS = 8;
const GUEST_SECONDS = 20;
const HOSTILE_SECONDS = 5;
const PROBE_EVERY_MS = 10;
const LEAST_BUDGET_MS = 100;
const TIMES_QUIET = 3;
const REFUSALS = 300;
const REFUSED_BYTES = 100 * 1024;
/** A hundredth of a core for five such requests a second. */
const REFUSAL_BUDGET_MS = 2;

export const guest: Row = {
  name: 'guest',
  measure: (lab) => lab.inWorld({}, measure),
};

async function measure(world: World): Promise<Figure[]> {
  const api = await world.startApi();
  const login = await signIn(world);
  await healthWhile(api, pause(1000));
  const quiet = await healthWhile(api, pause(QUIET_SECONDS * 1000));
  const floods = await healthWhile(api, flood(api));
  const hostile = await healthWhile(api, sendEndlessUrl(api, login));
  return [
    waitFigure('while a guest sends 1 MB and 127 kB of JSON', floods, quiet),
    waitFigure('while a streamer sends an endless URL', hostile, quiet),
    ...(await refusalFigures(api)),
  ];
}

function waitFigure(when: string, p99: number, quiet: number): Figure {
  const budget = Math.max(LEAST_BUDGET_MS, TIMES_QUIET * quiet);
  return {
    what: `GET /health ${when}, p99`,
    measured: ms(p99),
    budget: `≤ ${ms(budget)}`,
    isMet: p99 <= budget,
    note: `${ms(quiet)} without`,
    values: { p99Ms: p99, quietP99Ms: quiet },
  };
}

async function refusalFigures(api: Child): Promise<Figure[]> {
  const body = `[${'1,'.repeat(REFUSED_BYTES / 2 - 2)}1]`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const figures: Figure[] = [];
  for (const [what, path] of [
    ['without a login', '/streamer/bot/say'],
    ['without a signature', '/webhooks/kick/events'],
    ['of no relay', '/internal/credits/chatter'],
  ] as const) {
    const before = (await api.metrics()).cpuSeconds;
    for (let sent = 0; sent < REFUSALS; sent += 1) await post(agent, api.url + path, body, {});
    const cpuMs = (((await api.metrics()).cpuSeconds - before) * 1000) / REFUSALS;
    figures.push({
      what: `CPU per refused body of 100 kB ${what}`,
      measured: ms(cpuMs),
      budget: `≤ ${ms(REFUSAL_BUDGET_MS)}`,
      isMet: cpuMs <= REFUSAL_BUDGET_MS,
      values: { cpuMs },
    });
  }
  agent.destroy();
  return figures;
}

/** @returns p99 of the answers to a question every 10 ms, each on its own clock: who waits does not ask less often */
async function healthWhile(api: Child, work: Promise<unknown>): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const latenciesMs: number[] = [];
  const probes: Promise<void>[] = [];
  const probe = async () => {
    const sinceMs = performance.now();
    await post(agent, `${api.url}/health`, '', {}, 'GET');
    latenciesMs.push(performance.now() - sinceMs);
  };
  const timer = setInterval(() => void probes.push(probe()), PROBE_EVERY_MS);
  await work;
  clearInterval(timer);
  await Promise.all(probes);
  agent.destroy();
  return summarize(latenciesMs).p99 ?? 0;
}

async function flood(api: Child): Promise<void> {
  const child = startChild({
    file: 'bench/lab/guest.ts',
    args: [api.url, String(GUEST_SECONDS)],
    env: {},
    url: api.url,
    outputFile: '/dev/null',
  });
  while (child.isRunning) await pause(50);
}

async function sendEndlessUrl(api: Child, login: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ enabled: true, vkvideoChannelUrl: '/'.repeat(40_000) });
  const endMs = performance.now() + HOSTILE_SECONDS * 1000;
  while (performance.now() < endMs) {
    await post(agent, `${api.url}/streamer/bots/vkvideo`, body, { cookie: `token=${login}` }, 'PATCH');
  }
  agent.destroy();
}

async function signIn(world: World): Promise<string> {
  const [channel] = await addChannels(world, 1);
  const { rows } = await world.pg.query<{ id: UserId }>(
    `insert into "User" ("displayName", role, "channelId") values ('s', 'streamer', $1) returning id`,
    [channel?.id],
  );
  const session = { userId: rows[0]?.id as UserId, role: 'streamer', channelId: channel?.id as ChannelId } as const;
  return issueSession(session, world.jwtSecret, 3600, new Date());
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
