import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { ReadChannel } from '../../platforms/worker-side.ts';
import { Looks } from './looks.ts';

const MINUTE_MS = 60_000;

/** Two channels that are read, live for an hour; the second one has just been heard. */
async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { pg } = pool;
  const ids: ChannelId[] = [];
  for (const slug of ['silent', 'heard']) {
    const { rows } = await pg.query(`insert into "Channel" (slug, name) values ($1, $1) returning id`, [slug]);
    ids.push(rows[0].id);
  }
  await pg.query(
    `insert into "BotChannelHealth" (provider, "channelId", state, since, "startNumber", "lastLineAt")
     select 'kick', id, 'live', timezone('utc', now()) - interval '1 hour', 7, timezone('utc', now()) - case slug
       when 'silent' then interval '20 minutes' else interval '1 minute' end
     from "Channel"`,
  );
  await pg.query(
    `insert into "ChannelLiveState" ("channelId", provider, "isLive", since, "seenAt")
     select id, 'kick', true, timezone('utc', now()) - interval '1 hour', timezone('utc', now()) from "Channel"`,
  );
  const clock = new ManualClock();
  const looked: string[] = [];
  const held = new Map(ids.map((channelId) => [channelId, { channelId } as ReadChannel]));
  const looks = new Looks({
    pg,
    provider: 'kick' as ProviderId,
    clock,
    reader: { setChannels: () => {}, look: ({ channelId }) => void looked.push(channelId) },
    held: () => held,
    startNumber: () => 7,
  });
  onTestFinished(() => looks.stop());
  const [silent, heard] = ids as [ChannelId, ChannelId];
  /** The next check of silence, to its end. */
  const check = async () => {
    await expect.poll(() => clock.pendingTimers).toBe(1);
    await clock.advance(MINUTE_MS);
    await expect.poll(() => clock.pendingTimers).toBe(1);
  };
  return { pg, clock, looks, looked, silent, heard, check };
}

test('a channel that is silent during its stream is looked at once for each silence', async () => {
  const { pg, looked, silent, check } = await world();
  await check();
  expect(looked).toEqual([silent]);
  await check();
  await check();
  expect(looked).toEqual([silent]);
  await pg.query(`update "BotChannelHealth" set "lastLineAt" = timezone('utc', now()) where "channelId" = $1`, [
    silent,
  ]);
  await check();
  await pg.query(
    `update "BotChannelHealth" set "lastLineAt" = timezone('utc', now()) - interval '4 minutes' where "channelId" = $1`,
    [silent],
  );
  await check();
  expect(looked).toEqual([silent, silent]);
});

test('silence without a stream, or of a reader that is not well, is no reason to look', async () => {
  const { pg, looked, silent, check } = await world();
  await pg.query(`update "ChannelLiveState" set "isLive" = false`);
  await check();
  await pg.query(`update "ChannelLiveState" set "isLive" = true`);
  await pg.query(`update "BotChannelHealth" set state = 'degraded' where "channelId" = $1`, [silent]);
  await check();
  expect(looked).toEqual([]);
});

test('one channel, or every channel that is held, is looked at for whoever asks, each wish every 30 s at most', async () => {
  const { clock, looks, looked, silent, heard } = await world();
  looks.want(silent);
  looks.want(silent);
  looks.want('elsewhere' as ChannelId);
  expect(looked).toEqual([silent]);
  looks.want(null);
  expect(looked).toEqual([silent, silent, heard]);
  await clock.advance(30_000);
  expect(looked).toEqual([silent, silent, heard, silent]);
});
