import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { WORKER_LOCK_SPACE } from '../../db/listen.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { twitch } from '../../platforms/twitch/index.ts';
import { ChannelSet } from './channel-set.ts';

async function world(prepare: () => Promise<void> = async () => {}) {
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'channel-set-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const register = async () => {
    const { rows } = await pool.pg.query<{ startNumber: number }>(
      `insert into "BotWorker" (provider, host, pid) values ('twitch', 'test', 1) returning "startNumber"`,
    );
    return rows[0]?.startNumber ?? 0;
  };
  const ours = await register();
  const clock = new ManualClock();
  const set = new ChannelSet({
    pool,
    platform: twitch,
    clock,
    random: () => 0,
    log: silentLog(),
    startNumber: () => ours,
    movesPer10s: 0,
    prepare,
    forgotten: () => {},
    failed: (error) => {
      throw error;
    },
  });
  onTestFinished(() => set.stop());
  return {
    clock,
    set,
    ours,
    register,
    /** @returns how to let it die */
    async alive(startNumber: number): Promise<() => Promise<void>> {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('select pg_advisory_lock($1, $2)', [WORKER_LOCK_SPACE, startNumber]);
      return () => client.end();
    },
    leases: async () => {
      const { rows } = await pool.pg.query<{ channelId: string }>('select "channelId" from "BotChannelLease"');
      return rows.map(({ channelId }) => channelId);
    },
    async channel(slug: string): Promise<ChannelId> {
      const { id } = await pool.db
        .insertInto('Channel')
        .values({ slug, name: slug })
        .returning('id')
        .executeTakeFirstOrThrow();
      await pool.db
        .insertInto('ChatBotSubscription')
        .values({ channelId: id, twitchLogin: slug, enabled: true })
        .execute();
      return id as ChannelId;
    },
    lease: (channelId: ChannelId, startNumber: number) =>
      pool.pg.query(`insert into "BotChannelLease" (provider, "channelId", "startNumber") values ('twitch', $1, $2)`, [
        channelId,
        startNumber,
      ]),
  };
}

test('after an outage nothing is taken from a copy that is not back yet, whatever else changes meanwhile', async () => {
  const { clock, set, register, channel, lease } = await world();
  await lease(await channel('northpine'), await register());
  set.awaitOthers();
  set.changed(null);
  await set.settled();
  await channel('southoak');
  set.changed(null);
  await set.settled();
  expect(set.desiredCount).toBe(2);
  expect(set.held().size).toBe(0);

  await clock.advance(3000);
  await set.settled();
  expect(set.held().size).toBe(2);
});

test('a set that is stopped while it takes channels serves none of them, and says when it is done', async () => {
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const { set, channel, leases } = await world(() => {
    entered.resolve();
    return left.promise;
  });
  let changes = 0;
  set.onChange(() => {
    changes += 1;
  });
  const channelId = await channel('northpine');
  set.changed(null);
  await entered.promise;
  set.stop();
  left.resolve();
  await set.settled();
  expect(await leases()).toEqual([channelId]);
  expect([set.held().size, changes]).toEqual([0, 0]);
  set.changed(null);
  set.balance();
  await set.settled();
  expect(changes).toBe(0);
});

test('the former set is served until all is known about the next, which then takes its place in one step', async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const { set, channel } = await world(() => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  });
  const first = await channel('northpine');
  set.changed(null);
  await vi.waitFor(() => expect(gates).toHaveLength(1));
  gates[0]?.resolve();
  await set.settled();
  const former = set.held();
  await channel('southoak');
  set.changed(null);
  await vi.waitFor(() => expect(gates).toHaveLength(2));
  expect(set.held()).toBe(former);
  gates[1]?.resolve();
  await set.settled();
  expect([former.size, set.held().size]).toEqual([1, 2]);
  expect(set.held().get(first)).toBe(former.get(first));
});

test('what a copy took and left behind between two looks is found, though the copies seen are the same as before', async () => {
  const { set, channel, lease, register, ours, alive } = await world();
  const other = await register();
  const end = await alive(other);
  await lease(await channel('northpine'), other);
  set.changed(null);
  await set.settled();
  set.among([ours]);
  await set.settled();
  expect(set.held().size).toBe(0);
  await end();
  set.among([ours]);
  await set.settled();
  expect(set.held().size).toBe(1);
});
