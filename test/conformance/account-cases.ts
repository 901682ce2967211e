/** Conformance: tokens that run out, and grants that are withdrawn, while the bot is at work. */
import { expect } from 'vitest';
import { testHaving } from './declared.ts';
import { BOT, conformanceWorld, room, STREAMER, type Subject } from './world.ts';

const OTHER = 'southoak';
const RENAMED = 'helper_two';

export function accountCases(subject: Subject): void {
  testHaving(
    subject,
    'expireTokens',
    'a token that runs out at work is renewed once, and no message is lost',
    async () => {
      const world = await conformanceWorld(subject);
      const ids = [await world.addStreamer(STREAMER), await world.addStreamer(OTHER)];
      for (const channelId of ids) await world.addCommand(channelId, '!hi', 'hello');
      await world.startWorker();
      for (const channelId of ids) await world.queue(channelId, 'before');
      for (const name of [STREAMER, OTHER]) await world.until(() => expect(world.said(name)).toEqual(['before']));

      const renewalsBefore = world.sim.renewals();
      world.ability('expireTokens')(BOT);
      world.sim.abilities.dropConnections?.();
      for (const channelId of ids) await world.queue(channelId, 'after');
      for (const name of [STREAMER, OTHER]) {
        await world.leapUntil(() => expect(world.said(name)).toEqual(['before', 'after']));
      }
      for (const name of [STREAMER, OTHER]) {
        await world.leapUntil(() => {
          world.sim.say(name, 'mira_k', '!hi');
          expect(world.said(name)).toContain('hello');
        });
      }
      for (const channelId of ids) {
        const says = (await world.fates(channelId)).filter(({ source }) => source === 'say');
        expect(says.map(({ status, attempts }) => [status, attempts])).toEqual([
          ['sent', 1],
          ['sent', 1],
        ]);
      }
      expect(world.sim.renewals() - renewalsBefore).toBe(1);
    },
  );

  testHaving(subject, 'rename', 'a default bot that was renamed is stored under its new name', async () => {
    const world = await conformanceWorld(subject);
    const channelId = await world.addStreamer(STREAMER);
    const before = await world.botNames();
    world.ability('rename')(BOT, RENAMED);
    const { log } = await world.startWorker();
    await world.leapUntil(async () => expect((await world.botNames())?.displayName).toBe(RENAMED));
    const login = subject.platform.authorAccountColumn === 'login' ? before?.login : RENAMED;
    expect((await world.botNames())?.login).toBe(login);
    await world.until(() => {
      const told = log.filter(({ event }) => event === `${subject.platform.logPrefix}bot_renamed`);
      expect(told).toMatchObject([{ from: before?.login, to: login, toDisplayName: RENAMED }]);
    });
    await world.queue(channelId, 'as ever');
    await world.leapUntil(() => expect(world.said(STREAMER)).toEqual(['as ever']));
  });

  testHaving(
    subject,
    'tokenOutage',
    'a token endpoint that is away asks nobody to link again, and within 5 s of its return the bot is at work',
    async () => {
      const world = await room(subject);
      const { ability, queue, channelId, health, leapUntil, leap, said, sim, clock } = world;
      await leapUntil(async () => expect(await health(channelId)).toMatchObject({ state: 'live' }));
      ability('tokenOutage').begin();
      const accounts = subject.platform.tables.needsOwner ? [BOT, STREAMER] : [BOT];
      for (const account of accounts) ability('expireTokens')(account);
      sim.abilities.dropConnections?.();
      await queue(channelId, 'held up');
      await leapUntil(async () => {
        expect(await health(channelId)).toEqual({ state: 'degraded', reason: 'credentials_unavailable' });
      });
      for (let seconds = 0; seconds < 60; seconds += 1) {
        await leap(1000);
        expect((await health(channelId))?.state).not.toBe('needs_user_action');
      }
      expect(said(STREAMER)).toEqual([]);

      const renewalsBefore = sim.renewals();
      await ability('tokenOutage').end();
      const backAtMs = clock.monotonicMs();
      await leapUntil(() => expect(sim.renewals()).toBeGreaterThan(renewalsBefore));
      // The clock leaps a second at a time.
      expect(clock.monotonicMs() - backAtMs).toBeLessThan(6000);
      await leapUntil(() => expect(said(STREAMER)).toEqual(['held up']));
      await leapUntil(async () => expect(await health(channelId)).toEqual({ state: 'live', reason: null }));
    },
  );

  testHaving(
    subject,
    'revokeGrant',
    'a withdrawn grant asks for a new link, and heals on it without a restart',
    async () => {
      const { ability, queue, channelId, health, leapUntil, said, linkBotAgain, fates, answers } = await room(subject);
      ability('revokeGrant')(BOT);
      await queue(channelId, 'unheard');
      await leapUntil(async () => expect(await health(channelId)).toMatchObject({ state: 'needs_user_action' }));
      expect((await health(channelId))?.reason).toEqual(expect.any(String));
      expect(said(STREAMER)).toEqual([]);

      await linkBotAgain();
      await leapUntil(() => expect(said(STREAMER)).toEqual(['unheard']));
      await leapUntil(async () => expect(await health(channelId)).toEqual({ state: 'live', reason: null }));
      await leapUntil(async () => expect(await fates(channelId)).toMatchObject([{ status: 'sent', attempts: 1 }]));
      expect(await answers()).toEqual(['unheard']);
    },
  );
}
