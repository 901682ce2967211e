/** Names change while a connection goes on; nobody on it says so. */
import { expect, test } from 'vitest';
import { LeapingClock } from '../conformance/leaping-clock.ts';
import { BOT_LOGIN, type WorkerWorld, workerWorld } from '../support/worker-world.ts';

const SLUG = 'northpine';
const HOUR = 3_600_000;

async function joinedWorld(options: { isLive?: boolean } = {}) {
  const clock = new LeapingClock();
  const world = await workerWorld({ clock });
  const { [SLUG]: channelId = '' } = await world.channels(SLUG);
  await world.addCommand(channelId, '!hi', 'hello');
  if (options.isLive) world.sim.goLive(SLUG);
  const { log, worker } = world.startWorker({ clock });
  await world.joined(SLUG);
  const leapUntil = leaping(world, clock);
  return {
    ...world,
    channelId,
    log,
    leapUntil,
    events: () => log.map(({ event }) => event),
    /** The first sweep is over: the next is an hour away. */
    swept: () => leapUntil(() => expect(asked(world)).not.toHaveLength(0)),
    counts: () => worker.health.counts(),
  };
}

/** Time flies, but no faster than sockets and the database follow: how much of it passes says nothing. */
function leaping({ pg, sim }: WorkerWorld, clock: LeapingClock) {
  const breathe = () => Promise.all([pg.query('select 1'), fetch(sim.urls.control)]);
  return (check: () => unknown) => clock.leapUntil(check, HOUR / 2, breathe);
}

/** Ids of each question to Helix. */
function asked({ sim }: Pick<WorkerWorld, 'sim'>): string[][] {
  return sim.calls
    .filter(({ path }) => path === '/helix/users')
    .map(({ query }) => new URLSearchParams(query).getAll('id'));
}

function polls({ sim }: Pick<WorkerWorld, 'sim'>): number {
  return sim.calls.filter(({ path }) => path === '/helix/streams').length;
}

async function target({ db }: WorkerWorld, channelId: string): Promise<string> {
  const row = db.selectFrom('ChatBotSubscription').select('twitchLogin').where('channelId', '=', channelId);
  return (await row.executeTakeFirstOrThrow()).twitchLogin;
}

async function stored({ pg }: WorkerWorld): Promise<unknown> {
  return (await pg.query('select state, reason from "BotChannelHealth"')).rows[0];
}

test('a streamer who renames on the air is heard again within one live poll', async () => {
  const world = await joinedWorld({ isLive: true });
  const { sim, channelId, leapUntil } = world;
  await world.swept();
  const before = polls(world);
  sim.rename(SLUG, 'southoak');
  expect(sim.readersOf('southoak')).toEqual([]);
  await leapUntil(() => expect(sim.readersOf('southoak')).toContain(BOT_LOGIN));

  // One may have been on its way when the streamer renamed.
  expect(polls(world)).toBeLessThanOrEqual(before + 2);
  expect(await target(world, channelId)).toBe('southoak');
  expect(world.events().filter((event) => event === 'chatbot.renamed')).toHaveLength(1);
  await leapUntil(async () => expect(await stored(world)).toEqual({ state: 'live', reason: null }));
  sim.say('southoak', 'mira_k', '!hi');
  await leapUntil(() => expect(world.said('southoak')).toEqual(['hello']));
});

test('a streamer who renames off the air is heard again after a sweep, which asks for everybody at once', async () => {
  const world = await joinedWorld();
  const { sim, channelId, leapUntil } = world;
  sim.rename(SLUG, 'southoak');
  await leapUntil(() => expect(sim.readersOf('southoak')).toContain(BOT_LOGIN));
  expect(asked(world)).toEqual([[sim.person('southoak').id, sim.person(BOT_LOGIN).id]]);
  expect(await target(world, channelId)).toBe('southoak');
});

test('a streamer who renamed while no worker ran is found after the first JOIN that nobody answers', async () => {
  const clock = new LeapingClock();
  const world = await workerWorld({ clock });
  const { [SLUG]: channelId = '' } = await world.channels(SLUG);
  world.sim.rename(SLUG, 'southoak');
  world.startWorker({ clock });
  await leaping(world, clock)(() => expect(world.sim.readersOf('southoak')).toContain(BOT_LOGIN));
  expect(await target(world, channelId)).toBe('southoak');
});

test('a row that names another chat is left there, although the bot is not let in and the streamer is on the air', async () => {
  const clock = new LeapingClock();
  const world = await workerWorld({ clock });
  const { [SLUG]: channelId = '' } = await world.channels(SLUG);
  world.sim.addChannel('westelm');
  await world.pg.query(`update "ChatBotSubscription" set "twitchLogin" = 'westelm'`);
  world.sim.exclude('westelm', BOT_LOGIN, null);
  world.sim.goLive(SLUG);
  world.startWorker({ clock });
  const leapUntil = leaping(world, clock);
  const own = world.sim.person(SLUG).id;
  await leapUntil(() => expect(asked(world).filter((ids) => ids.includes(own)).length).toBeGreaterThan(1));
  expect(await target(world, channelId)).toBe('westelm');
});

test('no channel is called live after its streamer renamed to where the bot cannot follow', async () => {
  const world = await joinedWorld();
  const { sim, leapUntil } = world;
  await leapUntil(async () => expect(await stored(world)).toMatchObject({ state: 'live' }));
  sim.rename(SLUG, 'southoak');
  sim.exclude('southoak', BOT_LOGIN, null);
  await leapUntil(async () => expect(await stored(world)).toEqual({ state: 'needs_user_action', reason: 'banned' }));
});

test('one who takes the name that another has just left is heard under it', async () => {
  const world = await joinedWorld();
  const { sim, leapUntil } = world;
  await world.channels('westelm');
  await world.joined('westelm');
  sim.rename('westelm', 'gone_elm');
  sim.rename(SLUG, 'westelm');
  await leapUntil(async () => {
    const { rows } = await world.pg.query('select "twitchLogin" from "ChatBotSubscription" order by 1');
    expect(rows.map(({ twitchLogin }) => twitchLogin)).toEqual(['gone_elm', 'westelm']);
  });
  await leapUntil(() => expect(world.counts()).toEqual(new Map([['live', 2]])));
});

test('a name that another channel goes on having leaves the renamed one deaf, and says so', async () => {
  const world = await joinedWorld();
  const { sim, leapUntil } = world;
  await world.pg.query(
    `with other as (insert into "Channel" (slug, name) values ('other', 'other') returning id)
    insert into "ChatBotSubscription" ("channelId", "twitchLogin") select id, 'southoak' from other`,
  );
  sim.rename(SLUG, 'southoak');
  await world.joined('southoak');
  const mine = async () =>
    (await world.pg.query('select reason from "BotChannelHealth" where "channelId" = $1', [world.channelId])).rows[0];
  await leapUntil(async () => expect(await mine()).toEqual({ reason: 'duplicate_channel' }));
});

test('an account that is suspended in mid-stream is not called live any longer than until the next sweep', async () => {
  const world = await joinedWorld();
  const { sim, leapUntil } = world;
  sim.suspend(SLUG);
  await leapUntil(async () => expect(await stored(world)).toEqual({ state: 'needs_user_action', reason: 'suspended' }));
});

test('a row that names another chat than the channel goes on naming it', async () => {
  const world = await joinedWorld({ isLive: true });
  const { sim, channelId, leapUntil } = world;
  sim.addChannel('westelm');
  await world.pg.query(`update "ChatBotSubscription" set "twitchLogin" = '#WestElm'`);
  await world.joined('westelm');
  await world.swept();
  const before = polls(world);
  await leapUntil(() => expect(polls(world)).toBeGreaterThan(before));
  expect(await target(world, channelId)).toBe('#WestElm');

  sim.rename('westelm', 'eastelm');
  sim.faults.dropConnections();
  await leapUntil(() => expect(sim.readersOf('eastelm')).toContain(BOT_LOGIN));
});

test('a bot that was renamed is stored under its new name, and still notices that it was put out of a room', async () => {
  const clock = new LeapingClock();
  const world = await workerWorld({ clock });
  await world.channels(SLUG);
  world.sim.rename(BOT_LOGIN, 'helper_two');
  const { log } = world.startWorker({ clock });
  const leapUntil = leaping(world, clock);
  await leapUntil(() => expect(world.sim.readersOf(SLUG)).toEqual(['helper_two']));
  world.sim.exclude(SLUG, 'helper_two', null);
  await leapUntil(async () => expect(await stored(world)).toMatchObject({ reason: 'banned' }));
  await leapUntil(() => expect(log.map(({ event }) => event)).toContain('chatbot.bot_renamed'));
  const { login } = await world.db.selectFrom('ExternalAccount').select('login').executeTakeFirstOrThrow();
  expect(login).toBe('helper_two');
});
