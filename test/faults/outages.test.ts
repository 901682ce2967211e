import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { startWorkerProcess } from '../support/processes.ts';
import { PATIENCE, workerWorld } from '../support/worker-world.ts';

const LONG = { timeout: 25_000, interval: 20 };

test('an 8 s outage of the platform with 50 messages queued: all 50 are delivered, each once, in order', async () => {
  const world = await workerWorld();
  const slugs = ['room0', 'room1', 'room2', 'room3', 'room4'];
  const channels = await world.channels(...slugs);
  const worker = await startWorkerProcess(world.processEnv);
  await world.joined(...slugs);
  await world.sim.faults.refuse(8000);
  const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`);
  for (const id of Object.values(channels)) await world.queue(id, ...texts);
  expect(slugs.flatMap((slug) => world.said(slug))).toEqual([]);

  await vi.waitFor(() => {
    for (const slug of slugs) expect(world.said(slug)).toEqual(texts);
  }, LONG);
  await vi.waitFor(async () => {
    for (const id of Object.values(channels)) {
      for (const row of await world.outbox(id)) expect(row).toMatchObject({ status: 'sent', attempts: 1 });
    }
  }, PATIENCE);
  expect(worker.isRunning).toBe(true);
}, 60_000);

test('a database that is gone for 10 s ends nothing: the worker says so, goes on reading, and answers again', async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'memalerts-outage-'));
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  onTestFinished(async () => {
    await server.stop('crash').catch(() => {});
    await rm(dataDir, { recursive: true, force: true });
  });
  await migrate(server.url);
  const world = await workerWorld({ databaseUrl: server.url });
  const { room0: channelId = '' } = await world.channels('room0');
  await world.addCommand(channelId, '!hi', 'hello');
  const worker = await startWorkerProcess(world.processEnv);
  await worker.ready();
  await world.joined('room0');
  await world.queue(channelId, 'before');
  await vi.waitFor(() => expect(world.said('room0')).toEqual(['before']), PATIENCE);
  // What is on the wire when the server crashes may be said again.
  await vi.waitFor(async () => expect(await world.outbox(channelId)).toMatchObject([{ status: 'sent' }]), PATIENCE);

  await server.stop('crash');
  const stoppedAtMs = performance.now();
  await vi.waitFor(async () => expect(await worker.readiness()).toBe(503), LONG);
  world.sim.say('room0', 'mira_k', '!hi');
  expect(world.sim.readersOf('room0')).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 10_000 - (performance.now() - stoppedAtMs)));
  await server.start();

  await worker.ready();
  await vi.waitFor(() => expect(world.said('room0')).toEqual(['before', 'hello']), LONG);
  await world.queue(channelId, 'after');
  await vi.waitFor(() => expect(world.said('room0')).toEqual(['before', 'hello', 'after']), PATIENCE);
  expect(worker.isRunning).toBe(true);
  const told = worker.lines.filter((line) => line.includes('"event":"chatbot.database_unavailable"'));
  expect(told).toHaveLength(1);
}, 60_000);
