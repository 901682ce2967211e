/** Conformance: connections that end, fall silent, or cannot be made. */
import { expect } from 'vitest';
import { testHaving } from './declared.ts';
import { conformanceWorld, room, STREAMER, type Subject } from './world.ts';

const STREAMERS = [STREAMER, 'southoak', 'eastbirch', 'westelm', 'midlarch'];
const MINUTE = 60_000;

export function connectionCases(subject: Subject): void {
  testHaving(subject, 'dropConnections', 'after every connection was cut, every chat is read again', async () => {
    const world = await conformanceWorld(subject);
    const ids: string[] = [];
    for (const name of STREAMERS) {
      const channelId = await world.addStreamer(name);
      await world.addCommand(channelId, '!hi', `hello from ${name}`);
      ids.push(channelId);
    }
    await world.startWorker();
    world.ability('dropConnections')();
    for (const name of STREAMERS) {
      await world.leapUntil(() => {
        world.sim.say(name, 'mira_k', '!hi');
        expect(world.said(name)).toContain(`hello from ${name}`);
      });
    }
    for (const channelId of ids) {
      await world.leapUntil(async () => expect(await world.health(channelId)).toEqual({ state: 'live', reason: null }));
    }
  });

  testHaving(subject, 'mute', 'a connection that fell silent is found and replaced within a minute', async () => {
    const { say, said, clock, leapUntil, ability, health, channelId } = await room(subject);
    ability('mute')();
    const mutedAtMs = clock.monotonicMs();
    await leapUntil(() => {
      say('mira_k', '!mark');
      expect(said(STREAMER)).toContain('marked');
    });
    expect(clock.monotonicMs() - mutedAtMs).toBeLessThan(MINUTE);
    await leapUntil(async () => expect(await health(channelId)).toEqual({ state: 'live', reason: null }));
  });

  testHaving(
    subject,
    'outage',
    'what is queued while the platform is away is delivered once it is back, once each, in order, at no attempt',
    async () => {
      const { queue, channelId, fates, leap, leapUntil, said, ability, sim, health, answers, finished } =
        await room(subject);
      const outage = ability('outage');
      const texts = ['first', 'second', 'third'];
      await outage.begin();
      await queue(channelId, ...texts);
      await leapUntil(async () => expect((await fates(channelId))[0]?.lastError).toEqual(expect.any(String)));
      await leap(MINUTE / 2);
      for (const fate of await fates(channelId)) expect(fate).toMatchObject({ status: 'pending', attempts: 0 });
      expect(said(STREAMER)).toEqual([]);
      // Where lines are delivered to us there is no connection whose end could be noticed.
      if (subject.platform.capabilities.readsBy === 'connection')
        expect((await health(channelId))?.state).not.toBe('live');

      await outage.end();
      await leapUntil(() => expect(said(STREAMER)).toEqual(texts));
      await leapUntil(async () => {
        for (const fate of await fates(channelId)) expect(fate).toMatchObject({ status: 'sent', attempts: 1 });
      });
      await leapUntil(() => expect(sim.isRead(STREAMER)).toBe(true));
      expect(await answers()).toEqual(texts);
      await leap(MINUTE);
      expect(await finished()).toEqual([...texts, 'marked']);
    },
  );
}
