import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { addKickChannel, simulatedKick } from '../../../../test/support/kick-world.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { createPool } from '../../../db/pool.ts';
import { systemClock } from '../../../lib/clock.ts';
import { ChannelMap } from './channel-map.ts';

test('however fast bots are switched, a delivery waits for one reading and sees every change before it', async () => {
  const sim = await simulatedKick();
  const { url } = await createTestDatabase({ forTest: true });
  const { db, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const { channelId, broadcasterId } = await addKickChannel(db, sim, 'northpine');
  const map = new ChannelMap(db, systemClock);
  let isStorming = true;
  const storm = () => {
    map.forget();
    if (isStorming) setImmediate(storm);
  };
  storm();
  onTestFinished(() => {
    isStorming = false;
  });
  expect(await map.find(broadcasterId)).toBe(channelId);
  await db.updateTable('KickChatBotSubscription').set({ enabled: false }).execute();
  map.forget();
  expect(await map.find(broadcasterId)).toBeNull();
});
