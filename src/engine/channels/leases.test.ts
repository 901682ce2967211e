import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { listen } from '../../db/listen.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { systemClock } from '../../lib/clock.ts';
import { balanceLeases, releaseLeases } from './leases.ts';

const provider = 'twitch' as ProviderId;
const ALL = Number.MAX_SAFE_INTEGER;

async function world(channelCount: number) {
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'leases-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const rows = Array.from({ length: channelCount }, (_, index) => ({ slug: `c${index}`, name: `c${index}` }));
  const made = await pool.db.insertInto('Channel').values(rows).returning('id').execute();
  const channels = made.map(({ id }) => id as ChannelId);

  return {
    pg: pool.pg,
    channels,
    /** A copy that is seen alive until it dies. */
    async copy() {
      const { rows: started } = await pool.pg.query<{ startNumber: number }>(
        `insert into "BotWorker" (provider, host, pid) values ('twitch', 'test', 1) returning "startNumber"`,
      );
      const startNumber = started[0]?.startNumber ?? 0;
      const locked = Promise.withResolvers<void>();
      const listener = listen(
        url,
        { hint() {}, listening() {}, locked: locked.resolve },
        { applicationName: 'leases-test-copy', clock: systemClock, random: Math.random, log: silentLog() },
      );
      listener.holdWorkerLock(startNumber);
      await locked.promise;
      onTestFinished(() => listener.close());
      const deps = { pg: pool.pg, provider, startNumber };
      return {
        startNumber,
        balance: (desired: readonly ChannelId[] = channels, movesMax = ALL) =>
          balanceLeases({ ...deps, movesMax }, desired),
        release: () => releaseLeases(deps),
        /** Its connection goes, as with a killed process; its row stays. */
        die: () => listener.close(),
        /** Its connection stays, its heart does not: a host that vanished. */
        fallSilent: () =>
          pool.pg.query(
            `update "BotWorker" set "heartbeatAt" = "heartbeatAt" - interval '16 s' where "startNumber" = $1`,
            [startNumber],
          ),
      };
    },
  };
}

test('one copy serves everything, two share evenly, and what one gives back the other takes', async () => {
  const { channels, copy } = await world(9);
  const first = await copy();
  expect((await first.balance()).held.size).toBe(9);
  const second = await copy();
  expect((await second.balance()).held.size).toBe(0);

  const kept = (await first.balance()).held;
  const taken = (await second.balance()).held;
  expect([kept.size, taken.size]).toEqual([5, 4]);
  expect(new Set([...kept, ...taken])).toEqual(new Set(channels));
});

test('a rebalance moves at most as many channels as the platform lets a bot join, the newest first', async () => {
  const { channels, copy } = await world(10);
  const first = await copy();
  await first.balance();
  await copy();
  const { held, moved, surplus } = await first.balance(channels, 2);
  expect({ moved, surplus, held: held.size }).toEqual({ moved: 2, surplus: 3, held: 8 });
  expect([...held]).toEqual(channels.slice(0, 8));
  expect(await first.balance(channels, 0)).toMatchObject({ moved: 0, surplus: 3 });
});

test("a killed copy's channels are free at once, a vanished host's when it has been silent for 15 s", async () => {
  const { channels, copy } = await world(6);
  const [killed, vanished] = [await copy(), await copy()];
  await killed.balance();
  await killed.balance();
  await vanished.balance();
  const heir = await copy();
  expect((await heir.balance()).held.size).toBe(0);
  await killed.die();
  await expect.poll(async () => (await heir.balance()).held.size, { timeout: 5000 }).toBe(3);
  await vanished.fallSilent();
  expect((await heir.balance()).held).toEqual(new Set(channels));
});

test('copies that balance at the same moment never hold the same channel', async () => {
  const { channels, copy } = await world(40);
  const copies = await Promise.all([copy(), copy(), copy(), copy()]);
  for (let round = 0; round < 3; round += 1) {
    const results = await Promise.all(copies.map(({ balance }) => balance()));
    const held = results.flatMap((result) => [...result.held]);
    expect(new Set(held).size).toBe(held.length);
  }
  const sizes = await Promise.all(copies.map(async ({ balance }) => (await balance()).held.size));
  expect(sizes).toEqual([10, 10, 10, 10]);
  expect(channels).toHaveLength(40);
});

test('a channel that is switched off loses its lease and its health row', async () => {
  const { pg, channels, copy } = await world(2);
  const only = await copy();
  await only.balance();
  await pg.query(
    `insert into "BotChannelHealth" (provider, "channelId", state) select 'twitch', unnest($1::text[]), 'live'`,
    [channels],
  );
  expect((await only.balance(channels.slice(0, 1))).held).toEqual(new Set(channels.slice(0, 1)));
  const { rows } = await pg.query('select "channelId" from "BotChannelHealth"');
  expect(rows).toEqual([{ channelId: channels[0] }]);
});

test('a copy that stops leaves everything to the others, and a channel deleted meanwhile is nobody’s', async () => {
  const { pg, channels, copy } = await world(4);
  const [leaving, staying] = [await copy(), await copy()];
  await leaving.balance();
  await leaving.release();
  await leaving.die();
  await pg.query('delete from "Channel" where id = $1', [channels[0]]);
  await expect.poll(async () => (await staying.balance()).held, { timeout: 5000 }).toEqual(new Set(channels.slice(1)));
});
