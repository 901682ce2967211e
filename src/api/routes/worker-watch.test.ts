import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { WORKER_LOCK_SPACE } from '../../db/listen.ts';
import { createPool } from '../../db/pool.ts';
import { WorkerWatch } from './worker-watch.ts';

/** A worker that lives as the database sees it, and the watch after its first look. */
async function world(heartbeatSecondsAgo: number) {
  const { url } = await createTestDatabase({ forTest: true });
  const { db, pg: pool, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const { rows } = await pool.query(
    `insert into "BotWorker" (provider, host, pid, "heartbeatAt")
     values ('twitch', 'host-a', 1, timezone('utc', now()) - make_interval(secs => $1)) returning "startNumber"`,
    [heartbeatSecondsAgo],
  );
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  let isGone = false;
  const letGo = async () => {
    if (!isGone) await holder.end();
    isGone = true;
  };
  onTestFinished(letGo);
  await holder.query('select pg_advisory_lock($1, $2)', [WORKER_LOCK_SPACE, rows[0].startNumber]);
  const clock = new ManualClock();
  let changes = 0;
  const changed = () => {
    changes += 1;
  };
  const watch = new WorkerWatch({ db, clock, changed });
  onTestFinished(() => watch.stop());
  watch.start();
  const looked = () => expect.poll(() => clock.pendingTimers).toBe(1);
  await looked();
  return { clock, letGo, looked, watch, changes: () => changes };
}

test('a worker whose process is gone is noticed two seconds later, and told once', async () => {
  const { clock, letGo, looked, changes } = await world(0);
  await clock.advance(2_000);
  await looked();
  expect(changes()).toBe(0);
  await letGo();
  for (let look = 0; look < 3; look += 1) {
    await clock.advance(2_000);
    await looked();
  }
  expect(changes()).toBe(1);
});

test('a worker that is cut off is noticed when its heartbeat is overdue, and not at the look after that', async () => {
  const { clock, looked, changes } = await world(14.5);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await clock.advance(600);
  await looked();
  expect(changes()).toBe(1);
});

test('a watch that was stopped looks no more, however often it was started', async () => {
  const { clock, watch } = await world(0);
  watch.stop();
  watch.start();
  watch.stop();
  await clock.advance(10_000);
  expect(clock.pendingTimers).toBe(0);
});
