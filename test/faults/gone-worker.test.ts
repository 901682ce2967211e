import { expect, test } from 'vitest';
import type { ChannelId } from '../../src/lib/brand.ts';
import { startApiWorld } from '../support/api-world.ts';
import { openEvents } from '../support/event-reader.ts';
import { startWorkerProcess } from '../support/processes.ts';
import { workerWorld } from '../support/worker-world.ts';

const PROMISED_MS = 15_000;
/** Beyond the promise, for what the machine itself takes. */
const POLL = { timeout: PROMISED_MS + 2_000, interval: 100 };
const JOIN = { timeout: 15_000, interval: 100 };

/** One channel that a worker process reads, and every place that shows its state. */
async function world() {
  const world = await workerWorld();
  const { northpine } = await world.channels('northpine');
  const worker = await startWorkerProcess(world.processEnv);
  const api = await startApiWorld(world.databaseUrl);
  const who = await api.streamer();
  const owner = await api.person('admin');
  const own = { channelId: northpine as ChannelId };
  await world.db.updateTable('User').set(own).where('id', '=', who.userId).execute();
  const reader = await openEvents(api.port, '/streamer/events', who);
  const bot = async () => (await api.ask(who, 'GET', '/streamer/bots')).json.items[0];
  const places = async () => {
    const [, told] = reader.events.findLast(([name]) => name === 'bots:state') ?? [];
    const { findings } = (await api.ask(who, 'GET', '/streamer/bots/twitch/diagnostics')).json;
    const workers = (await api.ask(owner, 'GET', '/owner/workers')).json.items;
    return {
      listed: (await bot()).cause,
      told: (told as { items: { cause: string }[] } | undefined)?.items[0]?.cause,
      diagnosed: findings.find(({ check }: { check: string }) => check === 'worker')?.cause,
      lives: workers.some(({ isAlive }: { isAlive: boolean }) => isAlive),
    };
  };
  await expect.poll(places, JOIN).toEqual(WELL);
  return { ...world, worker, bot, places };
}

const WELL = { listed: 'chat_read', told: 'chat_read', diagnosed: 'worker_ready', lives: true };
const GONE = { listed: 'worker_gone', told: 'worker_gone', diagnosed: 'worker_gone', lives: false };

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a worker that is gone (%s) is called so within 15 s in every place that shows a state, and another one heals it',
  async (signal) => {
    const { worker, places, bot, processEnv, db } = await world();
    const goneAt = Date.now();
    process.kill(worker.pid, signal);
    await expect.poll(places, POLL).toEqual(GONE);
    expect(Date.now() - goneAt).toBeLessThan(PROMISED_MS + 1_000);
    const { heartbeatAt } = await db.selectFrom('BotWorker').select('heartbeatAt').executeTakeFirstOrThrow();
    expect((await bot()).since).toBe(heartbeatAt.toISOString());

    await startWorkerProcess(processEnv);
    await expect.poll(places, JOIN).toEqual(WELL);
  },
);
