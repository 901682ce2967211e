import { expect, test } from 'vitest';
import { chatLifeWorld } from '../support/chat-life-world.ts';

const FOUND_SECONDS = 60;
const HEALED_SECONDS = 120;
const HOUR_MS = 3_600_000;

const named = (count: number) => Array.from({ length: count }, (_, index) => `room${index}`);

test.each(['mute', 'halfOpen'] as const)(
  'a chat connection that dies without a word (%s) is found within 60 s, and the chat is read again within 120 s',
  async (death) => {
    const { sim, state, hears, secondsUntil, told } = await chatLifeWorld(['northpine']);
    expect(await hears('northpine')).toBe(true);
    sim.faults[death]();
    expect(await hears('northpine')).toBe(false);
    const found = await secondsUntil(() => state('northpine').kind === 'degraded');
    const healed = found + (await secondsUntil(() => state('northpine').kind === 'live'));
    expect(found).toBeLessThanOrEqual(FOUND_SECONDS);
    expect(healed).toBeLessThanOrEqual(HEALED_SECONDS);
    expect(await hears('northpine')).toBe(true);
    expect(told[0]).toMatchObject({ kind: 'degraded', reason: 'disconnected' });
  },
);

test('while new chat connections are mute too the state says so, and the chat is read again once they are not', async () => {
  const { sim, state, hears, drive, secondsUntil } = await chatLifeWorld(['northpine']);
  sim.faults.mute(true);
  expect(await secondsUntil(() => state('northpine').kind === 'degraded')).toBeLessThanOrEqual(FOUND_SECONDS);
  await drive(HEALED_SECONDS * 1000);
  expect(state('northpine')).toMatchObject({ kind: 'degraded', reason: 'disconnected' });
  sim.faults.unmute();
  expect(await secondsUntil(() => state('northpine').kind === 'live')).toBeLessThanOrEqual(HEALED_SECONDS);
  expect(await hears('northpine')).toBe(true);
});

test('a room that Twitch forgot while it answers every PING is entered again within 60 s, on the same connection', async () => {
  const rooms = named(40);
  const { sim, hears, logged, secondsUntil } = await chatLifeWorld(rooms);
  sim.faults.forgetRooms();
  expect(await hears('room7')).toBe(false);
  const healed = await secondsUntil(() => rooms.every((slug) => sim.readersOf(slug).length === 1));
  expect(healed).toBeLessThanOrEqual(FOUND_SECONDS);
  for (const slug of rooms) expect([slug, await hears(slug)]).toEqual([slug, true]);
  expect(logged('chatbot.room_forgotten')).toBe(rooms.length);
  expect(logged('chatbot.connected')).toBe(1);
});

test('a room that was forgotten and may not be entered again is named within 60 s, with the reason', async () => {
  const { sim, state, secondsUntil } = await chatLifeWorld(['northpine', 'southoak']);
  sim.faults.forgetRooms('northpine');
  sim.suspend('northpine');
  const found = await secondsUntil(() => state('northpine').kind === 'needs_user_action');
  expect(found).toBeLessThanOrEqual(FOUND_SECONDS);
  expect(state('northpine').reason).toBe('suspended');
  expect(state('southoak').kind).toBe('unknown');
});

test('a room that somebody asks about is looked at before hundreds that the owner asks about, within the join limit', async () => {
  const rooms = named(300);
  const { sim, irc, channels, drive, logged, secondsUntil } = await chatLifeWorld(rooms);
  for (const each of channels) irc.reader.look(each);
  sim.faults.forgetRooms('room150');
  irc.reader.look(channels[150] as (typeof channels)[number]);
  await drive(15_000);
  expect(sim.readersOf('room150')).toHaveLength(1);
  await secondsUntil(() => false, 120);
  expect(logged('chatbot.disconnected')).toBe(0);
});

test('eight quiet hours are no reason to say anything of a chat, to connect anew or to enter a room anew', async () => {
  const rooms = named(3);
  const { sim, told, hears, drive, logged } = await chatLifeWorld(rooms);
  await drive(8 * HOUR_MS, 5_000);
  expect(told).toEqual([]);
  expect(logged('chatbot.connected')).toBe(1);
  expect(logged('chatbot.join')).toBe(rooms.length);
  expect(logged('chatbot.room_forgotten')).toBe(0);
  for (const slug of rooms) expect(await hears(slug)).toBe(true);
  expect(sim.irc.sessions()).toHaveLength(1);
});
