/** Conformance: what the platform's refusals make of a message. */
import { expect } from 'vitest';
import { testHaving } from './declared.ts';
import { conformanceWorld, room, STREAMER, type Subject } from './world.ts';

const OTHER = 'southoak';

export function refusalCases(subject: Subject): void {
  testHaving(
    subject,
    'refuseAsTooMany',
    'a message refused as one too many costs no attempt, waits, holds up nobody else, and is delivered',
    async () => {
      const world = await conformanceWorld(subject);
      const patient = await world.addStreamer(STREAMER);
      const other = await world.addStreamer(OTHER);
      await world.startWorker();
      world.ability('refuseAsTooMany')();
      await world.queue(patient, 'patient');
      const refused = { status: 'pending', attempts: 0, lastError: expect.any(String) };
      await world.until(async () => expect(await world.fates(patient)).toMatchObject([refused]));
      await world.queue(patient, 'behind it');
      await world.queue(other, 'elsewhere');
      await world.until(() => expect(world.said(OTHER)).toEqual(['elsewhere']));
      expect(world.said(STREAMER)).toEqual([]);

      await world.leapUntil(() => expect(world.said(STREAMER)).toEqual(['patient', 'behind it']));
      await world.until(async () => {
        for (const fate of await world.fates(patient)) expect(fate).toMatchObject({ status: 'sent', attempts: 1 });
      });
    },
  );

  testHaving(
    subject,
    'refuseForGood',
    "a message refused for good fails at once with the platform's code, and the next one goes out",
    async () => {
      const { ability, queue, channelId, fates, until, finished } = await room(subject);
      const lastError = ability('refuseForGood')();
      await queue(channelId, 'forbidden', 'allowed');
      await until(async () =>
        expect(await fates(channelId)).toMatchObject([
          { message: 'forbidden', status: 'failed', attempts: 1, lastError },
          { message: 'allowed', status: 'sent', attempts: 1, lastError: null },
        ]),
      );
      expect(await finished()).toEqual(['allowed']);
    },
  );
}
