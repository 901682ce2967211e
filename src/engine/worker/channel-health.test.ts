import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { lockWaits } from '../../../test/support/lock-waits.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { releaseLeases } from '../channels/leases.ts';
import { ChannelHealth } from './channel-health.ts';

const provider = 'twitch' as ProviderId;
const [a, b] = ['a', 'b'] as ChannelId[] as [ChannelId, ChannelId];

/** Two channels, both held by start 1. */
async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const { pg, db, end } = createPool(url, { applicationName: 'health-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => end());
  await pg.query(`insert into "Channel" (id, slug, name) values ('a', 'a', 'A'), ('b', 'b', 'B')`);
  await pg.query(
    `insert into "BotChannelLease" (provider, "channelId", "startNumber") values ('twitch', 'a', 1), ('twitch', 'b', 1)`,
  );
  return {
    pg,
    db,
    worker: (startNumber: number) =>
      new ChannelHealth({ pg, provider, clock: new ManualClock(), startNumber: () => startNumber }),
    give: (channelId: ChannelId, startNumber: number) =>
      pg.query(`update "BotChannelLease" set "startNumber" = $2 where "channelId" = $1`, [channelId, startNumber]),
    async stored() {
      const { rows } = await pg.query(
        `select "channelId", state, "startNumber"::int as by from "BotChannelHealth" order by 1`,
      );
      return rows.map(({ channelId, state, by }) => [channelId, state, by]);
    },
  };
}

test('a worker without the lease of a channel writes nothing about it, neither first nor over what is there', async () => {
  const { worker, give, stored } = await world();
  await give(b, 2);
  const [first, second] = [worker(1), worker(2)];
  first.state(a, { kind: 'live', reason: null });
  first.state(b, { kind: 'degraded', reason: 'connecting' });
  await first.flush();
  expect(await stored()).toEqual([['a', 'live', 1]]);
  second.state(b, { kind: 'live', reason: null });
  await second.flush();
  first.state(b, { kind: 'idle', reason: null });
  await first.flush();
  expect(await stored()).toEqual([
    ['a', 'live', 1],
    ['b', 'live', 2],
  ]);
});

test('a worker whose only channel is not heard from the start counts for how long', async () => {
  const clock = new ManualClock();
  const { pg } = await world();
  const health = new ChannelHealth({ pg, provider, clock, startNumber: () => null });
  health.state(a, { kind: 'degraded', reason: 'connecting' });
  await clock.advance(4000);
  expect(health.deafMs).toBe(4000);
  health.state(a, { kind: 'live', reason: null });
  expect(health.deafMs).toBe(0);
  health.state(a, { kind: 'degraded', reason: 'connecting' });
  await clock.advance(1000);
  health.keep(new Map());
  expect(health.deafMs).toBe(0);
});

test('a statement that waits while another worker takes the channel does not overwrite what that one wrote', async () => {
  const { pg, db, worker, give, stored } = await world();
  const [first, second] = [worker(1), worker(2)];
  first.state(a, { kind: 'degraded', reason: 'connecting' });
  await first.flush();
  const holder = await pg.connect();
  await holder.query(`begin; select from "BotChannelHealth" where "channelId" = 'a' for update`);
  first.state(a, { kind: 'live', reason: null });
  first.state(b, { kind: 'degraded', reason: 'connecting' });
  const writing = first.flush();
  await lockWaits(db, 1);
  await give(b, 2);
  second.state(b, { kind: 'live', reason: null });
  await second.flush();
  await holder.query('commit');
  holder.release();
  await writing;
  expect(await stored()).toEqual([
    ['a', 'live', 1],
    ['b', 'live', 2],
  ]);
});

test('what is written while the channel is given back goes with it', async () => {
  const { pg, db, worker, stored } = await world();
  const first = worker(1);
  const holder = await pg.connect();
  // The statement has its leases, and waits to add its first row.
  await holder.query(
    `begin; insert into "BotChannelHealth" (provider, "channelId", state) values ('twitch', 'a', 'x')`,
  );
  first.state(a, { kind: 'live', reason: null });
  const writing = first.flush();
  await lockWaits(db, 1);
  const releasing = releaseLeases({ pg, provider, startNumber: 1 });
  await lockWaits(db, 2);
  await holder.query('rollback');
  holder.release();
  await Promise.all([writing, releasing]);
  expect(await stored()).toEqual([]);
});
