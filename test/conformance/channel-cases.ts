/** Conformance: which chats the bot is in, and that one knows nothing of another. */
import { expect, test } from 'vitest';
import { conformanceWorld, STREAMER, type Subject } from './world.ts';

const OTHER = 'southoak';
/** More questions than a test gets to ask. */
const MARKS = 60;

export function channelCases(subject: Subject): void {
  test('the bot is in a chat while it is switched on, out of it when switched off, and back again', async () => {
    const world = await conformanceWorld(subject);
    const channelId = await world.addStreamer(STREAMER);
    await world.addCommand(channelId, '!hi', 'hello');
    await world.startWorker();
    world.sim.say(STREAMER, 'mira_k', '!hi');
    await world.until(() => expect(world.said(STREAMER)).toEqual(['hello']));
    await world.until(async () => expect(await world.health(channelId)).toEqual({ state: 'live', reason: null }));

    await world.switchBot(channelId, false);
    await world.until(() => expect(world.sim.isRead(STREAMER)).toBe(false));
    world.sim.say(STREAMER, 'mira_k', '!hi');

    await world.switchBot(channelId, true);
    await world.leapUntil(() => expect(world.sim.isRead(STREAMER)).toBe(true));
    await world.addCommand(channelId, '!back', 'here again');
    await world.leapUntil(() => {
      world.sim.say(STREAMER, 'mira_k', '!back');
      expect(world.said(STREAMER)).toContain('here again');
    });
    expect(world.said(STREAMER).filter((text) => text === 'hello')).toHaveLength(1);
  });

  test('a streamer who joins while the worker runs is read, and commands and messages stay in their own chat', async () => {
    const world = await conformanceWorld(subject);
    const first = await world.addStreamer(STREAMER);
    await world.addCommand(first, '!where', 'in the north');
    await world.startWorker();
    const second = await world.addStreamer(OTHER);
    await world.addCommand(second, '!where', 'in the south');
    await world.addCommand(second, '!only', 'only here');
    await world.leapUntil(() => expect(world.sim.isRead(OTHER)).toBe(true));
    await world.leapUntil(() => {
      world.sim.say(OTHER, 'mira_k', '!only');
      expect(world.said(OTHER)).toContain('only here');
    });
    await world.queue(first, 'for the north');
    world.sim.say(STREAMER, 'mira_k', '!only');
    world.sim.say(STREAMER, 'mira_k', '!where');
    world.sim.say(OTHER, 'mira_k', '!where');
    await world.until(() => expect(world.said(STREAMER).toSorted()).toEqual(['for the north', 'in the north']));
    await world.until(() => expect(world.said(OTHER)).toContain('in the south'));

    await world.switchBot(first, false);
    await world.until(() => expect(world.sim.isRead(STREAMER)).toBe(false));
    expect(world.sim.isRead(OTHER)).toBe(true);
    await world.queue(second, 'for the south');
    await world.until(() => expect(world.said(OTHER)).toContain('for the south'));
    expect(world.said(STREAMER)).toHaveLength(2);
  });

  test('a stream whose begin and end no event told of is found to be live, and over, and live again', async () => {
    const { chatsOffline } = subject.platform.capabilities;
    const world = await conformanceWorld(subject);
    const stream = world.ability('stream');
    const channelId = await world.addStreamer(STREAMER);
    await world.addCommand(channelId, '!live', 'we are live', { onlyWhenLive: true });
    // Of equal answers that wait a chat gets one: every mark is another.
    for (let mark = 0; mark < MARKS; mark += 1) await world.addCommand(channelId, `!mark${mark}`, `marked ${mark}`);
    let marks = 0;
    await world.startWorker();
    const written = async (text: string) =>
      (await world.fates(channelId)).filter(({ message }) => message === text).length;
    /** Lines are answered in order: what was not answered before the mark is not going to be. Saying it is another matter. */
    const isLive = async () => {
      const before = await written('we are live');
      const mark = marks++;
      world.sim.say(STREAMER, 'mira_k', '!live');
      world.sim.say(STREAMER, 'mira_k', `!mark${mark}`);
      await world.until(async () => expect(await written(`marked ${mark}`)).toBe(1));
      return (await written('we are live')) > before;
    };
    const becomes = (expected: boolean) =>
      world.leapUntil(async () => {
        await world.leap(20_000);
        if (chatsOffline === 'neither') expect(world.sim.isRead(STREAMER)).toBe(expected);
        if (expected || chatsOffline !== 'neither') expect(await isLive()).toBe(expected);
      });
    if (chatsOffline === 'reads_and_speaks') {
      expect(await isLive()).toBe(false);
      stream.begin(STREAMER);
    }
    await becomes(true);
    stream.end(STREAMER);
    await becomes(false);
    stream.begin(STREAMER);
    await becomes(true);
  });

  test('a worker that is stopped finishes what it began, gives back the rest, and leaves the chat; the next one goes on', async () => {
    const world = await conformanceWorld(subject);
    const channelId = await world.addStreamer(STREAMER);
    const first = await world.startWorker();
    const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
    await world.queue(channelId, ...texts);
    await world.until(() => expect(world.said(STREAMER).length).toBeGreaterThan(0));
    await first.stop();
    // Where lines come by webhook the API goes on taking them in for whoever reads next.
    const isReadOn = subject.platform.capabilities.readsBy === 'webhook';
    await world.until(() => expect(world.sim.isRead(STREAMER)).toBe(isReadOn));
    const fates = await world.fates(channelId);
    const saidBefore = world.said(STREAMER);
    expect(fates.filter(({ status }) => status === 'sent').map(({ message }) => message)).toEqual(saidBefore);
    expect(saidBefore.length).toBeLessThan(texts.length);
    expect(fates.filter(({ status }) => status === 'pending')).toHaveLength(texts.length - saidBefore.length);

    await world.startWorker();
    await world.until(() => expect(world.said(STREAMER)).toEqual(texts));
    await world.until(async () => {
      for (const fate of await world.fates(channelId)) expect(fate).toMatchObject({ status: 'sent', attempts: 1 });
    });
  });
}
