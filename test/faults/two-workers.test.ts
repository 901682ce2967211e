import { expect, test, vi } from 'vitest';
import { startWorkerProcess } from '../support/processes.ts';
import { BOT_LOGIN, workerWorld } from '../support/worker-world.ts';

const SLUGS = Array.from({ length: 20 }, (_, index) => `room${index}`);
const LONG = { timeout: 20_000, interval: 20 };

test('two workers at once give each line one answer, share the channels, and take over from one another', async () => {
  const world = await workerWorld();
  const channels = await world.channels(...SLUGS);
  // Of equal answers that wait a chat gets one: every round asks something else.
  for (const id of Object.values(channels)) {
    for (let round = 0; round < 10; round += 1) await world.addCommand(id, `!hi${round}`, `hello ${round}`);
  }
  const [first, second] = await Promise.all([
    startWorkerProcess(world.processEnv),
    startWorkerProcess(world.processEnv),
  ]);
  await Promise.all([first.ready(), second.ready()]);
  const leases = async () => {
    const { rows } = await world.pg.query<{ pid: number; held: number }>(
      `select w.pid, count(*) as held from "BotChannelLease" l join "BotWorker" w using ("startNumber") group by w.pid`,
    );
    return new Map(rows.map(({ pid, held }) => [pid, held]));
  };
  await vi.waitFor(async () => expect([...(await leases()).values()]).toEqual([10, 10]), LONG);

  const ask = async (rounds: number) => {
    await vi.waitFor(() => {
      for (const slug of SLUGS) expect(world.sim.readersOf(slug)).toContain(BOT_LOGIN);
    }, LONG);
    const before = SLUGS.map((slug) => world.said(slug).length);
    for (let round = 0; round < rounds; round += 1) {
      for (const slug of SLUGS) world.sim.say(slug, 'mira_k', `!hi${round}`);
    }
    await vi.waitFor(() => {
      for (const [index, slug] of SLUGS.entries()) {
        expect(world.said(slug).length - (before[index] ?? 0)).toBeGreaterThanOrEqual(rounds);
      }
    }, LONG);
  };
  const allSent = (rows: number) =>
    vi.waitFor(async () => {
      const found = await world.pg.query('select status, count(*) as rows from "ChatBotOutboxMessage" group by 1');
      expect(found.rows).toEqual([{ status: 'sent', rows }]);
    }, LONG);
  await ask(10);
  // An answer whose fate was not written yet would end as interrupted.
  await allSent(20 * 10);

  const killedAtMs = performance.now();
  await first.kill('SIGKILL');
  await vi.waitFor(async () => expect(await leases()).toEqual(new Map([[second.pid, 20]])), LONG);
  expect(performance.now() - killedAtMs).toBeLessThan(15_000);
  await ask(5);
  await allSent(20 * 15);
  for (const slug of SLUGS) expect(world.said(slug)).toHaveLength(15);
}, 60_000);
