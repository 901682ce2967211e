import { expect, test } from 'vitest';
import type { ChannelId } from '../../src/lib/brand.ts';
import { startApiWorld } from '../support/api-world.ts';
import { openEvents } from '../support/event-reader.ts';
import { workerWorld } from '../support/worker-world.ts';

interface Shown {
  readonly message: string;
  readonly source: string;
  readonly status: string;
  readonly lastError: string | null;
}

test('a streamer watches the bot come, answer, say and fail, as it does', async () => {
  const world = await workerWorld();
  const { northpine } = await world.channels('northpine');
  const channelId = northpine as ChannelId;
  await world.addCommand(channelId, '!hi', 'hello');
  const api = await startApiWorld(world.databaseUrl);
  const who = await api.streamer();
  await world.db.updateTable('User').set({ channelId }).where('id', '=', who.userId).execute();

  const reader = await openEvents(api.port, '/streamer/events', who);
  const dataOf = (wanted: string) => reader.events.flatMap(([name, data]) => (name === wanted ? [data] : []));
  const fates = (text: string) =>
    (dataOf('outbox:message') as Shown[])
      .filter(({ message }) => message === text)
      .map(({ source, status, lastError }) => [source, status, lastError]);

  await world.startWorker();
  await world.joined('northpine');
  const live = { provider: 'twitch', state: 'live', reason: null, isCurrent: true };
  await expect.poll(() => dataOf('bots:state').at(-1)).toMatchObject({ items: [live] });

  world.sim.say('northpine', 'viewer', '!hi');
  await expect.poll(() => fates('hello').at(-1)).toEqual(['command', 'sent', null]);

  await api.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'to everybody' } });
  await expect.poll(() => fates('to everybody').at(-1)).toEqual(['say', 'sent', null]);

  await world.db.deleteFrom('GlobalTwitchBotCredential').execute();
  await expect
    .poll(() => dataOf('bots:state').at(-1))
    .toMatchObject({ items: [{ provider: 'twitch', state: 'needs_user_action', reason: expect.any(String) }] });
});
