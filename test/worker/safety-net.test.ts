import { expect, test, vi } from 'vitest';
import { startHealthServer } from '../../src/engine/worker/health-server.ts';
import { createWorkerMetrics } from '../../src/engine/worker/metrics.ts';
import { readinessOf } from '../../src/engine/worker/readiness.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { BOT_LOGIN, PATIENCE, workerWorld } from '../support/worker-world.ts';

test('a change whose hint was lost is found by the sync timer', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.addCommand(channelId, '!hi', 'hello');
  const { worker } = world.startWorker({
    env: { CHATBOT_SYNC_SECONDS: '5', CHATBOT_COMMANDS_REFRESH_SECONDS: '5' },
  });
  await world.joined('northpine');
  await world.pg.query(`
    create or replace function memalerts_hint(kind text, provider text, channels text[]) returns void
    language plpgsql as $$ begin end $$`);
  await world.channels('southoak');
  await world.db.updateTable('ChatBotCommand').set({ response: 'bonjour' }).execute();
  await vi.waitFor(() => expect(world.sim.readersOf('southoak')).toContain(BOT_LOGIN), PATIENCE);
  await vi.waitFor(() => {
    world.sim.say('northpine', 'mira_k', '!hi');
    expect(world.said('northpine')).toContain('bonjour');
  }, PATIENCE);
  expect(worker.presence.channels.held().size).toBe(2);
}, 40_000);

test('an operator asks a worker whether it lives, is ready and what it did, on this machine only', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.addCommand(channelId, '!hi', 'hello');
  const { worker } = world.startWorker();
  const server = await startHealthServer(
    0,
    () => readinessOf(worker, systemClock),
    createWorkerMetrics(worker, 'twitch', systemClock),
  );
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  expect((await ask('/healthz')).status).toBe(200);
  await world.joined('northpine');
  world.sim.say('northpine', 'mira_k', '!hi');
  await vi.waitFor(async () => {
    const ready = await ask('/readyz');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text)).toMatchObject({
      status: 'ready',
      reasons: [],
      copies: 1,
      channels: { desired: 1, held: 1, live: 1 },
      lastSyncAt: expect.stringMatching(/^20.*Z$/),
      oldestWaitingSeconds: 0,
      sender: { kind: 'default', login: 'memalerts_bot', reason: 'default_bot', grantEndsAt: null },
    });
  }, PATIENCE);
  await vi.waitFor(async () => {
    const { text } = await ask('/metrics');
    expect(text).toContain('memalerts_chat_lines_total{fate="read",provider="twitch"} 1');
    expect(text).toContain('memalerts_outbox_messages_total{outcome="sent",provider="twitch"} 1');
    expect(text).toContain('memalerts_channels{state="live",provider="twitch"} 1');
  }, PATIENCE);
  expect((await ask('/nothing')).status).toBe(404);
  await server.close();
});

test('a reader that hears nothing in any channel for a minute is not ready, however seldom it is asked', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const clock = new ShiftedClock();
  const { worker } = world.startWorker({ clock });
  await world.joined('northpine');
  const look = () => readinessOf(worker, clock);
  await vi.waitFor(() => expect(look()).toMatchObject({ ready: true, channels: { live: 1 } }), PATIENCE);
  await world.sim.faults.refuse();
  await vi.waitFor(() => expect(worker.health.counts().get('live')).toBeUndefined(), PATIENCE);
  clock.shift(30_000);
  expect(look().ready).toBe(true);
  clock.shift(30_000);
  expect(look()).toMatchObject({ ready: false, reasons: ['reader_deaf'] });
  await world.sim.faults.accept();
  await vi.waitFor(() => expect(look().ready).toBe(true), PATIENCE);
});

test('a table that is missing below a worker is told with its cure, and the worker is ready once it is there', async () => {
  const world = await workerWorld();
  await world.pg.query('alter table "ChatBotSubscription" rename to elsewhere');
  const { worker, log } = world.startWorker();
  const look = () => readinessOf(worker, systemClock);
  await vi.waitFor(() => expect(look()).toMatchObject({ ready: false, reasons: ['sync_failed'] }), PATIENCE);
  const told = log.filter(({ event }) => event === 'chatbot.sync_failed');
  expect(told).toMatchObject([{ fix: 'pnpm memalerts migrate' }]);
  await world.pg.query('alter table elsewhere rename to "ChatBotSubscription"');
  await vi.waitFor(() => expect(look().ready).toBe(true), PATIENCE);
});

test('a worker whose row is gone registers anew and serves on, seen alive under its new number', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.addCommand(channelId, '!hi', 'hello');
  const { worker } = world.startWorker();
  await world.joined('northpine');
  const before = worker.presence.life.startNumber;
  await world.pg.query('delete from "BotWorker"');
  await vi.waitFor(async () => {
    const { rows } = await world.pg.query('select "startNumber" from "BotChannelLease"');
    expect(rows).toEqual([{ startNumber: worker.presence.life.startNumber }]);
    expect(worker.presence.life.startNumber).not.toBe(before);
  }, PATIENCE);
  expect(worker.presence.listener.holdsWorkerLock).toBe(true);
  world.sim.say('northpine', 'mira_k', '!hi');
  await vi.waitFor(() => expect(world.said('northpine')).toEqual(['hello']), PATIENCE);
});

test('while others cannot see it alive, a worker keeps its channels and takes no new ones', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const { worker } = world.startWorker();
  await world.joined('northpine');
  await world.pg.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'memalerts-twitch-hints' and datname = current_database()`);
  await vi.waitFor(() => expect(worker.presence.listener.isHealthy).toBe(false), PATIENCE);
  worker.presence.channels.balance();
  await worker.presence.channels.settled();
  expect(world.sim.readersOf('northpine')).toEqual([BOT_LOGIN]);
  await vi.waitFor(() => expect(worker.presence.listener.holdsWorkerLock).toBe(true), PATIENCE);
  expect(worker.presence.channels.held().size).toBe(1);
});

test('a worker taken for dead learns it at its next heartbeat, and leaves its channels to the one that took them', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const { life, channels } = world.startWorker().worker.presence;
  await world.joined('northpine');
  const heir = world.startWorker().worker.presence;
  await vi.waitFor(() => expect([life.copies, heir.life.copies]).toEqual([2, 2]), PATIENCE);
  await vi.waitFor(async () => {
    // Stopped for a while, as a process is whose machine sleeps; it wakes with every connection whole.
    await world.pg.query(
      `update "BotWorker" set "heartbeatAt" = "heartbeatAt" - interval '16 s' where "startNumber" = $1`,
      [life.startNumber],
    );
    heir.life.look();
    await vi.waitFor(() => expect(heir.channels.held().size).toBe(1), { timeout: 500 });
  }, PATIENCE);
  life.look();
  await vi.waitFor(() => expect(channels.held().size).toBe(0), PATIENCE);
  await vi.waitFor(() => expect(world.sim.readersOf('northpine')).toEqual([BOT_LOGIN]), PATIENCE);
});

test('the share of a copy that is gone is not spent before the platform has forgotten what it sent', async () => {
  const world = await workerWorld();
  const clock = new ShiftedClock();
  const { life } = world.startWorker({ clock }).worker.presence;
  const other = world.startWorker();
  await vi.waitFor(() => expect(life.copies).toBe(2), PATIENCE);
  expect(life.limitSharers).toBe(2);
  await other.stop();
  await vi.waitFor(() => expect(life.copies).toBe(1), PATIENCE);
  expect(life.limitSharers).toBe(2);
  clock.shift(30_000);
  expect(life.limitSharers).toBe(1);
});
