import { expect, test } from 'vitest';
import type { ChannelId } from '../../src/lib/brand.ts';
import { type Answer, startApiWorld } from '../support/api-world.ts';
import { openEvents } from '../support/event-reader.ts';
import { workerWorld } from '../support/worker-world.ts';

const LIMIT_MS = 120_000;
const RIGHT_AWAY = { timeout: 15_000, interval: 100 };

interface Shown {
  readonly provider: string;
  readonly cause: string;
}

test(
  'when the worker is gone every place that shows a state says so within 15 s, and says live once another one has joined',
  async () => {
    const world = await workerWorld();
    const { northpine } = await world.channels('northpine');
    const channelId = northpine as ChannelId;
    const api = await startApiWorld(world.databaseUrl);
    const who = await api.streamer();
    const owner = await api.person('admin');
    await world.db.updateTable('User').set({ channelId }).where('id', '=', who.userId).execute();
    const reader = await openEvents(api.port, '/streamer/events', who);
    const twitch = (items: readonly Shown[] | undefined) => items?.find(({ provider }) => provider === 'twitch')?.cause;
    const told = () => {
      const [, last] = reader.events.findLast(([name]) => name === 'bots:state') ?? [];
      return twitch((last as { items: readonly Shown[] } | undefined)?.items);
    };
    const listed = async () => twitch((await api.ask(who, 'GET', '/streamer/bots')).json.items);
    const diagnosed = async () => first(await api.ask(who, 'GET', '/streamer/bots/twitch/diagnostics'));
    const said = await api.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'hello' } });
    const waited = async () =>
      (await api.ask(who, 'GET', `/streamer/bot/outbox/twitch/${said.json.outbox.id}`)).json.waitingFor?.cause ?? null;
    expect([await listed(), await diagnosed(), await waited()]).toEqual(['no_worker', 'no_worker', 'no_worker']);

    const worker = await world.startWorker();
    await world.joined('northpine');
    await expect.poll(listed, RIGHT_AWAY).toBe('chat_read');
    await expect.poll(told, RIGHT_AWAY).toBe('chat_read');
    await expect.poll(waited, RIGHT_AWAY).toBe(null);
    world.sim.say('northpine', 'viewer', 'a line');
    const lastLineAt = async () => (await api.ask(who, 'GET', '/streamer/bots')).json.items[0].lastLineAt;
    await expect.poll(lastLineAt, RIGHT_AWAY).toMatch(/Z$/);
    const workers = await api.ask(owner, 'GET', '/owner/workers');
    expect(workers.json.items).toMatchObject([{ provider: 'twitch', isAlive: true, channels: 1, relays: [{}] }]);

    // What `kill -9` leaves behind: the rows of a start whose lock is gone.
    const left = ['BotWorker', 'BotChannelLease', 'BotChannelHealth'];
    for (const table of left) await api.pg.query(`create table "Left${table}" as select * from "${table}"`);
    await worker.stop();
    await expect.poll(listed, RIGHT_AWAY).toBe('no_worker');
    for (const table of left) {
      await api.pg.query(`insert into "${table}" overriding system value select * from "Left${table}"`);
    }
    await expect.poll(listed, RIGHT_AWAY).toBe('worker_gone');
    await expect.poll(told, RIGHT_AWAY).toBe('worker_gone');
    expect(await diagnosed()).toBe('worker_gone');
    const russian = await api.ask(who, 'GET', '/streamer/bots/twitch/diagnostics?lang=ru');
    expect(russian.json.findings[0].text).toContain('Запустите воркер');

    await world.startWorker();
    await expect.poll(listed, RIGHT_AWAY).toBe('chat_read');
    await expect.poll(told, RIGHT_AWAY).toBe('chat_read');
  },
  LIMIT_MS,
);

test('a streamer is told nothing of another channel, of hosts or of addresses', async () => {
  const world = await workerWorld();
  const { northpine } = await world.channels('northpine', 'southoak');
  await world.startWorker();
  await world.joined('northpine');
  const api = await startApiWorld(world.databaseUrl);
  const who = await api.streamer();
  await world.db
    .updateTable('User')
    .set({ channelId: northpine as ChannelId })
    .where('id', '=', who.userId)
    .execute();
  const { text } = await api.ask(who, 'GET', '/streamer/bots/twitch/diagnostics');
  expect(text).not.toContain('southoak');
  expect(text).not.toMatch(/"(host|pid|relays)"|127\.0\.0\.1/);
  expect(await api.codeOf(who, 'GET', '/owner/diagnostics')).toEqual([403, 'FORBIDDEN']);
});

function first({ json }: Answer): string {
  return json.findings[0].cause;
}
