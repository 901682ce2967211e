/** Conformance: what becomes of a line in the chat, and of our own. */
import { expect, test } from 'vitest';
import { testHaving } from './declared.ts';
import { BOT, conformanceWorld, room, STREAMER, type Subject } from './world.ts';

const OWN_VOICE = 'own_voice';

export function lineCases(subject: Subject): void {
  test('a viewer who asks is answered and credited, and the answer has a fate', async () => {
    const { say, answers, sim, fates, channelId, credited, stop } = await room(subject, (world, id) =>
      world.addCommand(id, '!hi', 'hello'),
    );
    say('mira_k', '!hi');
    expect(await answers()).toEqual(['hello']);
    await stop();
    const said = sim.said(STREAMER);
    const recorded = await fates(channelId);
    expect(recorded.map(({ message, platformMessageId }) => [message, platformMessageId])).toEqual(
      said.map(({ text, id }) => [text, id]),
    );
    for (const fate of recorded) {
      expect(fate).toMatchObject({ status: 'sent', source: 'command', attempts: 1, lastError: null });
    }
    expect(said.every(({ author }) => author === BOT)).toBe(true);
    expect(credited(STREAMER).toSorted()).toEqual(['mira_k', 'stage_hand']);
  });

  test('whoever addresses the bot first means the rest of the line; whoever addresses somebody else does not', async () => {
    const { say, answers } = await room(subject, async (world, id) => {
      await world.addCommand(id, '!hi', 'hello');
      await world.addCommand(id, '!yo', 'yes');
    });
    // Not every platform tells whoever links an account what a chat calls it: its own line does.
    expect(await answers()).toEqual([]);
    for (const text of ['@stage_hand !hi', `!hi @${BOT}`, `@${BOT}s !hi`]) say('mira_k', text);
    say('mira_k', `@${BOT} !hi`);
    say('mira_k', ` @${BOT.toUpperCase()}, !YO`);
    expect(await answers()).toEqual(['hello', 'yes']);
  });

  testHaving(subject, 'deliverTwice', 'a line that arrives twice is answered once', async () => {
    const { say, answers, finished, ability } = await room(subject, (world, id) =>
      world.addCommand(id, '!once', 'once'),
    );
    ability('deliverTwice')();
    say('mira_k', '!once');
    expect(await answers()).toEqual(['once']);
    ability('deliverTwice')();
    expect(await answers()).toEqual([]);
    expect(await finished()).toEqual(['once', 'marked', 'marked']);
  });

  test("the bot's own answer is no question, even when it is a trigger, and earns no credit", async () => {
    const { say, answers, finished, credited } = await room(subject, (world, id) =>
      world.addCommand(id, '!loop', '!mark'),
    );
    say('mira_k', '!loop');
    expect(await answers()).toEqual(['!mark']);
    expect(await answers()).toEqual([]);
    expect(await finished()).toEqual(['!mark', 'marked', 'marked']);
    expect(credited(STREAMER).toSorted()).toEqual(['mira_k', 'stage_hand']);
  });

  test("neither is the answer of a channel's own bot, which speaks in the place of the shared one", async () => {
    const { say, answers, finished, credited, sim } = await room(subject, async (world, id) => {
      await world.linkOverride(id, OWN_VOICE);
      await world.addCommand(id, '!loop', '!mark');
    });
    say('mira_k', '!loop');
    expect(await answers()).toEqual(['!mark']);
    expect(await answers()).toEqual([]);
    expect(await finished()).toEqual(['!mark', 'marked', 'marked']);
    expect(new Set(sim.said(STREAMER).map(({ author }) => author))).toEqual(new Set([OWN_VOICE]));
    expect(credited(STREAMER).toSorted()).toEqual(['mira_k', 'stage_hand']);
  });

  testHaving(subject, 'sayAsBot', 'what our accounts write without us is not answered and not credited', async () => {
    const { answers, finished, credited, ability } = await room(subject, (world, id) =>
      world.linkOverride(id, OWN_VOICE),
    );
    ability('sayAsBot')(STREAMER, BOT, '!mark');
    ability('sayAsBot')(STREAMER, OWN_VOICE, '!mark');
    await answers();
    await answers();
    expect(await finished()).toEqual(['marked', 'marked']);
    expect(credited(STREAMER)).toEqual(['stage_hand']);
  });

  testHaving(subject, 'sayInThePast', 'history is credited and never answered', async () => {
    const world = await conformanceWorld(subject);
    const channelId = await world.addStreamer(STREAMER);
    await world.addCommand(channelId, '!mark', 'marked');
    world.ability('sayInThePast')(STREAMER, 'early_bird', '!mark');
    const { stop } = await world.startWorker();
    await world.leapUntil(() => expect(world.credited(STREAMER)).toContain('early_bird'));
    world.sim.say(STREAMER, 'mira_k', '!mark');
    await world.until(() => expect(world.said(STREAMER)).toContain('marked'));
    await stop();
    expect(world.said(STREAMER)).toEqual(['marked']);
    expect(world.credited(STREAMER).toSorted()).toEqual(['early_bird', 'mira_k']);
  });
}
