import { expect, test } from 'vitest';
import { STREAMER, type VkVideoWorld, vkvideoWorld } from '../../../../test/support/vkvideo-world.ts';

const HISTORY = '/v1/chat/messages';

/** A chat that is read and has heard `before`; the server remembers what is said. */
async function remembered(): Promise<VkVideoWorld & { chat: string }> {
  const world = await vkvideoWorld();
  const chat = world.sim.socketName(STREAMER, 'chat');
  world.sim.faults.keepHistory(chat, 100);
  await world.read(STREAMER);
  world.sim.say(STREAMER, 'mira_k', 'before');
  await world.until(() => expect(world.texts()).toEqual(['before']));
  return { ...world, chat };
}

async function missing({ sim, until }: VkVideoWorld, cut: () => void, ...texts: string[]): Promise<void> {
  cut();
  await until(() => expect(sim.readersOf(STREAMER)).toEqual([]));
  for (const text of texts) sim.say(STREAMER, 'otto', text);
}

test('where the server remembers, what was missed arrives in order, once, and may still be answered', async () => {
  const world = await remembered();
  await missing(world, () => world.sim.faults.dropConnections(), '12', '13');
  await world.leapUntil(() => expect(world.texts().length).toBeGreaterThanOrEqual(3));
  const subscribes = world.sim.pubsub.frames.flatMap(({ text }) => text.split('\n')).map((line) => JSON.parse(line));
  const again = subscribes.filter(({ subscribe }) => subscribe?.channel === world.chat).at(-1);
  expect(again.subscribe).toMatchObject({ recover: true, offset: 1, epoch: expect.any(String) });
  world.sim.say(STREAMER, 'mira_k', 'after');
  await world.until(() => expect(world.texts()).toContain('after'));
  await world.leap(5_000);
  const live = world.heard.filter(({ isBacklog }) => !isBacklog).map(({ text }) => text);
  expect(live).toEqual(['before', '12', '13', 'after']);
  const late = world.heard.filter(({ isFetched }) => isFetched).map(({ text }) => text);
  expect(late).toEqual(['12', '13']);
});

test('a server that lost its memory is made up for by history, which is never answered', async () => {
  const world = await remembered();
  await missing(world, () => world.sim.faults.dropConnections(), 'lost 1', 'lost 2');
  world.sim.faults.loseHistory(world.chat);
  await world.leapUntil(() => expect(world.texts()).toEqual(['before', 'lost 1', 'lost 2']));
  expect(world.heard.map(({ isBacklog }) => isBacklog)).toEqual([false, true, true]);
  world.sim.say(STREAMER, 'mira_k', 'after');
  await world.until(() => expect(world.texts().at(-1)).toBe('after'));
  expect(world.events('vkvideo_chatbot.gap_filled')).toMatchObject([{ messages: 2 }]);
});

test('without any memory the history alone fills the gap, in the order of writing', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  const texts = Array.from({ length: 150 }, (_, index) => `line ${index}`);
  await missing(world, () => world.sim.faults.kick(3500), ...texts);
  await world.leapUntil(() => expect(world.heard).toHaveLength(150));
  expect(world.texts()).toEqual(texts);
});

test('what was said before the bot came is nobody it was here for', async () => {
  const world = await vkvideoWorld();
  world.sim.sayInThePast(STREAMER, 'early_bird', 'long ago', 600);
  await world.read(STREAMER);
  await missing(world, () => world.sim.faults.dropConnections(), 'missed');
  await world.leapUntil(() => expect(world.texts()).toContain('missed'));
  expect(world.texts()).toEqual(['missed']);
});

test('a history that cannot be had at first is asked for again; a chat without one is none', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  world.sim.faults.http({ kind: 'answer', status: 502, path: HISTORY, times: 2 });
  await missing(world, () => world.sim.faults.dropConnections(), 'missed');
  await world.leapUntil(() => expect(world.texts()).toContain('missed'));

  world.sim.faults.http({ kind: 'answer', status: 404, path: HISTORY, body: { error: 'chat_not_found' }, times: 4 });
  await missing(world, () => world.sim.faults.dropConnections());
  await world.leapUntil(() => expect(world.sim.readersOf(STREAMER)).toHaveLength(1));
  await world.leap(60_000);
  expect(world.events('vkvideo_chatbot.backfill_failed')).toEqual([]);
});

test('a history that stays away, and a gap longer than it, are said', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  const texts = Array.from({ length: 250 }, (_, index) => `line ${index}`);
  await missing(world, () => world.sim.faults.dropConnections(), ...texts);
  await world.leapUntil(() => expect(world.heard).toHaveLength(200));
  expect(world.events('vkvideo_chatbot.gap_too_long').length).toBeGreaterThan(0);

  world.sim.faults.http({ kind: 'answer', status: 502, path: HISTORY });
  await missing(world, () => world.sim.faults.dropConnections(), 'never heard of');
  await world.leapUntil(() => expect(world.events('vkvideo_chatbot.backfill_failed')).toHaveLength(1));
});

test('what was said between an unsubscription and its renewal is not lost', async () => {
  const world = await vkvideoWorld();
  await world.read(STREAMER);
  const chat = world.sim.socketName(STREAMER, 'chat');
  world.sim.faults.unsubscribe(chat, 2501);
  world.sim.say(STREAMER, 'otto', 'between the two');
  await world.until(() => expect(world.texts()).toEqual(['between the two']));
  expect(world.heard[0]?.isBacklog).toBe(true);
  expect(world.events('vkvideo_pubsub.ws_open')).toHaveLength(1);
});
