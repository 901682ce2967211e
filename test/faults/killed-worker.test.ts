import { expect, test, vi } from 'vitest';
import { startWorkerProcess } from '../support/processes.ts';
import { PATIENCE, type WorkerWorld, workerWorld } from '../support/worker-world.ts';

const SLUGS = Array.from({ length: 10 }, (_, index) => `room${index}`);

async function crowd() {
  const world = await workerWorld();
  const channels = await world.channels(...SLUGS);
  return { world, channels };
}

async function finished(world: WorkerWorld): Promise<void> {
  await vi.waitFor(
    async () => {
      const { rows } = await world.pg.query(
        `select count(*) as open from "ChatBotOutboxMessage" where status in ('pending', 'processing')`,
      );
      expect(rows[0]?.open).toBe(0);
    },
    { timeout: 20_000, interval: 50 },
  );
}

test('a worker killed in mid-delivery loses no message and doubles at most those on their way; order holds', async () => {
  const { world, channels } = await crowd();
  world.sim.faults.http({ kind: 'slow', path: '/helix/chat/messages', delayMs: 15, times: 10_000 });
  const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
  for (const id of Object.values(channels)) await world.queue(id, ...texts);
  const killed = await startWorkerProcess(world.processEnv);
  await vi.waitFor(() => expect(world.sim.log.all().length).toBeGreaterThan(60), PATIENCE);
  await killed.kill('SIGKILL');
  const reached = world.sim.log.all().length;
  expect(reached).toBeLessThan(200);

  await startWorkerProcess(world.processEnv);
  await finished(world);
  const said = SLUGS.flatMap((slug) => world.said(slug));
  expect(said.length - 200).toBeGreaterThanOrEqual(0);
  expect(said.length - 200).toBeLessThanOrEqual(SLUGS.length);
  for (const slug of SLUGS) expect([...new Set(world.said(slug))]).toEqual(texts);
  for (const id of Object.values(channels)) {
    expect(new Set((await world.outbox(id)).map(({ status }) => status))).toEqual(new Set(['sent']));
  }
}, 60_000);

test('an answer whose worker was killed while sending it is never given twice, and its fate says what happened', async () => {
  const { world, channels } = await crowd();
  for (const id of Object.values(channels)) await world.addCommand(id, '!hi', 'hello');
  const killed = await startWorkerProcess(world.processEnv);
  await world.joined(...SLUGS);
  world.sim.faults.http({ kind: 'lost', path: '/helix/chat/messages', times: 5 });
  world.sim.faults.http({ kind: 'ignored', path: '/helix/chat/messages', times: 5 });
  for (const slug of SLUGS) world.sim.say(slug, 'mira_k', '!hi');
  await vi.waitFor(async () => {
    const { rows } = await world.pg.query(
      `select count(*) as begun from "ChatBotOutboxMessage" where status = 'processing'`,
    );
    expect(rows[0]?.begun).toBe(SLUGS.length);
  }, PATIENCE);
  await killed.kill('SIGKILL');
  await world.sim.faults.clear();

  await startWorkerProcess(world.processEnv);
  await finished(world);
  for (const slug of SLUGS) expect(world.said(slug).length).toBeLessThanOrEqual(1);
  for (const id of Object.values(channels)) {
    expect(await world.outbox(id)).toMatchObject([{ status: 'failed', lastError: 'interrupted', attempts: 1 }]);
  }
}, 60_000);

test('a worker told to stop finishes what it is sending, gives back the rest, and ends with code 0', async () => {
  const { world, channels } = await crowd();
  world.sim.faults.http({ kind: 'slow', path: '/helix/chat/messages', delayMs: 1000, times: 10_000 });
  for (const id of Object.values(channels)) await world.queue(id, 'one', 'two', 'three', 'four', 'five');
  const worker = await startWorkerProcess(world.processEnv);
  await vi.waitFor(() => expect(world.sim.log.all().length).toBeGreaterThan(5), PATIENCE);
  expect(await worker.kill('SIGTERM')).toBe(0);
  const { rows } = await world.pg.query(
    'select status, count(*) as rows from "ChatBotOutboxMessage" group by status order by status',
  );
  const sent = world.sim.log.all().length;
  expect(rows).toEqual([
    { status: 'pending', rows: 50 - sent },
    { status: 'sent', rows: sent },
  ]);
  const left = await world.pg.query('select from "BotChannelLease" union all select from "BotWorker"');
  expect(left.rowCount).toBe(0);
}, 60_000);
