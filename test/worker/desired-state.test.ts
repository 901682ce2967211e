import { expect, test, vi } from 'vitest';
import { BOT_LOGIN, PATIENCE, workerWorld } from '../support/worker-world.ts';

/** How long something took that is polled every few milliseconds. */
async function msUntil(check: () => void | Promise<void>): Promise<number> {
  const startMs = performance.now();
  await vi.waitFor(check, PATIENCE);
  return performance.now() - startMs;
}

test('a switched-on bot is in the chat within a second, with its commands, and out again as fast', async () => {
  const world = await workerWorld();
  const { worker } = world.startWorker();
  await vi.waitFor(() => expect(worker.presence.channels.isCurrent).toBe(true), PATIENCE);
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.addCommand(channelId, '!hi', 'hello');
  expect(await msUntil(() => expect(world.sim.readersOf('northpine')).toContain(BOT_LOGIN))).toBeLessThan(1000);

  world.sim.say('northpine', 'mira_k', '!hi');
  await vi.waitFor(() => expect(world.said('northpine')).toEqual(['hello']), PATIENCE);

  const gate = { channelId, provider: 'twitch', enabled: false } as const;
  await world.db.insertInto('BotIntegrationSettings').values(gate).execute();
  expect(await msUntil(() => expect(world.sim.readersOf('northpine')).not.toContain(BOT_LOGIN))).toBeLessThan(1000);
});

test('an edited command changes the next answer in under a second, a deleted one is silent', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  const commandId = await world.addCommand(channelId, '!hi', 'hello');
  await world.addCommand(channelId, '!mark', 'marked');
  world.startWorker();
  await world.joined('northpine');
  const asked = () => {
    world.sim.say('northpine', 'mira_k', '!hi');
    return vi.waitFor(() => expect(world.said('northpine').length).toBeGreaterThan(0), PATIENCE);
  };
  await asked();
  const edit = world.db.updateTable('ChatBotCommand').where('id', '=', commandId);
  await edit.set({ response: 'bonjour' }).execute();
  const tookMs = await msUntil(() => {
    world.sim.say('northpine', 'mira_k', '!hi');
    expect(world.said('northpine')).toContain('bonjour');
  });
  expect(tookMs).toBeLessThan(1000);

  await edit.set({ enabled: false }).execute();
  await msUntil(() => {
    const before = world.said('northpine').length;
    world.sim.say('northpine', 'mira_k', '!hi');
    world.sim.say('northpine', 'mira_k', '!mark');
    return vi.waitFor(() => expect(world.said('northpine').slice(before)).toEqual(['marked']), { timeout: 200 });
  });
});

test('a queued message goes out at once, and rows any writer adds with the old columns alone do too', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  world.startWorker();
  await world.joined('northpine');
  await world.pg.query(
    'insert into "ChatBotOutboxMessage" (id, "channelId", "twitchLogin", message) values ($1, $2, $3, $4)',
    ['from-an-older-api', channelId, 'northpine', 'from psql'],
  );
  expect(await msUntil(() => expect(world.said('northpine')).toEqual(['from psql']))).toBeLessThan(1000);
});

test('a streamer who renamed is found under the new name', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  world.sim.rename('northpine', 'southoak');
  const { log } = world.startWorker({ env: { CHATBOT_SYNC_SECONDS: '5' } });
  await vi.waitFor(() => expect(world.sim.readersOf('southoak')).toContain(BOT_LOGIN), { timeout: 60_000 });
  const row = await world.db
    .selectFrom('ChatBotSubscription')
    .select('twitchLogin')
    .where('channelId', '=', channelId)
    .executeTakeFirstOrThrow();
  expect(row.twitchLogin).toBe('southoak');
  expect(log.map(({ event }) => event)).toContain('chatbot.renamed');
}, 90_000);

test('without any account to speak with the worker says which variable could name one', async () => {
  const world = await workerWorld();
  await world.db.deleteFrom('GlobalTwitchBotCredential').execute();
  const missing = Promise.withResolvers<string>();
  world.startWorker({ lacksSender: missing.resolve });
  expect(await missing.promise).toBe('CHAT_BOT_LOGIN');
});
