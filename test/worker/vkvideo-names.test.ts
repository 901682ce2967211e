/** VK Video Live knows a channel by a name that changes, and gives the name to whoever asks for it next. */
import { expect, test } from 'vitest';
import { vkvideoWorkerWorld } from '../support/vkvideo-worker-world.ts';

const BOT = 'helperbot';
const SLUG = 'northpine';
const ADDRESS = `https://live.vkvideo.ru/${SLUG}`;
const MOVED = { id: 'southoak', url: 'https://live.vkvideo.ru/southoak' };

/** A channel that is read, and whose id is in its row. */
async function readWorld(change: { isLinked?: boolean } = {}) {
  const world = await vkvideoWorkerWorld(BOT);
  const { sim, leapUntil } = world;
  const channelId = await world.addStreamer(SLUG, change);
  const stableId = sim.channel(SLUG).id;
  const { log } = world.startWorker();
  await leapUntil(async () => {
    expect(sim.readersOf(SLUG)).toEqual([BOT]);
    expect(await world.health(channelId)).toMatchObject({ state: 'live' });
    expect((await world.subscription(channelId)).stable).toBe(stableId);
  });
  return {
    ...world,
    channelId,
    stableId,
    polls: () => world.calls('/v1/channels'),
    events: (name: string) => log.filter(({ event }) => event === name),
  };
}

test('a streamer who renames on the air is heard again after one live poll, under the new name, where it is published now', async () => {
  const { sim, channelId, stableId, leapUntil, subscription, health, events, polls, pg } = await readWorld();
  await pg.query(
    `insert into "ChatBotCommand" ("channelId", trigger, "triggerNormalized", response) values ($1, '!hi', '!hi', 'hello')`,
    [channelId],
  );
  const before = polls();
  sim.renameChannel(SLUG, 'southoak');
  expect(sim.readersOf('southoak')).toEqual([]);
  await leapUntil(() => expect(sim.readersOf('southoak')).toEqual([BOT]));
  // One poll may have been on its way when the streamer renamed; one more asks about the new name before it is read.
  expect(polls()).toBeLessThanOrEqual(before + 3);
  await leapUntil(async () => {
    expect(await subscription(channelId)).toEqual({ ...MOVED, stable: stableId });
    expect(await health(channelId)).toEqual({ state: 'live', reason: null });
  });
  expect(events('vkvideo_chatbot.renamed')).toMatchObject([{ channelId, from: SLUG, to: 'southoak' }]);
  sim.say('southoak', 'mira_k', '!hi');
  await leapUntil(() => expect(sim.messagesIn('southoak').map(({ text }) => text)).toContain('hello'));
});

test('a streamer who renames off the air is heard again too', async () => {
  const { sim, leapUntil, subscription, channelId } = await readWorld();
  sim.goOffline(SLUG);
  sim.renameChannel(SLUG, 'southoak');
  await leapUntil(() => expect(sim.readersOf('southoak')).toEqual([BOT]));
  expect(await subscription(channelId)).toMatchObject(MOVED);
});

test('a streamer who renamed while no worker ran is known by the id that the row has', async () => {
  const world = await vkvideoWorkerWorld(BOT);
  const channelId = await world.addStreamer(SLUG);
  await world.pg.query(`update "VkVideoChatBotSubscription" set "vkvideoStableId" = $1`, [world.sim.channel(SLUG).id]);
  world.sim.renameChannel(SLUG, 'southoak');
  world.sim.addChannel('stranger', SLUG);
  world.startWorker();
  await world.leapUntil(() => expect(world.sim.readersOf('southoak')).toEqual([BOT]));
  expect(world.sim.readersOf(SLUG)).toEqual([]);
  expect(await world.subscription(channelId)).toMatchObject(MOVED);
});

test('a stranger who takes the name that a streamer has just left is not read in place of the streamer', async () => {
  const { sim, leapUntil, subscription, channelId, stableId } = await readWorld();
  sim.renameChannel(SLUG, 'southoak');
  sim.addChannel('stranger', SLUG);
  sim.goLive(SLUG);
  await leapUntil(() => expect(sim.readersOf('southoak')).toEqual([BOT]));
  expect(sim.readersOf(SLUG)).toEqual([]);
  await leapUntil(async () => expect(await subscription(channelId)).toEqual({ ...MOVED, stable: stableId }));
});

test('without a linked owner a channel whose name is gone or taken is not found, until it has the name again', async () => {
  const { sim, leapUntil, health, channelId } = await readWorld({ isLinked: false });
  sim.renameChannel(SLUG, 'southoak');
  const lost = { state: 'needs_user_action', reason: 'channel_not_found' };
  await leapUntil(async () => expect(await health(channelId)).toEqual(lost));
  sim.addChannel('stranger', SLUG);
  sim.goLive(SLUG);
  await leapUntil(() => expect(sim.calls.at(-1)?.path).toBe('/v1/channels'));
  expect(await health(channelId)).toEqual(lost);
  expect(sim.readersOf(SLUG)).toEqual([]);
  sim.renameChannel(SLUG, 'westelm');
  sim.renameChannel('southoak', SLUG);
  await leapUntil(async () => expect(await health(channelId)).toEqual({ state: 'live', reason: null }));
});

test('a name that is written to the row again means the VK channel that has the name now', async () => {
  const { sim, leapUntil, channelId, subscription, pg, stableId } = await readWorld();
  const stranger = sim.addChannel('stranger');
  // As a program writes it that does not know the column of the id.
  await pg.query(
    `update "VkVideoChatBotSubscription" set "vkvideoChannelId" = 'stranger', "vkvideoChannelUrl" = 'stranger'`,
  );
  await leapUntil(() => expect(sim.readersOf('stranger')).toEqual([BOT]));
  await leapUntil(async () => expect((await subscription(channelId)).stable).toBe(stranger.id));
  await pg.query(`update "VkVideoChatBotSubscription" set "vkvideoChannelId" = $1, "vkvideoChannelUrl" = $2`, [
    SLUG,
    ADDRESS,
  ]);
  await leapUntil(async () => expect((await subscription(channelId)).stable).toBe(stableId));

  // The id is cleared while another channel has the name in the row.
  sim.renameChannel(SLUG, 'southoak');
  sim.renameChannel('stranger', SLUG);
  await pg.query('update "VkVideoChatBotSubscription" set "vkvideoStableId" = null');
  await leapUntil(() => expect(sim.readersOf(SLUG)).toEqual([BOT]));
  await leapUntil(async () =>
    expect(await subscription(channelId)).toEqual({ id: SLUG, url: ADDRESS, stable: stranger.id }),
  );
});
