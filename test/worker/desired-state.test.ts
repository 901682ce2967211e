import { expect, test, vi } from 'vitest';
import { readinessOf } from '../../src/engine/worker/readiness.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { scriptedCreditsApi } from '../support/scripted-credits-api.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { BOT_LOGIN, linkAccount, PATIENCE, workerWorld } from '../support/worker-world.ts';

/** Timers look every 30 s: what is there before the first of them fires was told of by a hint, on a busy machine too. */
const hinted = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

test('a switched-on bot is in the chat at once, with its commands, and out again as fast', async () => {
  const world = await workerWorld();
  const { worker } = world.startWorker();
  await vi.waitFor(() => expect(worker.presence.channels.isCurrent).toBe(true), PATIENCE);
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.addCommand(channelId, '!hi', 'hello');
  await hinted(() => expect(world.sim.readersOf('northpine')).toContain(BOT_LOGIN));

  world.sim.say('northpine', 'mira_k', '!hi');
  await vi.waitFor(() => expect(world.said('northpine')).toEqual(['hello']), PATIENCE);

  const gate = { channelId, provider: 'twitch', enabled: false } as const;
  await world.db.insertInto('BotIntegrationSettings').values(gate).execute();
  await hinted(() => expect(world.sim.readersOf('northpine')).not.toContain(BOT_LOGIN));
});

test('an edited command changes the next answers at once, a deleted one is silent', async () => {
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
  await hinted(() => {
    world.sim.say('northpine', 'mira_k', '!hi');
    expect(world.said('northpine')).toContain('bonjour');
  });

  await edit.set({ enabled: false }).execute();
  await hinted(() => {
    const before = world.said('northpine').length;
    world.sim.say('northpine', 'mira_k', '!hi');
    world.sim.say('northpine', 'mira_k', '!mark');
    return vi.waitFor(() => expect(world.said('northpine').slice(before)).toEqual(['marked']), { timeout: 2000 });
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
  await hinted(() => expect(world.said('northpine')).toEqual(['from psql']));
});

test('a worker without a sender stays up and says once that it waits; once a bot is linked it serves its channels', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const { rows } = await world.pg.query('delete from "GlobalTwitchBotCredential" returning "externalAccountId"');
  const { worker, log } = world.startWorker();
  const told = () => log.filter(({ event }) => /\.(no_sender|sender_found)$/.test(event));
  await vi.waitFor(() => {
    expect(worker.health.counts().get('needs_user_action')).toBe(1);
    expect(told()).toMatchObject([{ level: 'warn', event: 'chatbot.no_sender', reason: 'no_bot' }]);
  }, PATIENCE);
  expect(told()[0]).toHaveProperty('problem', expect.stringContaining('/owner/bots/twitch/default/link'));
  await worker.sharedSender.look();
  expect(readinessOf(worker, systemClock)).toMatchObject({ ready: true, warnings: ['no_sender'] });
  for (const { externalAccountId } of rows) {
    await world.db.insertInto('GlobalTwitchBotCredential').values({ externalAccountId, enabled: true }).execute();
  }
  await world.joined('northpine');
  await vi.waitFor(() => expect(told()).toHaveLength(2), PATIENCE);
  expect(told()[1]).toMatchObject({ level: 'info', event: 'chatbot.sender_found', login: BOT_LOGIN });
  expect(readinessOf(worker, systemClock).warnings).toEqual([]);
});

test('a gate that is toggled fifty times in a moment ends as it was left, on and off', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  await world.channels('southoak');
  const { worker, log } = world.startWorker();
  await world.joined('northpine', 'southoak');
  const gate = world.db.updateTable('BotIntegrationSettings').where('channelId', '=', channelId);
  await world.db
    .insertInto('BotIntegrationSettings')
    .values({ channelId, provider: 'twitch', enabled: true })
    .execute();
  for (const isOn of [false, true]) {
    for (let time = 0; time < 50; time += 1) {
      await gate.set({ enabled: time % 2 === (isOn ? 1 : 0) }).execute();
    }
    const served = isOn ? 2 : 1;
    await vi.waitFor(() => {
      expect(worker.presence.channels.held().size).toBe(served);
      expect(world.sim.readersOf('northpine')).toHaveLength(served - 1);
    }, PATIENCE);
    await worker.presence.channels.settled();
    expect(worker.presence.channels.held().size).toBe(served);
  }
  expect(world.sim.readersOf('southoak')).toEqual([BOT_LOGIN]);
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a login that anybody writes into the row is where the bot goes, and a deleted channel is left', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine', 'southoak');
  world.sim.addChannel('westelm');
  await world.addCommand(channelId, '!hi', 'hello');
  const { worker, log } = world.startWorker();
  await world.joined('northpine', 'southoak');
  await world.pg.query(`update "ChatBotSubscription" set "twitchLogin" = ' #WestElm ' where "channelId" = $1`, [
    channelId,
  ]);
  await world.joined('westelm');
  expect(world.sim.readersOf('northpine')).toEqual([]);
  world.sim.say('westelm', 'mira_k', '!hi');
  await vi.waitFor(() => expect(world.said('westelm')).toEqual(['hello']), PATIENCE);

  await world.queue(channelId, 'too late');
  await world.pg.query('delete from "Channel" where id = $1', [channelId]);
  await vi.waitFor(() => expect(world.sim.readersOf('westelm')).toEqual([]), PATIENCE);
  expect(worker.presence.channels.held().size).toBe(1);
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a channel that changed its slug is credited under the new one', async () => {
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  const api = await scriptedCreditsApi();
  const { worker } = world.startWorker({ relay: { baseUrls: [api.baseUrl], secret: null } });
  await world.joined('northpine');
  await world.db.updateTable('Channel').set({ slug: 'Evergreen' }).where('id', '=', channelId).execute();
  await vi.waitFor(() => {
    expect([...worker.presence.channels.held().values()]).toMatchObject([{ slug: 'evergreen' }]);
  }, PATIENCE);
  world.sim.say('northpine', 'mira_k', 'good evening');
  await vi.waitFor(() => expect(api.requests[0]?.body).toContain('"channelSlug":"evergreen"'), PATIENCE);
});

test('an override whose right ends by itself speaks no more, though nobody wrote to the database', async () => {
  const clock = new ShiftedClock();
  const world = await workerWorld();
  const { northpine: channelId = '' } = await world.channels('northpine');
  world.sim.addPerson('own_voice');
  const externalAccountId = await linkAccount(world.db, world.sim, 'own_voice', ['chat:read', 'chat:edit']);
  await world.db.insertInto('TwitchBotIntegration').values({ channelId, externalAccountId, enabled: true }).execute();
  const expiresAt = new Date(Date.now() + 120_000);
  await world.db
    .insertInto('ChannelEntitlement')
    .values({ channelId, key: 'custom_bot', enabled: true, expiresAt })
    .execute();
  world.startWorker({ clock, env: { CHATBOT_SYNC_SECONDS: '5' } });
  await world.joined('northpine');
  const authors = () => world.sim.messagesIn('northpine').map(({ author }) => author);
  await world.queue(channelId, 'as ourselves');
  await vi.waitFor(() => expect(authors()).toEqual(['own_voice']), PATIENCE);
  clock.setWall(121_000);
  await vi.waitFor(async () => {
    await world.queue(channelId, 'as who is left');
    expect(authors()).toContain(BOT_LOGIN);
  }, PATIENCE);
});

test('whatever changes while the ear for hints is cut again and again, the bot ends where it should be', async () => {
  const world = await workerWorld();
  const { worker } = world.startWorker();
  await vi.waitFor(() => expect(worker.presence.channels.isCurrent).toBe(true), PATIENCE);
  const slugs = Array.from({ length: 12 }, (_, index) => `room${index}`);
  for (const [index, slug] of slugs.entries()) {
    await world.channels(slug);
    if (index % 3 === 0) {
      await world.pg.query(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'memalerts-twitch-hints' and datname = current_database()`);
    }
  }
  await world.joined(...slugs);
  await vi.waitFor(() => expect(worker.presence.listener.holdsWorkerLock).toBe(true), PATIENCE);
  expect(worker.presence.channels.held().size).toBe(slugs.length);
}, 40_000);
