import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { lockWaits } from '../../../../test/support/lock-waits.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { createPool } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { Positions } from './positions.ts';

const [a, b] = ['a', 'b'] as ChannelId[] as [ChannelId, ChannelId];

/** Two channels, both held by start 1. */
async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const { pg, db, end } = createPool(url, { applicationName: 'positions-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => end());
  await pg.query(`insert into "Channel" (id, slug, name) values ('a', 'a', 'A'), ('b', 'b', 'B')`);
  await pg.query(`insert into "BotChannelLease" (provider, "channelId", "startNumber")
    values ('youtube', 'a', 1), ('youtube', 'b', 1)`);
  return {
    pg,
    db,
    worker: (startNumber: number) =>
      new Positions({ db, clock: new ManualClock(), log: silentLog(), startNumber: () => startNumber }),
    give: (channelId: ChannelId, startNumber: number) =>
      pg.query(`update "BotChannelLease" set "startNumber" = $2 where "channelId" = $1`, [channelId, startNumber]),
    stored: async () => (await pg.query(`select chat, position from "ChatPosition" order by 1`)).rows,
  };
}

test('a copy without the lease of a channel does not set back who reads it', async () => {
  const { worker, give, stored } = await world();
  const [first, second] = [worker(1), worker(2)];
  await give(b, 2);
  second.keep(b, 'chat b', 'page 9');
  await second.flush();
  first.keep(a, 'chat a', 'page 1');
  first.keep(b, 'chat b', 'page 1');
  await first.flush();
  expect(await stored()).toEqual([
    { chat: 'chat a', position: 'page 1' },
    { chat: 'chat b', position: 'page 9' },
  ]);
});

test('a statement that waits while another copy takes the channel does not set that one back', async () => {
  const { pg, db, worker, give, stored } = await world();
  const [first, second] = [worker(1), worker(2)];
  first.keep(a, 'chat a', 'page 1');
  await first.flush();
  const holder = await pg.connect();
  await holder.query(`begin; select from "ChatPosition" where chat = 'chat a' for update`);
  first.keep(a, 'chat a', 'page 2');
  first.keep(b, 'chat b', 'page 1');
  const writing = first.flush();
  await lockWaits(db, 1);
  await give(b, 2);
  second.keep(b, 'chat b', 'page 9');
  await second.flush();
  await holder.query('commit');
  holder.release();
  await writing;
  expect(await stored()).toEqual([
    { chat: 'chat a', position: 'page 2' },
    { chat: 'chat b', position: 'page 9' },
  ]);
});
